"""Who may invoke a function, by its resource policy.

https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from labproof.analysis.policies.conditions import is_limited_to
from labproof.analysis.policies.decisions import (
    Policy,
    Request,
    covers_action,
    may,
    names_in,
    statements,
)

S3, EVENTS = "s3.amazonaws.com", "events.amazonaws.com"
INVOKING = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync")


def s3_may_invoke(policy: Policy, target_arn: str, bucket_arn: str, account: str) -> bool:
    """Tell whether S3 may surely invoke a function for a bucket.

    ``target_arn`` is what the notification names: the function, or a version or alias of it, whose
    policy ``policy`` then is.
    """
    source: dict[str, str | list[str] | None]
    source = {"aws:sourcearn": bucket_arn, "aws:sourceaccount": account}
    request = Request(S3, INVOKING[0], target_arn, account, source)
    return may(request, resource=policy)


def events_may_invoke(policy: Policy, target_arn: str, rule_arn: str, account: str) -> bool:
    """Tell whether EventBridge may surely invoke a function for a rule."""
    source: dict[str, str | list[str] | None]
    source = {"aws:sourcearn": rule_arn, "aws:sourceaccount": account}
    return may(Request(EVENTS, INVOKING[0], target_arn, account, source), resource=policy)


def open_invocations(
    policy: Policy, bucket_arns: Collection[str], account: str, rule_arns: Collection[str] = ()
) -> list[str]:
    """Return a sentence for each statement that lets anyone less limited invoke the function.

    Fine are S3, limited to one of the buckets (SourceArn) and the account (SourceAccount, since a
    bucket's ARN names none), and EventBridge, limited to one of the rules. A limit must name the
    ARN itself: a wildcard takes in more, and a test that a missing key passes (IfExists,
    ForAllValues, Not…) limits nobody. A second function version's or alias's
    statement is judged in the same way.
    """
    return [
        f"{who} may invoke the function {problem}"
        for statement in statements(policy, "Allow")
        if any(covers_action(statement, action) is not False for action in INVOKING)
        for who, problem in _problems(statement, bucket_arns, account, rule_arns)
    ]


def _problems(
    statement: dict[str, Any],
    bucket_arns: Collection[str],
    account: str,
    rule_arns: Collection[str],
) -> Iterator[tuple[str, str]]:
    condition = statement.get("Condition")
    by_account = is_limited_to(condition, "aws:SourceAccount", {account})
    everyone = "NotPrincipal" in statement
    for who in ["*"] if everyone else names_in(statement.get("Principal")):
        if who == EVENTS and rule_arns:
            if not is_limited_to(condition, "aws:SourceArn", rule_arns):
                yield who, "for any rule: limit it to the lab's rule by aws:SourceArn."
        elif who != S3:
            yield who[:200], "though the lab's trigger does not need it: remove the statement."
        elif not is_limited_to(condition, "aws:SourceArn", bucket_arns):
            yield who, "for other buckets too: limit it to the bucket's ARN by aws:SourceArn."
        elif not by_account:
            yield who, "for other accounts too: limit it to the account by aws:SourceAccount."
