"""Prove the extensions of file-metadata: index, messages, several buckets, stack."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from labproof.analysis.items import moment
from labproof.aws.answers import is_error
from labproof.aws.asking import call, run
from labproof.aws.connection import Connection
from labproof.aws.errors import is_absent
from labproof.evidence.collect import stacks
from labproof.evidence.collect.stacks import READY
from labproof.labs.arns import arn
from labproof.labs.lab import Lab
from labproof.labs.switches import INDEX_KEY, SORT_KEY

NEWEST = 1000
QUEUE_LIFETIME_S = "600"
TOKEN = re.compile(r"[0-9a-f]{16}")  # what nobody can guess of a key, whatever becomes of the rest


@dataclass
class Listener:
    """A queue of our own that a topic's messages go to; ``messages`` are those heard so far."""

    connection: Connection
    queue: str
    messages: list[str] = field(default_factory=list)

    def about(self, key: str) -> int:
        """Count the messages about an upload, by the unguessable part of its key."""
        tokens = TOKEN.findall(key)
        return sum(any(token in message for token in tokens) for message in self.messages)

    def hear(self) -> None:
        """Take what has arrived; waits a second at most."""
        sqs, request = self.connection.client("sqs"), {"QueueUrl": self.queue}
        while True:
            found = sqs.receive_message(MaxNumberOfMessages=10, WaitTimeSeconds=1, **request)
            for message in (arrived := found.get("Messages", [])):
                self.messages.append(message["Body"])
                sqs.delete_message(ReceiptHandle=message["ReceiptHandle"], **request)
            if len(arrived) < 10:
                return


@contextmanager
def listening(lab: Lab, connection: Connection) -> Iterator[Listener | None]:
    """Subscribe a fresh queue to the lab's topic, and remove both afterwards; None without topic.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    if not lab.topic:
        yield None
        return
    topic, sqs = arn("topic", lab.topic.name, connection.identity()), connection.client("sqs")
    queue = sqs.create_queue(
        QueueName=f"labproof-{secrets.token_hex(8)}",
        Attributes={"MessageRetentionPeriod": QUEUE_LIFETIME_S},
    )["QueueUrl"]
    subscription = None
    try:
        subscription = _subscribe(connection, topic, queue)
        yield Listener(connection, queue)
    finally:
        if subscription:
            connection.client("sns").unsubscribe(SubscriptionArn=subscription)
        sqs.delete_queue(QueueUrl=queue)


def _subscribe(connection: Connection, topic: str, queue: str) -> str | None:
    """Let a topic send to a queue; return the subscription, None where there is no topic."""
    sqs, sns = connection.client("sqs"), connection.client("sns")
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    own = found["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": own,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    try:
        subscription: str = sns.subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=own,
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
    except ClientError as error:
        if is_absent(error):
            return None
        raise
    return subscription


@dataclass
class Watch:
    """What the extensions in use show of fresh uploads; ``seen`` is all of it.

    ``listed`` by the index: ``[{"key", "time"}]``; ``messages``: a count by key; ``doubles``: by
    bucket, the item of one key that was uploaded to all of them.
    """

    lab: Lab
    connection: Connection
    listener: Listener | None
    keys: list[str] = field(default_factory=list)
    double: str = ""
    seen: dict[str, Any] = field(default_factory=dict)

    def start(self, keys: list[str]) -> None:
        """Watch for these uploads to the first bucket, and upload one more key to all buckets."""
        self.keys = keys
        self.seen = {"listed": None, "messages": {}, "doubles": {}, "stack": None}
        if self.lab.source.more_buckets:
            self.double = f"verify/{secrets.token_hex(8)} twice"
            for bucket in self.lab.source.buckets:
                body = bucket.encode()
                self.connection.client("s3").put_object(Bucket=bucket, Key=self.double, Body=body)

    def look(self) -> bool:
        """Look once more; tell whether all is there."""
        if self.lab.table.index:
            self.seen["listed"] = listed(self.lab, self.connection)
        if self.double:
            self.seen["doubles"] = items_by_bucket(self.lab, self.connection, self.double)
        if self.listener and not all(self.seen["messages"].get(key) for key in self.keys):
            self.listener.hear()
            self.seen["messages"] = {key: self.listener.about(key) for key in self.keys}
        if self.lab.stack:
            self.seen["stack"] = run(stacks.survey(self.lab.stack.name), self.connection)
        return not any(problems(self.lab, self.keys, self.seen).values())


@contextmanager
def watching(lab: Lab, connection: Connection) -> Iterator[Watch]:
    """Listen to the lab's topic, if it has one, for as long as uploads are watched."""
    with listening(lab, connection) as listener:
        yield Watch(lab, connection, listener)


def items_by_bucket(lab: Lab, connection: Connection, key: str) -> dict[str, Any]:
    """Return the item that each source bucket has under one key, None where it has none."""
    items = call(
        "dynamodb",
        "query",
        "Items",
        TableName=lab.table.name,
        KeyConditionExpression="#key = :key",
        ExpressionAttributeNames={"#key": lab.table.partition_key},
        ExpressionAttributeValues={":key": {"S": key}},
        ConsistentRead=True,
    ).answer(connection)
    found = items if isinstance(items, list) else []
    names = {item.get(SORT_KEY, {}).get("S"): item for item in found}
    return {bucket: names.get(bucket) for bucket in lab.source.buckets}


def listed(lab: Lab, connection: Connection) -> Any:
    """Ask the index for the first bucket's files: ``[{"key", "time"}]``, oldest first.

    Only the newest are asked for. An error as data where the index cannot be asked, None where
    there is no such table.
    """
    bucket, _ = INDEX_KEY
    found = call(
        "dynamodb",
        "query",
        "Items",
        TableName=lab.table.name,
        IndexName=lab.table.index,
        KeyConditionExpression="#bucket = :bucket",
        ExpressionAttributeNames={"#bucket": bucket},
        ExpressionAttributeValues={":bucket": {"S": lab.source.bucket}},
        ScanIndexForward=False,
        Limit=NEWEST,
    ).answer(connection)
    if found is None or is_error(found):
        return found
    names = {"key": "ObjectKey", "time": INDEX_KEY[1]}
    return [
        {name: item.get(attribute, {}).get("S") for name, attribute in names.items()}
        for item in reversed(found)
    ]


def listing_problems(found: Any, keys: list[str]) -> list[str]:
    """Compare what the index lists with the keys of fresh uploads (``metadata.index``)."""
    if found is None or is_error(found):
        return [f"expected a list from the index, found {found and found['error']['message']}"]
    missing = sorted(set(keys) - {entry["key"] for entry in found})
    times = [moment(str(entry["time"])) for entry in found if entry["key"] in keys]
    said = [f"expected {key!r} in the index's list, found it missing" for key in missing]
    if None in times or times != sorted(times, key=lambda t: t or 0):
        said.append("expected the list in the order of the upload times, found another order")
    return said


def message_problems(messages: dict[str, int]) -> list[str]:
    """Say which of the fresh uploads nobody was told of (``metadata.notified``).

    ``messages`` counts the messages about each upload, by its key. Topics deliver at least once, so
    one too many is no problem.
    """
    return [f"expected a message about {key!r}, found none" for key, n in messages.items() if not n]


def double_problems(items: dict[str, Any]) -> list[str]:
    """Say which bucket's object has no item of its own (``metadata.multi-bucket``).

    ``items`` maps each bucket to the item of the one key that was uploaded to all of them.
    """
    return [
        f"expected an item for the same key in {bucket}, found none or another bucket's"
        for bucket, item in items.items()
        if item is None
    ]


def stack_problems(lab: Lab, stack: Any) -> list[str]:
    """Say what keeps a lab from being the work of its stack (``metadata.template``)."""
    if stack is None or is_error(stack):
        found = stack["error"]["message"] if stack else "none"
        return [f"expected the stack {lab.stack.name}, found {found}"]
    said = []
    if stack["status"] not in READY:
        said.append(f"expected {lab.stack.name} to be CREATE_COMPLETE, found {stack['status']}")
    resources = {} if is_error(stack["resources"]) else stack["resources"]
    made = {name for names in resources.values() for name in names}
    wanted = filter(None, (*lab.source.buckets, lab.table.name, lab.role.name, lab.function.name))
    missing = [name for name in wanted if name not in made]
    if missing:
        said.append(f"expected {', '.join(missing)} among the stack's resources, found others")
    return said


def problems(lab: Lab, keys: list[str], seen: dict[str, Any]) -> dict[str, list[str]]:
    """Judge what a :class:`Watch` has seen: a list of clauses for each extension in use."""
    found: dict[str, list[str]] = {}
    if lab.table.index:
        found["index"] = listing_problems(seen["listed"], keys)
    if lab.topic:
        found["notified"] = message_problems(dict.fromkeys(keys, 0) | seen["messages"])
    if lab.source.more_buckets:
        found["multi-bucket"] = double_problems(seen["doubles"])
    if lab.stack:
        found["template"] = stack_problems(lab, seen["stack"])
    return found
