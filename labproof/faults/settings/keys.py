"""Settings of a key, by its ARN; aliases; and spare keys, by the alias made for them."""

from __future__ import annotations

import json
from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import found, removed

SHORTEST_WAIT_DAYS = 7


def read_policy(place: Place, key: str) -> Any:
    answer = place.aws("kms").get_key_policy(KeyId=key, PolicyName="default")
    return json.loads(answer["Policy"])


def write_policy(place: Place, key: str, policy: Any) -> None:
    # A learner's policy may leave out the very right to change it again, as ours does not.
    place.aws("kms").put_key_policy(
        KeyId=key,
        PolicyName="default",
        Policy=json.dumps(policy),
        BypassPolicyLockoutSafetyCheck=True,
    )


def read_rotation(place: Place, key: str) -> Any:
    return place.aws("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def write_rotation(place: Place, key: str, on: Any) -> None:
    kms = place.aws("kms")
    (kms.enable_key_rotation if on else kms.disable_key_rotation)(KeyId=key)


def read_enabled(place: Place, key: str) -> Any:
    return place.aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def write_enabled(place: Place, key: str, on: Any) -> None:
    kms = place.aws("kms")
    (kms.enable_key if on else kms.disable_key)(KeyId=key)


def read_alias(place: Place, alias: str) -> Any:
    """Return the ARN of the key that an alias stands for, None where there is no such alias."""
    answer = found(lambda: place.aws("kms").describe_key(KeyId=alias))
    return answer and answer["KeyMetadata"]["Arn"]


def write_alias(place: Place, alias: str, key: Any) -> None:
    kms = place.aws("kms")
    removed(lambda: kms.delete_alias(AliasName=alias))
    if key is not None:
        kms.create_alias(AliasName=alias, TargetKeyId=key)


def read_spare(place: Place, alias: str) -> Any:
    """Return the arguments of a spare key as far as they matter: there, or not."""
    return {} if read_alias(place, alias) else None


def write_spare(place: Place, alias: str, arguments: Any) -> None:
    """Make a key under an alias; None removes the alias, and the key after the shortest wait."""
    kms = place.aws("kms")
    if arguments is not None:
        write_alias(place, alias, kms.create_key(**arguments)["KeyMetadata"]["Arn"])
    elif key := read_alias(place, alias):
        write_alias(place, alias, None)
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=SHORTEST_WAIT_DAYS)


SETTINGS = {
    "key_policy": (read_policy, write_policy),
    "key_rotation": (read_rotation, write_rotation),
    "key_enabled": (read_enabled, write_enabled),
    "key_alias": (read_alias, write_alias),
    "spare_key": (read_spare, write_spare),
}
