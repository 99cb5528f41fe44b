"""Ask AWS: an answer, None for what does not exist, or an error as data; never an exception.

A single call is ``call("s3", "head_bucket", Bucket=name).answer(connection)``; what takes several
or reads on in an answer goes through :func:`attempt`.

A reader is a generator. It yields the calls that it needs next, gets their answers, and returns
evidence, so all readers of a lab go ahead together, one wave of concurrent calls after another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws.answers import error_of, is_error
from labproof.aws.connection import Connection
from labproof.aws.errors import error_code, error_message, is_absent, refused_operation
from labproof.aws.operations import right_of

# No more than a client has connections; on this machine a second thread more gains nothing.
MOST_AT_ONCE, MOST_LOCALLY = 10, 4
LONGEST_DOCUMENT = 40_000  # characters; AWS takes 32,768 at most, for a key's policy
DEEPEST = 30
# How AWS says that a right is missing; an answer without a body has no code but its status.
DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}


class Question(Protocol):
    """What can be asked: a call of AWS, a download."""

    @property
    def operation(self) -> str: ...

    def answer(self, connection: Connection) -> Any: ...


Wave = Sequence[Question]
Reader = Generator[Wave, list[Any], Any]


@dataclass(frozen=True)
class Call:
    """One operation of AWS; ``pages`` above 0 asks for so many pages, and answers a list."""

    service: str
    operation: str
    request: dict[str, Any]
    field: str | None = None
    pages: int = 0

    def answer(self, connection: Connection) -> Any:
        """Return the response (or one field of it), None, or an error as data."""
        return attempt(self.operation, lambda: self._made(connection.client(self.service)))

    def _made(self, client: Any) -> Any:
        if self.pages:
            pages = client.get_paginator(self.operation).paginate(**self.request)
            return list(islice(pages, self.pages))
        response = getattr(client, self.operation)(**self.request)
        response.pop("ResponseMetadata", None)
        return response if self.field is None else response.get(self.field)


def call(service: str, operation: str, field: str | None = None, **request: Any) -> Call:
    return Call(service, operation, request, field)


def paged(service: str, operation: str, pages: int, **request: Any) -> Call:
    return Call(service, operation, request, pages=pages)


def attempt(operation: str, work: Callable[[], Any]) -> Any:
    """Return what ``work`` returns, None where AWS says that there is nothing, or an error as data.

    The error names the operation that AWS refused, be it another one than ``operation``.
    """
    try:
        return work()
    except ClientError as error:
        return None if is_absent(error) else refused(error)
    except (BotoCoreError, OSError) as error:
        return error_of(operation, type(error).__name__, str(error))


def refused(error: ClientError) -> dict[str, Any]:
    """Return AWS's refusal as data; one that does not say which right is missing is told it."""
    name, code, message = refused_operation(error), error_code(error), error_message(error)
    untold = code in DENIED and "not authorized to perform" not in message
    right = right_of(name) if untold else ""
    said = (message, f"it needs {right}" if right else "")
    return error_of(name, code, "; ".join(filter(None, said)))


def run(reading: Reader, connection: Connection) -> Any:
    """Return what a reader finds, each of its waves of calls asked concurrently."""
    at_once = MOST_LOCALLY if connection.endpoint_url else MOST_AT_ONCE
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        try:
            wave = next(reading)
            while True:
                wave = reading.send(list(pool.map(lambda q: _answer(q, connection), wave)))
        except StopIteration as end:
            return end.value


def _answer(question: Question, connection: Connection) -> Any:
    try:
        return question.answer(connection)
    except Exception as error:  # an answer that the SDK itself stumbles over
        return error_of(question.operation, type(error).__name__, str(error))


def together(readings: dict[str, Reader]) -> Reader:
    """Let several readers go ahead side by side: ``{name: evidence}``."""
    found: dict[str, Any] = {}
    waves = {name: _step(name, reading, None, found) for name, reading in readings.items()}
    while waves := {name: wave for name, wave in waves.items() if wave is not None}:
        answers = iter((yield [question for wave in waves.values() for question in wave]))
        mine = {name: list(islice(answers, len(wave))) for name, wave in waves.items()}
        waves = {name: _step(name, readings[name], got, found) for name, got in mine.items()}
    return {name: found[name] for name in readings}


def _step(
    name: str, reading: Reader, answers: list[Any] | None, found: dict[str, Any]
) -> Wave | None:
    """Return a reader's next wave, or None when it is done. What it stumbles over is an error."""
    try:
        return next(reading) if answers is None else reading.send(answers)
    except StopIteration as end:
        found[name] = end.value
    except Exception as error:  # an answer such as AWS does not give
        found[name] = error_of(name, type(error).__name__, str(error))
    return None


def nothing(answer: Any) -> bool:
    """Tell whether there is nothing more to read: absent, or an error."""
    return answer is None or is_error(answer)


def items(pages: Any, name: str) -> Any:
    """Return the entries of a listing's pages; an error stays one."""
    if nothing(pages):
        return pages or []
    return [entry for page in pages for entry in page.get(name) or []]


def document(answer: Any, operation: str) -> Any:
    """Return a policy as data, however AWS writes it; what is none is ``{"Unparsed": text}``."""
    if nothing(answer):
        return answer
    text = answer if isinstance(answer, str) else json.dumps(answer, default=str)
    if len(text) > LONGEST_DOCUMENT:
        return error_of(operation, "TooLarge", f"a document of {len(text)} characters")
    if isinstance(answer, dict):
        return answer
    found = _loaded(text) or _loaded(unquote(text))
    return found if found is not None else {"Unparsed": text[:1000]}


def _loaded(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and _depth(found) <= DEEPEST else None


def _depth(value: Any) -> int:
    """Return how deep data is nested, as far as it matters."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        depth += 1
        inner = [v.values() if isinstance(v, dict) else v for v in level]
        level = [x for values in inner for x in values if isinstance(x, (dict, list))]
    return depth


def tags(pairs: Any, name: str = "Key", value: str = "Value") -> Any:
    """Return tags as ``{name: value}``."""
    if nothing(pairs):
        return pairs or {}
    return {pair[name]: pair.get(value, "") for pair in pairs}
