"""What a bucket's policy and ACL give to strangers, and whether plain HTTP is refused.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from labproof.analysis.policies.conditions import is_limited_to, is_met, limits
from labproof.analysis.policies.decisions import (
    EVERY_SERVICE,
    GONE,
    Policy,
    Request,
    covers_action,
    covers_resource,
    decide,
    may,
    names_in,
    statements,
)
from labproof.analysis.policies.logic import as_list, texts
from labproof.analysis.policies.patterns import WILDCARDS

READING = "s3:get"  # the beginning of all S3 actions that read, and of no other
EVERY_ACTION = "s3:?*"
MOST_PAIRS = 400  # of actions and resources that a Deny is held against; more are not taken back
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
PUBLIC_GROUPS = {"AllUsers": "everyone", "AuthenticatedUsers": "every AWS user"}
FIXING = (
    *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount"),
    *("aws:userid", "aws:principalorgid", "aws:principalaccount", "aws:principalarn"),
    *("s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
)
WIDEST = {4: 8, 6: 32}  # prefix lengths; a shorter one is public to S3


def every_object(bucket_arn: str) -> str:
    """Return the scope of all objects of a bucket; a key has one character at least."""
    return f"{bucket_arn}/?*"


def anyone_may_read(policy: Policy, bucket_arn: str) -> bool:
    """Tell whether anyone may read every object by the bucket's policy, over HTTPS.

    An Allow under a condition does not count, whatever it is. A Deny counts where it may hit a
    stranger; one of plain HTTP, or of somebody named, hits none.
    """
    found = [s for s in statements(policy) if s.get("Effect") == "Deny" or not s.get("Condition")]
    version = policy.get("Version") if isinstance(policy, dict) else None
    plain = {"Version": version, "Statement": found}
    return may(Request("", "s3:GetObject", every_object(bucket_arn)), resource=plain)


def others_beyond_reading(policy: Policy, account: str) -> list[str]:
    """Return a sentence for all that a bucket's policy gives to others than the account.

    Reading aside. Others are everyone, other accounts, and services that do not act for the account
    alone (aws:SourceAccount or aws:SourceArn says so).
    """
    return [
        f"{', '.join(others):.200} may {action:.200}: allow others nothing but reading."
        for s, others in _open_statements(policy, account, services=True)
        for action in texts(s.get("Action")) or ["do everything but what NotAction names"]
        if not action.lower().startswith(READING)
    ]


def policy_openings(policy: Policy, account: str) -> list[str]:
    """Return a sentence for each statement that opens a bucket to the public or other accounts.

    An Allow that a Deny takes back from strangers in whole opens nothing. AWS's services do not
    count as strangers, nor do principals that no longer exist.
    """
    return [
        f"The bucket's policy lets {', '.join(others):.200} in: name principals of the account."
        for _, others in _open_statements(policy, account, services=False)
    ]


def acl_openings(acl: Any) -> list[str]:
    """Return a sentence for each grant of a bucket's ACL to anyone but its owner.

    ``acl`` is GetBucketAcl's answer. S3's own log delivery group is no stranger.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
    """
    found = acl if isinstance(acl, dict) else {}
    owner = found["Owner"].get("ID") if isinstance(found.get("Owner"), dict) else None
    grants = (_stranger(grant, owner) for grant in as_list(found.get("Grants")))
    return [
        f"The bucket's ACL gives {who} {what}: remove the grant."
        for who, what in filter(None, grants)
    ]


def is_public(policy: Policy) -> bool:
    """Tell whether S3 calls a bucket policy public: an Allow to anyone, fixed to nothing.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    (The meaning of "public"). A Deny changes nothing about it.
    """
    return any(_is_for_all(s) and not _is_fixed(s) for s in statements(policy, "Allow"))


def refuses_plain_http(policy: Policy, bucket_arn: str) -> bool:
    """Tell whether a bucket's policy denies everybody every action without HTTPS.

    One statement, or several that together take in the bucket and all objects. Each must name
    everyone (``*``), all actions (``s3:*`` or ``*``), and be met by plain HTTP whatever else the
    request says. Any further test narrows it. Only Bool is documented for aws:SecureTransport, so
    no other operator counts. A statement that denies HTTPS too is no such statement.
    """
    denying = [s for s in statements(policy, "Deny") if _denies_http(s)]
    return all(
        any(covers_resource(s, scope) is True for s in denying)
        for scope in (bucket_arn, every_object(bucket_arn))
    )


def _denies_http(statement: dict[str, Any]) -> bool:
    def met(secure: str) -> bool | None:
        return is_met(statement.get("Condition"), {"aws:securetransport": secure})

    named = "*" in names_in(statement.get("Principal"))
    whole = "NotAction" not in statement and "NotResource" not in statement
    everything = whole and covers_action(statement, EVERY_ACTION) is True
    return named and everything and met("false") is True and met("true") is False


def _open_statements(
    policy: Policy, account: str, services: bool
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield each Allow that lets others in, with their names."""
    for statement in statements(policy, "Allow"):
        everyone = "NotPrincipal" in statement
        named = ["*"] if everyone else names_in(statement.get("Principal"))
        others = [n for n in named if _lets_in(n, statement, policy, account, services)]
        if others:
            yield statement, ["everyone" if n == "*" else n for n in others]


def _lets_in(
    name: str, statement: dict[str, Any], policy: Policy, account: str, services: bool
) -> bool:
    """Tell whether a statement lets a name in, if the name is not the account's."""
    if account in (name, *name.split(":")[4:5]) or GONE.fullmatch(name):
        return False
    if name.endswith((".amazonaws.com", ".amazonaws.com.cn")) or name == EVERY_SERVICE:
        return services and not _acts_for(statement, account)
    caller = _stranger_named(name, account)
    return caller is None or not _taken_back(caller, name == "*", statement, policy, account)


def _stranger_named(name: str, account: str) -> str | None:
    """Return a caller whom a name stands for: itself, or somebody of another account."""
    if name == "*":
        return f"arn:aws:iam::{'1' * 12 if account != '1' * 12 else '2' * 12}:user/stranger"
    if name.isdigit():
        return f"arn:aws:iam::{name}:user/stranger"
    if name.count(":") < 5:
        return None  # a canonical user, an identity provider: no caller that can be asked for
    return f"{name.removesuffix(':root')}:user/stranger" if name.endswith(":root") else name


def _taken_back(
    stranger: str, anyone: bool, statement: dict[str, Any], policy: Policy, account: str
) -> bool:
    """Tell whether a stranger surely gets nothing: the condition is not for him, or a Deny is."""
    alone = {**policy, "Statement": [statement, *statements(policy, "Deny")]}
    actions = texts(statement.get("Action")) or ["*"]
    resources = texts(statement.get("Resource")) or ["*"]
    return len(actions) * len(resources) <= MOST_PAIRS and all(
        decide(Request(caller, action, resource, account), [EVERYTHING], alone) is False
        for caller in ([stranger, ""] if anyone else [stranger])
        for action in actions
        for resource in resources
    )


def _acts_for(statement: dict[str, Any], account: str) -> bool:
    condition = statement.get("Condition")
    arns = [v for values in limits(condition, "aws:SourceArn") for v in values]
    of_account = bool(arns) and all(v.split(":")[4:5] == [account] for v in arns)
    return of_account or is_limited_to(condition, "aws:SourceAccount", {account})


def _stranger(grant: Any, owner: Any) -> tuple[str, str] | None:
    grantee = grant.get("Grantee") if isinstance(grant, dict) else None
    grantee = grantee if isinstance(grantee, dict) else {}
    group = str(grantee.get("URI", "")).rpartition("/")[2]
    what = str(grant.get("Permission", "rights")) if isinstance(grant, dict) else "rights"
    if group in PUBLIC_GROUPS:
        return PUBLIC_GROUPS[group], what
    if grantee.get("EmailAddress") or (grantee.get("ID") and grantee["ID"] != owner):
        return "another account", what
    return None


def _is_for_all(statement: dict[str, Any]) -> bool:
    named = names_in(statement.get("Principal"))
    return "NotPrincipal" in statement or any(WILDCARDS.search(name) for name in named)


def _is_fixed(statement: dict[str, Any]) -> bool:
    condition = statement.get("Condition")
    fixed = any(
        values and all(_is_fixed_value(key, value) for value in values)
        for key in FIXING
        for values in limits(condition, key)
    )
    addresses = limits(condition, "aws:SourceIp")
    return fixed or any(values and all(map(_is_narrow, values)) for values in addresses)


def _is_fixed_value(key: str, value: str) -> bool:
    if key == "s3:dataaccesspointarn":  # the account must be fixed, the name need not
        value = ":".join(value.split(":")[:5])
    return bool(value) and not WILDCARDS.search(value) and "${" not in value


def _is_narrow(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= WIDEST[network.version]
