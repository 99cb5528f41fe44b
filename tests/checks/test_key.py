"""The encryption key."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.labs import Lab
from labproof.policies import covers_action, principals, statements


@pytest.mark.requirement("key.exists")
def test_key_is_customer_managed_and_enabled(evidence: dict[str, Any], lab: Lab) -> None:
    """A customer-managed, symmetric, enabled key under the lab's alias."""
    key = evidence["key"]
    assert key, f"There is no key under {lab.key_alias}."
    found = (key["manager"], key["spec"], key["state"])
    assert found == ("CUSTOMER", "SYMMETRIC_DEFAULT", "Enabled")


@pytest.mark.requirement("key.rotates")
def test_key_rotates(evidence: dict[str, Any]) -> None:
    """Rotation is on."""
    assert evidence["key"]["rotates"] is True


def is_s3(statement: dict[str, Any]) -> bool:
    return principals(statement) == ["s3.amazonaws.com"]


@pytest.mark.requirement("key.policy")
def test_key_serves_s3_and_the_role_alone(evidence: dict[str, Any], lab: Lab) -> None:
    """The policy lets S3 and the role use the key, and names nobody else for decryption."""
    account = evidence["identity"]["account"]
    root, role = f"arn:aws:iam::{account}:root", f"arn:aws:iam::{account}:role/{lab.role}"
    using = [s for s in statements(evidence["key"]["policy"]) if covers_action(s, "kms:Decrypt")]
    assert any(is_s3(s) for s in using)
    assert any(role in principals(s) or role in str(s.get("Condition")) for s in using)
    assert [s for s in using if not is_s3(s) and not set(principals(s)) <= {root, role}] == []
