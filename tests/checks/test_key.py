"""The encryption key."""

from __future__ import annotations

import pytest

from labproof.analysis.policies import key_policy_problems
from labproof.evidence.snapshot import Snapshot, expect, expect_none

from .holders import role

ALL_OF_KMS = {"Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}


@pytest.mark.requirement(
    "key.exists",
    weight=3,
    hint="Create a symmetric key and give it the alias $key_alias; a disabled one must be enabled.",
    command="aws kms create-alias --alias-name $key_alias --target-key-id "
    "$$(aws kms create-key --query KeyMetadata.KeyId --output text)",
    playbook="create-key.yml",
)
def test_key_is_customer_managed_and_enabled(snapshot: Snapshot) -> None:
    """A customer-managed, symmetric, enabled key is under the lab's alias."""
    key = snapshot.part("key")
    found = (key["manager"], key["spec"], key["state"])
    wanted = ("CUSTOMER", "SYMMETRIC_DEFAULT", "Enabled")
    expect(found == wanted, ", ".join(wanted), ", ".join(map(str, found)))


@pytest.mark.requirement(
    "key.rotates",
    rests_on=["key.exists"],
    hint="Switch on the yearly rotation of $key_alias.",
    command="aws kms enable-key-rotation --key-id $key_id",
    playbook="create-key.yml",
)
def test_key_rotates(snapshot: Snapshot) -> None:
    """The key is rotated each year."""
    rotates = snapshot.part("key")["rotates"]
    expect(rotates is True, "rotation on", "on" if rotates else "off")


@pytest.mark.requirement(
    "key.policy",
    weight=3,
    rests_on=["key.exists", "role.exists"],
    hint="Let S3 and the role use the key in its policy, and name nobody else for decryption.",
    command="aws kms put-key-policy --key-id $key_id --policy-name default --policy '$key_policy'",
    playbook="create-key.yml",
)
def test_key_serves_s3_and_the_role_alone(snapshot: Snapshot) -> None:
    """The key's policy lets S3 and the role use the key, and names nobody else for decryption."""
    key, account = snapshot.part("key"), str(snapshot.target["account"])
    # Whether the role's own policies do their part is for role.can-decrypt to say.
    able = role(snapshot) | {"documents": [ALL_OF_KMS], "boundary": None}
    problems = key_policy_problems(key["policy"], key["arn"], snapshot.arn("source"), account, able)
    expect_none(problems, "a policy for S3 and the role alone")
