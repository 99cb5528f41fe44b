"""The lab's key, by its ARN; aliases; and spare keys, by the alias made for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.evidence.uploads.clock import moments
from labproof.faults.errors import FaultError
from labproof.faults.place import FRESH_ROLE_S, Place
from labproof.faults.policies import Statement, policy
from labproof.faults.setting import Setting, Step, found, named, sets

SHORTEST_WAIT_DAYS = 7
PENDING = "PendingDeletion"


def read_policy(place: Place, key: str) -> Any:
    answer = place.aws("kms").get_key_policy(KeyId=key, PolicyName="default")
    return json.loads(answer["Policy"])


def write_policy(place: Place, key: str, wanted: Any) -> None:
    """Write the policy; a role in it that was just made may be unknown to KMS for a while."""
    for _ in moments(FRESH_ROLE_S):
        try:
            # A learner's policy may leave out the very right to change it again, as ours does not.
            place.aws("kms").put_key_policy(
                KeyId=key,
                PolicyName="default",
                Policy=json.dumps(wanted),
                BypassPolicyLockoutSafetyCheck=True,
            )
            return
        except ClientError as error:
            if error_code(error) != "MalformedPolicyDocumentException":
                raise
    raise FaultError(f"KMS refuses the policy of {key}: it may name a role that does not exist.")


def read_rotation(place: Place, key: str) -> Any:
    return place.aws("kms").get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]


def write_rotation(place: Place, key: str, on: Any) -> None:
    kms = place.aws("kms")
    (kms.enable_key_rotation if on else kms.disable_key_rotation)(KeyId=key)


def read_state(place: Place, key: str) -> Any:
    return place.aws("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def write_state(place: Place, key: str, state: Any) -> None:
    kms = place.aws("kms")
    if state == PENDING:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=SHORTEST_WAIT_DAYS)
        return
    if read_state(place, key) == PENDING:
        kms.cancel_key_deletion(KeyId=key)
    (kms.enable_key if state == "Enabled" else kms.disable_key)(KeyId=key)


def read_alias(place: Place, alias: str) -> Any:
    """Return the ARN of the key that an alias stands for, None where there is no such alias."""
    answer = found(lambda: place.aws("kms").describe_key(KeyId=alias))
    return answer and answer["KeyMetadata"]["Arn"]


def write_alias(place: Place, alias: str, key: Any) -> None:
    kms = place.aws("kms")
    found(lambda: kms.delete_alias(AliasName=alias))
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
        write_state(place, key, PENDING)


def alias_of(place: Place) -> str:
    return place.needed("key", place.lab.key.alias)


def key_of(place: Place) -> str:
    alias_of(place)
    return place.key_arn


def spare_key(_: Place, alias: str, spec: str = "") -> Iterator[Step]:
    """There is another key, under an alias."""
    yield Step("spare_key", alias, {"KeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT"} if spec else {})


def alias_moved(place: Place, to: str) -> Iterator[Step]:
    """The lab's alias stands for another key."""
    yield Step("key_alias", alias_of(place), read_alias(place, to))


def key_state(place: Place, state: str) -> Iterator[Step]:
    """The key is disabled, or about to be deleted."""
    yield Step("key_state", key_of(place), state)


def key_policy(
    place: Place, add: list[Statement] | None = None, only: list[Statement] | None = None
) -> Iterator[Step]:
    """The key's policy has these statements too, or these only."""
    before = read_policy(place, key_of(place))["Statement"]
    yield Step("key_policy", key_of(place), policy(*(only or [*before, *(add or [])])))


SETTINGS = {
    "key_policy": Setting(read_policy, write_policy),
    "key_rotation": Setting(read_rotation, write_rotation),
    "key_state": Setting(read_state, write_state),
    "key_alias": Setting(read_alias, write_alias),
    "spare_key": Setting(read_spare, write_spare),
}
CHANGES = {
    **named(spare_key, alias_moved, key_state, key_policy),
    "alias-gone": sets("key_alias", alias_of, None),
    "rotation-off": sets("key_rotation", key_of, False),
}
