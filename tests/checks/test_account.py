"""No user and no access key takes part."""

from __future__ import annotations

from typing import Any

import pytest

from labproof.inventory import InventoryLab
from labproof.readers import SECRET_VALUES, read_users


@pytest.mark.requirement("account.no-keys")
def test_no_access_key_is_in_the_function(evidence: dict[str, Any]) -> None:
    """Neither the code nor the variables hold an access key."""
    function = evidence["function"]
    assert [name for name, text in function["files"].items() if SECRET_VALUES.search(text)] == []
    assert [name for name, v in function["environment"].items() if v["secret"]] == []


@pytest.mark.requirement("account.no-keys")
def test_no_user_but_administrators_has_rights_on_the_lab(
    inventory_lab: InventoryLab, evidence: dict[str, Any]
) -> None:
    """No IAM user may read the bucket, write the table or use the key, administrators aside."""
    arns = evidence["arns"]
    wanted = {
        "read": ("s3:GetObject", arns["source"] + "/any"),
        "write": ("dynamodb:PutItem", arns["table"]),
        "decrypt": ("kms:Decrypt", arns["key"]),
    }
    users = read_users(inventory_lab.connection, wanted)
    assert {name: rights for name, rights in users.items() if rights} == {}
