"""Which of the CIS Critical Security Controls v8 a requirement of the hardened pipeline serves.

https://www.cisecurity.org/controls/v8
"""

from __future__ import annotations

from fnmatch import fnmatchcase

CONTROLS = {
    3: "Data Protection",
    5: "Account Management",
    6: "Access Control Management",
    8: "Audit Log Management",
    11: "Data Recovery",
}
SERVED_BY: dict[int, tuple[str, ...]] = {
    3: (
        *("source-bucket.encrypted", "source-bucket.https-only", "source-bucket.private"),
        *("key.*", "table.encrypted", "role.can-decrypt", "function.environment"),
    ),
    5: ("account.*", "role.exists", "role.trusts-lambda"),
    6: (
        *("role.*", "trigger.permission", "function.uses-role"),
        *("source-bucket.private", "key.policy"),
    ),
    8: ("trail.*", "logs.*", "role.can-write-logs"),
    11: ("source-bucket.versioned", "table.recoverable"),
}


def controls(name: str) -> list[str]:
    """Return the controls that a requirement serves, such as ``CIS 3 Data Protection``."""
    return [
        f"CIS {number} {CONTROLS[number]}"
        for number, patterns in SERVED_BY.items()
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
