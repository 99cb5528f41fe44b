"""Filters of the playbooks: policy documents, an item compared, a transfer as a time line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.analysis.items import audit_item_problems, metadata_item_problems, timeline
from labproof.building.trigger import trigger_suffix
from labproof.labs.grants import policy_documents


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "audit_item_problems": audit_item_problems,
            "metadata_item_problems": metadata_item_problems,
            "policy_documents": policy_documents,
            "timeline": timeline,
            "trigger_suffix": trigger_suffix,
        }
