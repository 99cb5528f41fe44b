"""Filters of the playbooks: policy documents, an audit item judged, a transfer as a time line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labproof.audit import item_problems, timeline
from labproof.grader_policy import grader_policy
from labproof.labs import function_environment, policy_documents
from labproof.prove import metadata
from labproof.trigger import trigger_suffix


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "audit_item_problems": item_problems,
            "function_environment": function_environment,
            "grader_policy": grader_policy,
            "metadata_item_problems": metadata.item_problems,
            "policy_documents": policy_documents,
            "timeline": timeline,
            "trigger_suffix": trigger_suffix,
        }
