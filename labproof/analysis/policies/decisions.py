"""What a caller may really do, from all policies that speak to a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html

Answers have three values. True: surely, and all that is asked for. False: surely not, nothing of
it. None: a part of it, or it depends on what a request does not show (an address, a time, a tag).
An Allow under an unknown condition is therefore no sure right, and a Deny under an unknown
condition, or of a part, takes the sure right away: :func:`may` asks "surely?", :func:`could` asks
"possibly?". A policy that could not be read (``{"error": ...}``) makes everything unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from labproof.analysis.policies.conditions import Context, is_met
from labproof.analysis.policies.logic import Verdict, all_of, any_of, as_list, negate, texts
from labproof.analysis.policies.patterns import expand, takes_in

Policy = Any  # a policy document as parsed JSON, of whatever shape; None where there is none
CANONICAL, EVERY_SERVICE = "CanonicalUser", "Service *"
# Unique ids stand in a policy where the user or role is gone; nobody can be them again.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
GONE = re.compile(r"A(?:IDA|ROA|GPA|IPA)[A-Z0-9]{12,}")


# What AWS speaks: https://aws.amazon.com/blogs/security/tls-1-2-required-for-aws-endpoints/
TLS = ("1.2", "1.3")


@dataclass(frozen=True)
class Request:
    """Who asks for what.

    ``caller`` is an ARN (user, role, role session), a service's name, or "" for anyone without
    credentials. ``action`` and ``resource`` may hold wildcards: then all that they take in is asked
    for. ``owner`` is the resource's account, by default the caller's. ``context`` adds condition
    keys (lower case), or replaces those that follow from the rest.
    """

    caller: str
    action: str
    resource: str
    owner: str = ""
    context: Context = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.caller.split(":")[4] if self.caller.count(":") >= 5 else ""

    @cached_property
    def direct(self) -> set[str]:
        """Names that mean nobody but this caller, or everyone."""
        if not self.caller:
            return {"*"}
        if not self.account:
            return {"*", self.caller, EVERY_SERVICE}
        return {"*"} if ":role/" in self.caller else {"*", self.caller}

    @cached_property
    def role(self) -> str:
        """The role's ARN, that of a role session too (which does not show a role's path)."""
        if ":assumed-role/" in self.caller:
            head, _, tail = self.caller.partition(":assumed-role/")
            return f"{head.replace(':sts:', ':iam:')}:role/{tail.split('/')[0]}"
        return self.caller if ":role/" in self.caller else ""

    @cached_property
    def accounts(self) -> set[str]:
        """Names of the caller's whole account."""
        if not self.account:
            return set()
        return {self.account, f"arn:{self.caller.split(':')[1]}:iam::{self.account}:root"}

    @cached_property
    def facts(self) -> Context:
        """The condition keys that are known."""
        given = {key.lower(): value for key, value in self.context.items()}
        return {"s3:tlsversion": TLS, **_facts(self), **given}


def may(
    request: Request,
    identity: Iterable[Policy] = (),
    resource: Policy = None,
    boundary: Policy = None,
) -> bool:
    """Tell whether a request is surely allowed, all of it."""
    return decide(request, identity, resource, boundary) is True


def could(
    request: Request,
    identity: Iterable[Policy] = (),
    resource: Policy = None,
    boundary: Policy = None,
) -> bool:
    """Tell whether a request, or a part of it, may be allowed under some circumstances."""
    return decide(request, identity, resource, boundary) is not False


def decide(
    request: Request,
    identity: Iterable[Policy] = (),
    resource: Policy = None,
    boundary: Policy = None,
) -> Verdict:
    """Decide a request by the caller's own policies, the resource's policy and the boundary.

    Within an account, either the caller's or the resource's policy suffices; a boundary limits the
    caller's own policies and what the resource's gives to the role's ARN. A key's policy must allow
    by itself, or leave it to the account. From another account, both sides must allow.
    """
    own = list(identity) if request.account else []  # nobody else has policies of their own
    bounded = boundary is not None
    names = {request.role} - {""}
    direct = _allowed(request, resource, request.direct)
    by_role = _allowed(request, resource, names) if names else False
    by_account = _allowed(request, resource, request.accounts) if request.accounts else False
    by_self = any_of(_allowed(request, policy, None) for policy in own)
    within = _allowed(request, boundary, None) if bounded else True
    if request.owner not in ("", request.account) and request.account:
        granted = all_of([by_self, within, any_of([direct, by_role, by_account])])
    elif request.resource.split(":")[2:3] == ["kms"]:
        through_account = all_of([by_account, by_self, within])
        granted = any_of([direct, all_of([by_role, within]), through_account])
    else:
        granted = any_of([direct, all_of([any_of([by_role, by_self]), within])])
    denials = [_denied(request, policy, None) for policy in [*own, boundary]]
    everyone = {*request.direct, *names, *request.accounts}
    denials.append(_denied(request, resource, everyone, bounded))
    return all_of([granted, *map(negate, denials)])


def statements(policy: Policy, effect: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield a policy's statements, or those of one effect."""
    found = as_list(policy.get("Statement")) if isinstance(policy, dict) else []
    return (
        s for s in found if isinstance(s, dict) and (effect is None or s.get("Effect") == effect)
    )


def is_unread(policy: Policy) -> bool:
    """Tell whether a policy is not a document but the error that came instead."""
    return isinstance(policy, dict) and set(policy) == {"error"}


def names_in(principal: Any) -> list[str]:
    """Return everyone that a Principal or NotPrincipal names; everyone is ``*``."""
    if not isinstance(principal, dict):
        return texts(principal)
    services = texts(principal.get("Service"))
    return [
        *texts(principal.get("AWS")),
        *(EVERY_SERVICE if name == "*" else name for name in services),
        *texts(principal.get("Federated")),
        *(CANONICAL for _ in texts(principal.get("CanonicalUser"))),
    ]


def covers_action(statement: dict[str, Any], action: str) -> Verdict:
    """Tell whether a statement's Action (or NotAction) takes in an action, in any case."""
    wanted = action.lower()
    if "NotAction" in statement:
        excluded = (takes_in(a.lower(), wanted) for a in texts(statement["NotAction"]))
        return negate(any_of(excluded))
    return any_of(takes_in(a.lower(), wanted) for a in texts(statement.get("Action")))


def covers_resource(
    statement: dict[str, Any], resource: str, context: Context | None = None
) -> Verdict:
    """Tell whether a statement's Resource (or NotResource) takes in a resource.

    Without a context, policy variables are plain text.
    """

    def one(text: str) -> Verdict:
        pattern, known = (text, True) if context is None else expand(text, context)
        verdict = takes_in(pattern, resource)
        return verdict if known or verdict is False else None

    if "NotResource" in statement:
        return negate(any_of(map(one, texts(statement["NotResource"]))))
    return any_of(map(one, texts(statement.get("Resource"))))


def _allowed(request: Request, policy: Policy, names: set[str] | None) -> Verdict:
    """Tell whether a policy allows a request; ``names`` are None where no one is named."""
    if is_unread(policy):
        return None
    return any_of(
        all_of([_speaks_to(s, request, names), _covers(s, request, policy)])
        for s in statements(policy, "Allow")
    )


def _denied(
    request: Request, policy: Policy, names: set[str] | None, bounded: bool = False
) -> Verdict:
    if is_unread(policy):
        return None
    return any_of(
        all_of([_is_barred(s, request, names, bounded), _covers(s, request, policy)])
        for s in statements(policy, "Deny")
    )


def _covers(statement: dict[str, Any], request: Request, policy: dict[str, Any]) -> Verdict:
    variables = policy.get("Version") == "2012-10-17"
    acts = covers_action(statement, request.action)
    if acts is False:
        return False
    on = covers_resource(statement, request.resource, request.facts if variables else None)
    if on is False:
        return False
    return all_of([acts, on, is_met(statement.get("Condition"), request.facts, variables)])


def _speaks_to(statement: dict[str, Any], request: Request, names: set[str] | None) -> Verdict:
    if names is None:
        return True
    if "NotPrincipal" in statement:
        excepted = {request.caller, request.role, *request.accounts} - {""}
        return not excepted & set(names_in(statement["NotPrincipal"]))
    return bool(names & set(names_in(statement.get("Principal"))))


def _is_barred(
    statement: dict[str, Any], request: Request, names: set[str] | None, bounded: bool
) -> Verdict:
    """Tell whether a Deny is aimed at the caller.

    NotPrincipal spares only who is named along with the account, and nobody with a boundary:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    """
    if names is None:
        return True
    if "NotPrincipal" in statement:
        spared = set(names_in(statement["NotPrincipal"]))
        if bounded or not spared & {request.caller, request.role, "*"}:
            return True
        return False if not request.account or spared & {"*", *request.accounts} else None
    found = set(names_in(statement.get("Principal")))
    return True if names & found else None if CANONICAL in found and request.account else False


def _facts(request: Request) -> dict[str, str | list[str] | None]:
    """Return what a request over HTTPS says of itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    parts = request.resource.split(":")
    owner = request.owner or request.account
    facts: dict[str, str | list[str] | None] = {
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        **dict.fromkeys(("aws:calledvia", "aws:calledviafirst", "aws:calledvialast")),
        **({"aws:resourceaccount": owner, "s3:resourceaccount": owner} if owner else {}),
        **({"aws:requestedregion": parts[3]} if len(parts) > 5 and parts[3].strip("*") else {}),
    }
    return facts | (_who(request) if request.account or not request.caller else _service(request))


def _who(request: Request) -> dict[str, str | list[str] | None]:
    kind = "AssumedRole" if request.role else "User" if request.caller else "Anonymous"
    name = request.caller.rpartition("/")[2] if ":user/" in request.caller else None
    unknown = {} if request.caller else {"aws:principalorgid": None, "aws:userid": "anonymous"}
    sources = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid")
    return {
        **unknown,
        **dict.fromkeys(sources),
        "aws:principalarn": request.role or request.caller or None,
        "aws:principalaccount": request.account or None,
        "aws:principaltype": kind,
        "aws:principalisawsservice": "false",
        "aws:principalservicename": None,
        "aws:username": name,
        "kms:calleraccount": request.account or None,
        "kms:viaservice": None,
    }


def _service(request: Request) -> dict[str, str | list[str] | None]:
    return {
        **dict.fromkeys(("aws:principalarn", "aws:principalaccount", "aws:username")),
        "aws:principalisawsservice": "true",
        "aws:principalservicename": request.caller,
        "kms:viaservice": None,
    }
