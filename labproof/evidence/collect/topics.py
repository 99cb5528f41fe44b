"""Topics of SNS."""

from __future__ import annotations

from typing import Any

from labproof.aws.asking import Reader, call, nothing, tags


def topic(arn: str) -> Reader:
    """Read a topic; None when it does not exist."""
    (found,) = yield [_attributes(arn)]
    return found if nothing(found) else _named(arn)


def survey(arn: str) -> Reader:
    """Read no more of a topic than whose it is."""
    (found,) = yield [_attributes(arn)]
    if nothing(found):
        return found
    (pairs,) = yield [call("sns", "list_tags_for_resource", "Tags", ResourceArn=arn)]
    return _named(arn) | {"tags": tags(pairs)}


def _attributes(arn: str) -> Any:
    return call("sns", "get_topic_attributes", "Attributes", TopicArn=arn)


def _named(arn: str) -> dict[str, str]:
    return {"name": arn.rpartition(":")[2], "arn": arn}
