"""Ask a table for the items under one partition key."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.asking import items, paged
from labproof.aws.connection import Connection
from labproof.labs.parts import Table

MAX_PAGES = 20  # a page is a megabyte


def query_key(connection: Connection, table: Table, key: str) -> Any:
    """Return the items under a partition key, in DynamoDB's JSON, or an error.

    A table that is not there, or has another type of key, holds none.
    """
    pages = paged(
        "dynamodb",
        "query",
        MAX_PAGES,
        TableName=table.name,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": str(table.partition_key)},
        ExpressionAttributeValues={":key": {"S": key}},
        ConsistentRead=True,
    ).answer(connection)
    if is_error(pages) and pages["error"]["code"] == "ValidationException":
        return []
    return items(pages, "Items")
