"""The event-copy lab's Lambda function, on a real boto3 client whose requests stay inside.

What it has in common with the other functions is in ``test_function_contract.py``.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.support.function_fakes import (
    FILES,
    FakeS3,
    Uploads,
    clients_of,
    load,
    only,
)
from tests.support.function_fakes import offline as offline
from tests.support.function_fakes import printed as printed
from tests.support.function_fakes import run as run

SOURCE = FILES / "event-copy.py"
UPLOADS = Uploads("source", "data.csv")
record, event, bridged = UPLOADS.record, UPLOADS.event, UPLOADS.bridged


@pytest.fixture(scope="module")
def function(offline: None) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESTINATION_BUCKET", "destination")
        yield load(SOURCE)


@pytest.fixture
def aws(function: ModuleType) -> Iterator[FakeS3]:
    with FakeS3().listening_to(*clients_of(function)) as fake:
        yield fake


class TestCopy:
    def test_is_all_that_it_asks_of_aws(self, run: Any, aws: FakeS3) -> None:
        run(event(record("a.csv"), record("b.csv")))
        assert {name for name, _ in aws.calls} == {"HeadObject", "CopyObject"}
        assert {params["Bucket"] for params in aws.of("HeadObject")} == {"source"}


class TestLog:
    def test_names_the_upload_and_the_request(self, run: Any, printed: Any) -> None:
        run(event(record("é b.zip", versionId="v1")))
        assert only(printed()) == {
            "level": "INFO",
            "message": "copied",
            "bucket": "source",
            "key": "é b.zip",
            "version_id": "v1",
            "request_id": "request-1",
        }
