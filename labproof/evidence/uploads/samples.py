"""Files of records for secure-ingestion: good ones, bad ones, and files that are none."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

BULK, DEVICES = 10_000, 20
GOOD = 30
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
# What each bad file is; 10 MB of junk is made only when it is sent.
BAD_FILES: dict[str, Callable[[], bytes]] = {
    "not JSON": lambda: b"this is no JSON at all",
    "not an array": lambda: b'{"device_id": "alone"}',
    "junk": lambda: b"\x00\xff junk" * 1_500_000,
}


def device() -> str:
    return f"{secrets.choice(('pump', 'meter', 'valve', 'gauge', 'sensor'))}-{secrets.token_hex(8)}"


def record(name: str, number: int) -> dict[str, Any]:
    """Return a good record; whole numbers, negative and decimal ones take turns."""
    stamp = (EPOCH + timedelta(seconds=number)).isoformat()
    value = (number, -number - 0.25, number + 0.1)[number % 3]
    return {"device_id": name, "timestamp": stamp, "value": value}


def good_records() -> list[dict[str, Any]]:
    name = device()
    return [record(name, n) for n in range(GOOD)]


def bad_records() -> list[tuple[str, Any, list[str]]]:
    """Return records that break one rule each: what is wrong, the record, what tells it apart."""
    names = [device() for _ in range(3)]
    alone = record("", 700_000 + secrets.randbelow(100_000))
    del alone["device_id"]
    text = f"no record {secrets.token_hex(8)}"
    stamp = 10**9 + secrets.randbelow(10**9)
    return [
        ("no device_id", alone, [alone["timestamp"], str(alone["value"])]),
        ("value is a text", record(names[0], 800_001) | {"value": "much"}, [names[0]]),
        ("timestamp is a number", record(names[1], 800_002) | {"timestamp": stamp}, [names[1]]),
        ("no record", text, [text]),
    ]


def mixed() -> tuple[list[dict[str, Any]], list[dict[str, Any]], bytes]:
    """Return good records, the bad ones among them, and the file of both.

    A bad record is told as ``{"what", "index", "marks"}``: its place in the file, counted from 0,
    and the texts by which a log line may name it.
    """
    good, bad = good_records(), bad_records()
    rows: list[Any] = list(good)
    broken = []
    for number, (what, row, marks) in enumerate(bad):
        index = 5 + 7 * number
        rows.insert(index, row)
        broken.append({"what": what, "index": index, "marks": marks})
    return good, broken, json.dumps(rows).encode()


def bulk() -> tuple[list[dict[str, Any]], bytes]:
    """Return 10,000 records of 20 devices, so that no partition is hot, and their file."""
    names = [device() for _ in range(DEVICES)]
    rows = [record(names[n % DEVICES], n) for n in range(BULK)]
    return rows, json.dumps(rows).encode()
