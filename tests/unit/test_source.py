"""A learner's source, read as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.analysis.code import handler_exists, live_placeholders

TABLE = "REPLACE-WITH-YOUR-DYNAMODB-TABLE"
HANDLER = "lambda_function.lambda_handler"
USES_TABLE = "\ndef lambda_handler(event, context):\n    return TABLE\n"


def exists(text: str, handler: str = HANDLER) -> bool:
    return handler_exists({"lambda_function.py": text}, handler)


@pytest.mark.parametrize(
    "text",
    [
        "def lambda_handler(event, context): ...",
        "async def lambda_handler(event, context): ...",
        "class lambda_handler: ...",
        "lambda_handler = make()",
        "lambda_handler: Handler = make()",
        "other, lambda_handler = make()",
        "a = lambda_handler = make()",
        "from app import lambda_handler",
        "from app import main as lambda_handler",
        "from app import *",
        "import lambda_handler.inner",
        "try:\n    from fast import lambda_handler\nexcept ImportError:\n    from slow import main",
        "if True:\n    def lambda_handler(event, context): ...",
    ],
)
def test_a_handler_may_come_about_in_any_way(text: str) -> None:
    assert exists(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def handler(event, context): ...",
        "def outer():\n    def lambda_handler(event, context): ...",
        "class A:\n    def lambda_handler(self, event, context): ...",
        "def outer(lambda_handler): ...",
        "lambda_handler",
        "import app.lambda_handler",
        "from app import lambda_handler as main",
        "def lambda_handler(event, context) ...",
        "# def lambda_handler(event, context): ...",
        "'def lambda_handler(event, context): ...'",
        "def lambda_handler(): ...\n\0",
    ],
)
def test_a_handler_that_the_module_does_not_have_does_not_exist(text: str) -> None:
    assert not exists(text)


@pytest.mark.parametrize(
    ("path", "handler"),
    [
        ("app.py", "app.main"),
        ("src/app.py", "src.app.main"),
        ("src/app.py", "src/app.main"),
        ("app/__init__.py", "app.main"),
    ],
)
def test_a_handlers_module_may_lie_in_a_folder(path: str, handler: str) -> None:
    assert handler_exists({path: "def main(): ..."}, handler)
    assert not handler_exists({"other.py": "def main(): ..."}, handler)


@pytest.mark.parametrize("handler", [None, "", "main", "lambda_function", "lambda_function."])
def test_a_handler_that_names_no_function_does_not_exist(handler: str | None) -> None:
    assert not handler_exists({"lambda_function.py": "def main(): ..."}, handler)


@given(st.text(), st.text())
def test_no_text_is_too_strange_to_be_read(text: str, handler: str) -> None:
    assert handler_exists({"m.py": text}, handler) in (True, False)
    assert live_placeholders({"m.py": f"x = '{TABLE}'\n{text}"}) in ([], [TABLE])


def live(text: str, *environment: str, **others: str) -> list[str]:
    files = {"lambda_function.py": text, **{f"{n}.py": t for n, t in others.items()}}
    return live_placeholders(files, HANDLER, environment)


@pytest.mark.parametrize(
    "text",
    [
        f"TABLE = '{TABLE}'" + USES_TABLE,
        f"TABLE: str = '{TABLE}'" + USES_TABLE,
        f"TABLE = dict(name='{TABLE}')" + USES_TABLE,
        f"TABLE = get()\nif not TABLE:\n    TABLE = '{TABLE}'" + USES_TABLE,
        f"TABLE = '{TABLE}'\nuse(TABLE)\nTABLE = 'logs'" + USES_TABLE,
        f"TABLE = '{TABLE}'\nif get():\n    TABLE = 'logs'" + USES_TABLE,
        f"TABLE = '{TABLE}'\nOTHER = 'logs'" + USES_TABLE,
        f"def name():\n    return '{TABLE}'\nTABLE = name()" + USES_TABLE,
        f"def lambda_handler(event, context, table='{TABLE}'): ...",
        f"def lambda_handler(event, context):\n    put('{TABLE}')",
        f"@wrap\ndef old():\n    put('{TABLE}')" + USES_TABLE,
        f"class A:\n    def __init__(self):\n        put('{TABLE}')\nTABLE = A()" + USES_TABLE,
        f"class A:\n    def name(self):\n        put('{TABLE}')\nTABLE = A().name()" + USES_TABLE,
        f"x = put('{TABLE}')",
        f"x = put('{TABLE}')\nx = 'logs'",
        f"import app\napp.table = '{TABLE}'",
        f"x = put('{TABLE}') == 'logs'",
        f"x = event.startswith(put('{TABLE}'))",
        f"put('TABLE_NAME', '{TABLE}')",
        f"if True:\n    TABLE = '{TABLE}'" + USES_TABLE,
        f"import os\nTABLE = os.environ.get('TABLE_NAME', '{TABLE}')" + USES_TABLE,
    ],
)
def test_a_placeholder_that_takes_effect_is_found(text: str) -> None:
    assert live(text, *() if "environ" in text else ["TABLE_NAME"]) == [TABLE]


def test_a_placeholder_inside_a_longer_text_is_found() -> None:
    text = "TABLE = f'arn:aws:s3:::REPLACE-WITH-YOUR-BUCKET/{x}'" + USES_TABLE
    assert live(text) == ["arn:aws:s3:::REPLACE-WITH-YOUR-BUCKET/"]


@pytest.mark.parametrize(
    "text",
    [
        f"# {TABLE}",
        f"'''Put {TABLE} here.'''",
        f"def lambda_handler(event, context):\n    '''Writes to {TABLE}.'''",
        f"TABLE = 'logs'\n'{TABLE}'" + USES_TABLE,
        f"TABLE = 'logs'  # {TABLE}" + USES_TABLE,
        f"TABLE = '{TABLE}'\nTABLE = 'logs'" + USES_TABLE,
        f"OLD = '{TABLE}'\nTABLE = 'logs'" + USES_TABLE,
        f"TABLE = 'logs'\nif TABLE == '{TABLE}':\n    raise ValueError" + USES_TABLE,
        f"TABLE = 'logs'\nassert not TABLE.startswith('{TABLE}')" + USES_TABLE,
        f"TABLE = 'logs'\nassert not TABLE.endswith('{TABLE}')" + USES_TABLE,
        f"TABLE = 'logs'\nassert '{TABLE}' not in TABLE" + USES_TABLE,
        f"TABLE = 'logs'\nif False:\n    TABLE = '{TABLE}'" + USES_TABLE,
        f"TABLE = 'logs'\nif 1:\n    pass\nelse:\n    TABLE = '{TABLE}'" + USES_TABLE,
        f"TABLE = 'logs'{USES_TABLE}\nif __name__ == '__main__':\n    put('{TABLE}')",
        f"TABLE = 'logs'{USES_TABLE}\nif TYPE_CHECKING:\n    put('{TABLE}')",
        f"TABLE = 'logs'{USES_TABLE}    put('{TABLE}')",
        f"TABLE = 'logs'{USES_TABLE}\ndef old():\n    return '{TABLE}'",
        f"TABLE = 'logs'{USES_TABLE}\ndef a():\n    b()\ndef b():\n    put('{TABLE}')",
        f"TABLE = 'logs'{USES_TABLE}\nclass Old:\n    table = '{TABLE}'",
        f"import os\nTABLE = os.environ.get('TABLE_NAME', '{TABLE}')" + USES_TABLE,
        "def lambda_handler(event, context):\n    return 'REPLACE-WITH-'",
    ],
)
def test_a_placeholder_that_takes_no_effect_is_harmless(text: str) -> None:
    assert live(text, "TABLE_NAME") == []


@pytest.mark.parametrize("call", ["os.environ.get", "environ.get", "os.getenv", "getenv"])
def test_the_default_of_a_variable_counts_only_while_it_has_no_value(call: str) -> None:
    text = f"TABLE = {call}('TABLE_NAME', '{TABLE}')" + USES_TABLE
    assert live(text) == [TABLE]
    assert live(text, "TABLE_NAME") == []


def test_files_that_the_handler_does_not_import_are_harmless() -> None:
    text, setting = "from settings import TABLE" + USES_TABLE, f"TABLE = '{TABLE}'"
    assert live(text, **{"settings": setting}) == [TABLE]
    assert live(text, **{"settings": "TABLE = 'logs'", "lambda-function": setting}) == []
    assert live(text, **{"settings": "from deep import TABLE", "deep": setting}) == [TABLE]
    assert live(text, settings=f"def ({TABLE}") == []
    renamed = "from settings import name as get\nTABLE = get()" + USES_TABLE
    assert live(renamed, settings=f"def name():\n    return '{TABLE}'") == [TABLE]
    assert live("import settings\nTABLE = settings.TABLE" + USES_TABLE, settings=setting) == [TABLE]


@pytest.mark.parametrize(
    "text",
    [
        "import own.settings",
        "from own import settings",
        "from own.settings import X",
        "from . import settings",
        "from .settings import X",
        "import own.settings.deep",
    ],
)
@pytest.mark.parametrize("path", ["own/settings", "own/settings/__init__"])
def test_a_package_is_imported_in_many_ways(text: str, path: str) -> None:
    own = {"own/__init__": "", path: f"put('{TABLE}')", "other/__init__": f"put('{TABLE}')"}
    assert live(text + USES_TABLE, **own) == [TABLE]


def test_without_a_handler_all_functions_and_files_count() -> None:
    files = {"a.py": f"def old():\n    return '{TABLE}'", "b.py": f"X = '{TABLE}'"}
    assert live_placeholders(files) == [TABLE, TABLE]
    assert live_placeholders(files, "missing.main") == [TABLE, TABLE]


def test_a_file_that_is_no_python_holds_nothing_that_runs() -> None:
    assert live_placeholders({"a.py": f"def '{TABLE}'"}) == []
