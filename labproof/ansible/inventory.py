"""Read an Ansible inventory outside a playbook: which labs there are, and how to reach them."""

from __future__ import annotations

from functools import cache
from typing import Any

from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from labproof.aws.connection import Connection
from labproof.evidence.taking import InventoryLab
from labproof.labs.resolving import resolve

PREFIXES = ("lab_", "aws_")


@cache
def _managers(source: str) -> tuple[DataLoader, InventoryManager, VariableManager]:
    init_plugin_loader()
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=[source])
    return loader, inventory, VariableManager(loader=loader, inventory=inventory)


def read_host(source: str, host: str) -> InventoryLab:
    """Return the lab of a host, templates filled in. Raises LabError."""
    loader, inventory, manager = _managers(source)
    variables: dict[str, Any] = manager.get_vars(host=inventory.get_host(host))
    templar = Templar(loader=loader, variables=variables)
    given = {k: templar.template(v) for k, v in variables.items() if k.startswith(PREFIXES)}
    lab = resolve(host, variables["group_names"], given)
    return InventoryLab(lab, Connection.from_variables(given))
