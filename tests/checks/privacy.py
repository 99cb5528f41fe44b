"""What opens a bucket to others than its account."""

from __future__ import annotations

from typing import Any

from labproof.policies import principals, statements

SETTINGS = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)
OPEN_GROUPS = ("/AllUsers", "/AuthenticatedUsers")


def ways_in(bucket: dict[str, Any], account: str) -> list[str]:
    """Return the Block Public Access settings that are off, and who is let in."""
    settings = bucket["public_access_block"] or {}
    found = [f"{name} is off" for name in SETTINGS if not settings.get(name)]
    allowed = [p for s in statements(bucket["policy"]) for p in principals(s)]
    found += [p for p in allowed if account not in p and not p.endswith(".amazonaws.com")]
    grantees = [grant["Grantee"].get("URI", "") for grant in bucket["acl"]["Grants"]]
    return found + [uri for uri in grantees if uri.endswith(OPEN_GROUPS)]
