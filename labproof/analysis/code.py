"""Look into a function's deployed source, as text: a learner's code is never executed here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

from labproof.labs.package import PLACEHOLDER

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
DEFINITIONS = FUNCTIONS | ast.ClassDef
LEAVING = ast.Return | ast.Raise | ast.Continue | ast.Break
COMPARING = {"startswith", "endswith"}
ENVIRONMENT = {"os.environ.get", "environ.get", "os.getenv", "getenv"}
NEVER_TRUE = {"__name__ == '__main__'", "TYPE_CHECKING"}

Dead = Callable[[ast.AST], Sequence[ast.AST]]


def handler_exists(files: dict[str, str], handler: str | None) -> bool:
    """Tell whether ``module.function`` names a function (or any name) of the deployed files."""
    path, name = _entry(files, handler)
    tree = _parse(files[path]) if path else None
    return tree is not None and not {name, "*"}.isdisjoint(_defined(tree))


def live_placeholders(
    files: dict[str, str], handler: str | None = None, environment: Collection[str] = ()
) -> list[str]:
    """Return the strings with a placeholder that are in effect: no comment, docstring, comparison.

    With the handler, what it does not reach is left out, too; with the names of the function's
    environment variables, the defaults of those that are set.
    """
    if not any(PLACEHOLDER.search(text) for text in files.values()):
        return []
    path, name = _entry(files, handler)
    texts = [files[p] for p in sorted(_reached(files, path))] if path else files.values()
    trees = [tree for text in texts if (tree := _parse(text))]
    named = {name} if path else None
    while True:
        dead = partial(_dead, named=named, environment=environment)
        nodes = [node for tree in trees for node in _walk(tree, dead)]
        more = named and named | {word for node in nodes for word in _mentioned(node)}
        if more == named:
            return [text for node in nodes if PLACEHOLDER.search(text := _text(node))]
        named = more


def _entry(files: dict[str, str], handler: str | None) -> tuple[str | None, str]:
    """Return the file and the name that a handler names; no file where there is none."""
    module, _, name = (handler or "").rpartition(".")
    place = module.replace(".", "/")
    return next((p for p in (f"{place}.py", f"{place}/__init__.py") if p in files), None), name


def _reached(files: dict[str, str], entry: str) -> set[str]:
    """Return the files that an entry imports, however far away."""
    reached, before = {entry}, set[str]()
    while reached != before:
        before, trees = reached, [_parse(files[path]) for path in reached]
        nodes = [node for tree in trees if tree for node in ast.walk(tree)]
        words = {word for node in nodes for word in _imported(node)}
        reached = before | {path for path in files if _module(path) in words}
    return reached


def _parse(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _walk(tree: ast.AST, dead: Dead) -> Iterator[ast.AST]:
    """Yield a tree's nodes in the order of the source, without those that ``dead`` leaves out."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        left_out = dead(node)
        waiting += [c for c in reversed(list(ast.iter_child_nodes(node))) if c not in left_out]


def _defined(tree: ast.Module) -> Iterator[str]:
    """Yield the names that a module has when it is loaded; ``*`` may be any name."""
    for node in _walk(tree, lambda n: n.body if isinstance(n, DEFINITIONS) else []):
        if isinstance(node, DEFINITIONS):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [*(node.module or "").split("."), *(alias.name for alias in node.names)]
    if isinstance(node, ast.Import):
        return [word for alias in node.names for word in alias.name.split(".")]
    return []


def _module(path: str) -> str:
    place = PurePosixPath(path)
    return place.parent.name if place.stem == "__init__" else place.stem


def _mentioned(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom) else []


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _dead(node: ast.AST, named: set[str] | None, environment: Collection[str]) -> Sequence[ast.AST]:
    """Return the children of a node that never run or, if they are strings, have no effect."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return [node.value]
        case ast.Compare():
            return [n for n in (node.left, *node.comparators) if _text(n)]
        case ast.Call() if _ignores_text(node, environment):
            return [n for n in node.args if _text(n)]
        case ast.If(test=ast.Constant(value=truth)):
            return node.orelse if truth else node.body
        case ast.If() if ast.unparse(node.test) in NEVER_TRUE:
            return node.body
        case ast.Assign() if _is_idle(node, named):
            return [node.value]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() if _is_idle(node, named):
            return node.body
    return [after for block in _blocks(node) for after in _unreached(block)]


def _ignores_text(call: ast.Call, environment: Collection[str]) -> bool:
    """Tell whether a call only compares texts, or reads a variable that has a value."""
    function = ast.unparse(call.func)
    variable = _text(call.args[0]) if call.args else ""
    is_set = function in ENVIRONMENT and variable in environment
    return is_set or function.rpartition(".")[2] in COMPARING


def _is_idle(node: ast.Assign | DEFINITIONS, named: set[str] | None) -> bool:
    """Tell whether nothing that runs names what a statement defines."""
    if named is None:
        return False
    if isinstance(node, ast.Assign):
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        return bool(_text(node.value)) and len(names) == len(node.targets) and not names & named
    called_by_python = bool(node.decorator_list) or node.name.startswith("__")
    return not called_by_python and node.name not in named


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value


def _unreached(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements behind the end of a block, and the texts that it overwrites unread."""
    end = next((i for i, s in enumerate(block) if isinstance(s, LEAVING)), len(block))
    yield from block[end + 1 :]
    for i, statement in enumerate(block[:end]):
        if isinstance(statement, ast.Assign) and _text(statement.value):
            names = {ast.unparse(target) for target in statement.targets}
            if _is_overwritten(names, block[i + 1 : end]):
                yield statement


def _is_overwritten(names: set[str], later: list[ast.stmt]) -> bool:
    for statement in later:
        if names & {word for node in ast.walk(statement) for word in _mentioned(node)}:
            return False
        if isinstance(statement, ast.Assign) and names == {
            ast.unparse(t) for t in statement.targets
        }:
            return True
    return False
