"""Faults: a catalogue of what can be wrong with a lab, planted into a working one and mended."""

from labproof.faults.catalogue import UNPLANTABLE, Fault, catalogue, fault, for_lab
from labproof.faults.errors import FaultError
from labproof.faults.place import Client, Place
from labproof.faults.planting import Before, mend, plant

__all__ = [
    "UNPLANTABLE",
    "Before",
    "Client",
    "Fault",
    "FaultError",
    "Place",
    "catalogue",
    "fault",
    "for_lab",
    "mend",
    "plant",
]
