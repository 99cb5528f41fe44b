"""The terms of a class: what each requirement is worth, which are left out, which are waived."""

from __future__ import annotations

from typing import Any

from labproof.labs import Lab


def read_terms(host: str, lab: Lab, variables: dict[str, Any]) -> dict[str, Any]:
    """Return ``{"points": {id: int}, "left_out": [id], "waived": {id: {"reason", "until"}}}``."""
    return {
        "points": variables.get("lab_points") or {},
        "left_out": variables.get("lab_left_out") or [],
        "waived": variables.get("lab_waived") or {},
    }
