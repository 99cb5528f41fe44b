"""Policies that faults write."""

from __future__ import annotations

from typing import Any

Statement = dict[str, Any]


def policy(*statements: Statement) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: list[str] | str, resource: Any = "*") -> Statement:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}
