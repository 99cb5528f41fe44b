"""Filters of verify.yml: judge an audit item, tell a transfer as a line of time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.audit import item_problems, timeline


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"audit_item_problems": item_problems, "timeline": timeline}
