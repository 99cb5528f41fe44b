"""How each flow is probed: what it uploads, what it looks for, what that shows, what is removed.

FLOWS is the one place that tells flows apart by their names; what can be told of a flow without
asking AWS stands in labproof/labs/flows.py.
"""

from __future__ import annotations

from labproof.evidence.uploads.flows.base import FlowProbe
from labproof.evidence.uploads.flows.copy import CopyProbe
from labproof.evidence.uploads.flows.ingest import IngestProbe
from labproof.evidence.uploads.flows.metadata import MetadataProbe
from labproof.evidence.uploads.flows.transfer import TransferProbe

FLOWS: dict[str, type[FlowProbe]] = {
    probe.name: probe for probe in (TransferProbe, CopyProbe, MetadataProbe, IngestProbe)
}
