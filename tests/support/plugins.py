"""An action plugin's file as a module, for tests of what it reasons."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ACTIONS = Path(__file__).parents[2] / "plugins" / "action"


def action_plugin(name: str) -> ModuleType:
    """Return an action plugin's module."""
    spec = importlib.util.spec_from_file_location(name, ACTIONS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
