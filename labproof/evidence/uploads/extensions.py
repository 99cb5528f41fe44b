"""What the extensions of file-metadata show of fresh uploads: index, messages, buckets, stack.

Evidence: ``extensions``: {"listed", "messages", "doubles", "stack"}, None without any, or an error.
``listed`` by the index: ``[{"key", "time"}]``, oldest first; ``messages``: their number by key;
``doubles``: by bucket, the item of one key that was uploaded to all of them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from labproof.analysis.extensions import extension_problems
from labproof.aws.answers import is_error
from labproof.aws.asking import attempt, call, nothing, run
from labproof.aws.connection import Connection
from labproof.aws.errors import is_absent
from labproof.evidence.collect.stacks import survey
from labproof.evidence.uploads.cleaning import LeftBehind, remove_items, remove_objects
from labproof.evidence.uploads.clock import moments
from labproof.evidence.uploads.items import query_key
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
def listening(lab: Lab, connection: Connection) -> Iterator[Listener]:
    """Subscribe a fresh queue to the lab's topic, and remove both afterwards.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
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


class Extensions:
    """The extensions in use: listens before the uploads, looks after them, removes what it made."""

    def __init__(self, lab: Lab, connection: Connection) -> None:
        self.lab, self.connection = lab, connection
        self.open = ExitStack()
        self.listener: Any = None  # or the error for which nobody listens
        self.keys: list[str] = []
        self.double = ""
        self.seen: dict[str, Any] = {"listed": None, "messages": {}, "doubles": {}, "stack": None}

    @property
    def in_use(self) -> bool:
        lab = self.lab
        return bool(lab.table.index or lab.topic or lab.source.more_buckets or lab.stack)

    def listen(self) -> None:
        if self.lab.topic:
            context = listening(self.lab, self.connection)
            self.listener = attempt("subscribe", lambda: self.open.enter_context(context))

    def evidence(self, keys: list[str], timeout: float) -> Any:
        """Return what is seen of uploads to the first bucket within a time (seconds)."""
        if not self.in_use or not keys or is_error(self.listener):
            return self.listener if is_error(self.listener) else None
        self.keys = keys
        return attempt("extensions", lambda: self._follow(timeout))

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        """Remove the queue, and the object that went to every bucket with its items."""
        attempt("unsubscribe", self.open.close)
        if not self.double:
            return []
        left = []
        for bucket in self.lab.source.buckets:
            left += remove_objects(self.connection, bucket, [self.double], False)
        items = [item for item in self.seen["doubles"].values() if item]
        return left + remove_items(self.connection, self.lab.table.name, key, items)

    def _follow(self, timeout: float) -> dict[str, Any]:
        if self.lab.source.more_buckets:
            self._upload_to_all()
        for _ in moments(timeout):
            self._look()
            if not any(extension_problems(self.lab, self.keys, self.seen).values()):
                break
        return self.seen

    def _upload_to_all(self) -> None:
        self.double = f"verify/{secrets.token_hex(8)} twice"
        for bucket in self.lab.source.buckets:
            request = {"Bucket": bucket, "Key": self.double, "Body": bucket.encode()}
            self.connection.client("s3").put_object(**request)

    def _look(self) -> None:
        if self.lab.table.index:
            self.seen["listed"] = listed(self.lab, self.connection)
        if self.double:
            self.seen["doubles"] = items_by_bucket(self.lab, self.connection, self.double)
        if self.listener and not all(self.seen["messages"].get(key) for key in self.keys):
            self.listener.hear()
            self.seen["messages"] = {key: self.listener.about(key) for key in self.keys}
        if self.lab.stack:
            self.seen["stack"] = run(survey(self.lab.stack.name), self.connection)


def items_by_bucket(lab: Lab, connection: Connection, key: str) -> dict[str, Any]:
    """Return the item that each source bucket has under one key, None where it has none."""
    found = query_key(connection, lab.table, key)
    items = [] if nothing(found) else found
    by_bucket = {item.get(SORT_KEY, {}).get("S"): item for item in items}
    return {bucket: by_bucket.get(bucket) for bucket in lab.source.buckets}


def listed(lab: Lab, connection: Connection) -> Any:
    """Ask the index for the first bucket's newest files: ``[{"key", "time"}]``, oldest first.

    An error where the index cannot be asked, None where there is no such table.
    """
    bucket, time = INDEX_KEY
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
    if nothing(found):
        return found
    names = {"key": "ObjectKey", "time": time}
    return [
        {name: item.get(attribute, {}).get("S") for name, attribute in names.items()}
        for item in reversed(found)
    ]
