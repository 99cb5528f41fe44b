"""Look into a function's deployed source, as text: a learner's code is never executed here."""

from __future__ import annotations

import ast

PLACEHOLDER = "REPLACE-WITH-YOUR"


def handler_exists(files: dict[str, str], handler: str) -> bool:
    """Tell whether ``module.function`` names a function (or any name) of the deployed files."""
    module, _, name = handler.rpartition(".")
    text = files.get(module.replace(".", "/") + ".py")
    tree = _parse(text) if text is not None else None
    if tree is None:
        return False
    return name in {n for node in tree.body for n in _defined(node)}


def live_placeholders(files: dict[str, str]) -> list[str]:
    """Return the placeholders that are in effect: string values, docstrings and comments aside."""
    found = []
    for text in files.values():
        tree = _parse(text)
        if tree is None:
            continue
        harmless = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        found += [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node.value.startswith(PLACEHOLDER)
            and id(node) not in harmless
        ]
    return found


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    return []
