"""A function's deployment package: filled in, and the same bytes every time."""

import hashlib
import io
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labproof.labs.package import PackageError, fill, zip_bytes

NAMES = st.text("abcXYZ019_-é/", min_size=1, max_size=20)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FILES = st.dictionaries(NAMES, TEXTS, max_size=5)


def test_every_occurrence_of_a_placeholder_is_filled_in() -> None:
    source = 'A = "REPLACE-WITH-YOUR-TABLE"\nB = "REPLACE-WITH-YOUR-TABLE"\n'
    assert fill(source, {"REPLACE-WITH-YOUR-TABLE": "logs"}) == 'A = "logs"\nB = "logs"\n'


@pytest.mark.parametrize("turn", [1, -1])
def test_a_placeholder_that_begins_like_another_is_filled_in_whole(turn: int) -> None:
    values = [("REPLACE-WITH-YOUR-TABLE", "logs"), ("REPLACE-WITH-YOUR-TABLE-ARN", "arn:logs")]
    source = "REPLACE-WITH-YOUR-TABLE-ARN REPLACE-WITH-YOUR-TABLE"
    assert fill(source, dict(values[::turn])) == "arn:logs logs"


def test_a_placeholder_without_a_value_is_named() -> None:
    with pytest.raises(PackageError, match="No value is known for REPLACE-WITH-YOUR-BUCKET:"):
        fill('"REPLACE-WITH-YOUR-BUCKET/x"', {"REPLACE-WITH-YOUR-TABLE": "logs"})


def test_code_that_looks_for_a_placeholder_is_none() -> None:
    source = 'if name.startswith("REPLACE-WITH-"): ...'
    assert fill(source, {}) == source


@given(FILES)
def test_a_package_holds_the_files_as_utf_8(files: dict[str, str]) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes(files))) as archive:
        assert {n: archive.read(n).decode() for n in archive.namelist()} == files


@given(FILES)
def test_the_order_of_the_files_does_not_matter(files: dict[str, str]) -> None:
    assert zip_bytes(dict(reversed(files.items()))) == zip_bytes(files)


def test_a_package_is_the_same_at_any_time_on_any_platform_and_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("sys.platform", "win32")
    digest = hashlib.sha256(zip_bytes({"lambda_function.py": "x = 'é'\n", "a.py": ""})).hexdigest()
    assert digest == "72a2e58bc343226d0158de1dbdf9abed48722449b849efb56c328aa58a4f93ae"


def test_lambda_may_read_the_files_of_a_package() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes({"a.py": ""}))) as archive:
        assert archive.infolist()[0].external_attr >> 16 & 0o777 == 0o644
        assert archive.infolist()[0].create_system == 3
