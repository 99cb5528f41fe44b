"""Settings of a key, by its ARN; aliases; and spare keys, by the alias made for them."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from labproof.aws.errors import error_code
from labproof.evidence.uploads.reading import moments
from labproof.faults.errors import FaultError
from labproof.faults.place import Place
from labproof.faults.settings.reading import ROLE_S, found, removed

SHORTEST_WAIT_DAYS = 7
PENDING = "PendingDeletion"


def read_policy(place: Place, key: str) -> Any:
    answer = place.aws("kms").get_key_policy(KeyId=key, PolicyName="default")
    return json.loads(answer["Policy"])


def write_policy(place: Place, key: str, policy: Any) -> None:
    """Write the policy; a role in it that was just made may be unknown to KMS for a while."""
    for _ in moments(ROLE_S):
        try:
            # A learner's policy may leave out the very right to change it again, as ours does not.
            place.aws("kms").put_key_policy(
                KeyId=key,
                PolicyName="default",
                Policy=json.dumps(policy),
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
    "key_state": (read_state, write_state),
    "key_alias": (read_alias, write_alias),
    "spare_key": (read_spare, write_spare),
}
