"""Roles: whom they trust, which rights they have, and roles as a whole, by name."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from typing import Any

from labproof.faults.errors import FaultError
from labproof.faults.parts.bucket import statements_of
from labproof.faults.parts.function import configuration
from labproof.faults.parts.key import read_policy
from labproof.faults.place import OWN, Place
from labproof.faults.policies import Statement, allow, policy
from labproof.faults.setting import Setting, Step, found, mistyped, named, whole
from labproof.labs.grants import managed_policy_arn, policy_documents, targets

CARRIED = ("Path", "Description", "MaxSessionDuration", "Tags")
LOGS = allow("logs:*")


def own_policies(kind: str) -> Setting:
    """Return the setting of what a role, user or group has of inline policies, by their names."""

    def iam(place: Place, operation: str, name: str, **request: Any) -> Any:
        ask = getattr(place.aws("iam"), operation.format(kind))
        return ask(**{f"{kind.title()}Name": name}, **request)

    def read(place: Place, name: str) -> Any:
        names = iam(place, "list_{}_policies", name)["PolicyNames"]
        answers = {n: iam(place, "get_{}_policy", name, PolicyName=n) for n in sorted(names)}
        return {n: answer["PolicyDocument"] for n, answer in answers.items()}

    def write(place: Place, name: str, policies: Any) -> None:
        before = read(place, name)
        for one in set(before) - set(policies):
            iam(place, "delete_{}_policy", name, PolicyName=one)
        for one, document in policies.items():
            if document != before.get(one):
                text = json.dumps(document)
                iam(place, "put_{}_policy", name, PolicyName=one, PolicyDocument=text)

    return Setting(read, write)


def read_trust(place: Place, role: str) -> Any:
    return place.aws("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]


def write_trust(place: Place, role: str, trust: Any) -> None:
    place.aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


def read_boundary(place: Place, role: str) -> Any:
    answer = place.aws("iam").get_role(RoleName=role)["Role"]
    return answer.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def write_boundary(place: Place, role: str, arn: Any) -> None:
    iam = place.aws("iam")
    if arn is None:
        found(lambda: iam.delete_role_permissions_boundary(RoleName=role))
    else:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)


def read_attached(place: Place, role: str) -> Any:
    listed = place.aws("iam").list_attached_role_policies(RoleName=role)
    return sorted(policy["PolicyArn"] for policy in listed["AttachedPolicies"])


def write_attached(place: Place, role: str, arns: Any) -> None:
    iam, before = place.aws("iam"), read_attached(place, role)
    for arn in set(before) - set(arns):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for arn in sorted(set(arns) - set(before)):
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)


def read_role(place: Place, role: str) -> Any:
    answer = place.aws("iam").get_role(RoleName=role)["Role"]
    kept = {name: answer[name] for name in CARRIED if answer.get(name)}
    return {**kept, "trust": answer["AssumeRolePolicyDocument"]}


def make_role(place: Place, role: str, wanted: Any) -> None:
    kept = {name: wanted[name] for name in CARRIED if name in wanted}
    trust = json.dumps(wanted["trust"])
    place.aws("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust, **kept)


def remove_role(place: Place, role: str) -> None:
    INLINE.write(place, role, {})
    write_attached(place, role, [])
    place.aws("iam").delete_role(RoleName=role)


def read_managed(place: Place, name: str) -> Any:
    """Return the document of a policy of the account, None where there is none of that name."""
    iam, arn = place.aws("iam"), place.arn("policy", name)
    answer = found(lambda: iam.get_policy(PolicyArn=arn))
    if answer is None:
        return None
    version = answer["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def write_managed(place: Place, name: str, document: Any) -> None:
    iam = place.aws("iam")
    found(lambda: iam.delete_policy(PolicyArn=place.arn("policy", name)))
    if document is not None:
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))


def name_of(place: Place) -> str:
    return place.lab.role.name


def role_gone(place: Place) -> Iterator[Step]:
    """The role does not exist; AWS drops the name of a role that goes from the key's policy."""
    if place.lab.key:  # written back after the role
        yield Step("key_policy", place.key_arn, read_policy(place, place.key_arn))
    yield Step("role", name_of(place), None)


def role_misnamed(place: Place) -> Iterator[Step]:
    """The role has another name, under which the function uses it."""
    copy, name = ROLE.read(place, name_of(place)), mistyped(name_of(place))
    yield Step("role", name, copy)
    yield Step("function_field", "Role", role_arn(place, name, copy["Path"]))
    yield from role_gone(place)


def role_arn(place: Place, name: str, path: str = "/") -> str:
    return place.arn("role", f"{path}{name}".removeprefix("/"))


def other_role(place: Place) -> Iterator[Step]:
    """The function runs as another role, which may write logs only."""
    arn = yield from own_role(place, LOGS)
    yield from configuration(place, Role=arn)


def copied_role(place: Place) -> Iterator[Step]:
    """The function runs as another role that has all that the lab's role has."""
    copy = ROLE.read(place, name_of(place))
    yield Step("role", place.own_name, copy)
    yield from configuration(place, Role=role_arn(place, place.own_name, copy["Path"]))


def own_role(place: Place, *statements: Statement) -> Generator[Step, None, str]:
    """Make another role for Lambda with these rights; return its ARN."""
    value = {"trust": trusting({"Service": "lambda.amazonaws.com"})}
    yield Step("role", place.own_name, {**value, "inline": {OWN: policy(*statements)}})
    return role_arn(place, place.own_name)


def trust(place: Place, principals: list[Any]) -> Iterator[Step]:
    """The role trusts these principals, each by a statement of its own."""
    yield Step("role_trust", name_of(place), trusting(*principals))


def trusting(*principals: Any) -> dict[str, Any]:
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    return policy(*({**assume, "Principal": who} for who in principals))


def deny(place: Place, actions: list[str], resource: Any = "*") -> Iterator[Step]:
    """Another policy of the role denies actions."""
    yield from more_policy(place, {**allow(actions, resource), "Effect": "Deny"})


def grant(place: Place, actions: list[str], resource: Any = "*") -> Iterator[Step]:
    """Another policy of the role allows actions too."""
    yield from more_policy(place, allow(actions, resource))


def more_policy(place: Place, statement: Statement) -> Iterator[Step]:
    before = INLINE.read(place, name_of(place))
    yield Step("role_inline", name_of(place), {**before, OWN: policy(statement)})


def attached(
    place: Place, add: list[str] | None = None, remove: list[str] | None = None
) -> Iterator[Step]:
    """Managed policies, by name, are attached or detached; all of them with ``remove: ["*"]``."""
    partition = place.identity["partition"]
    before = read_attached(place, name_of(place))
    going = {managed_policy_arn(name, partition) for name in remove or []}
    kept = [arn for arn in before if arn not in going and remove != ["*"]]
    if remove and kept == before:
        raise FaultError(f"{name_of(place)} has no policy {', '.join(remove)} to take away.")
    coming = [managed_policy_arn(name, partition) for name in add or []]
    yield Step("role_attached", name_of(place), sorted({*kept, *coming}))


def inline(place: Place, only: list[Statement]) -> Iterator[Step]:
    """The role's own policies are one with these statements; none without any."""
    yield Step("role_inline", name_of(place), {OWN: policy(*only)} if only else {})


def rights(
    place: Place, without: list[str] | None = None, instead: dict[str, str] | None = None
) -> Iterator[Step]:
    """The role has exactly the rights of the lab's sheet, but for some actions or resources.

    ``instead`` maps a resource to the one that is named in its place. Whatever else gave rights,
    other policies and those of private buckets, is taken away.
    """
    yield from no_rights_by_buckets(place)
    arns = targets(place.lab, place.key_arn if place.lab.key else "", **place.identity)
    documents = policy_documents(place.lab.role.policies, arns)
    given = [s for document in documents.values() for s in document["Statement"]]
    statements = [narrowed(s, set(without or []), instead or {}) for s in given]
    yield Step("role_attached", name_of(place), [])
    yield Step("role_inline", name_of(place), {OWN: policy(*filter(None, statements))})


def narrowed(statement: Statement, without: set[str], instead: dict[str, str]) -> Statement | None:
    actions = [action for action in statement["Action"] if action not in without]
    resources = [instead.get(arn, arn) for arn in statement["Resource"]]
    return {**statement, "Action": actions, "Resource": resources} if actions else None


def no_rights_by_buckets(place: Place) -> Iterator[Step]:
    """Private buckets' policies only deny."""
    private = [] if place.lab.source.public else [place.lab.source.bucket]
    for name in filter(None, [*private, place.lab.destination.bucket]):
        before = statements_of(place, name)
        denials = [s for s in before if s["Effect"] == "Deny"]
        if denials != before:
            yield Step("bucket_policy", name, policy(*denials) if denials else None)


def boundary(place: Place, actions: list[str]) -> Iterator[Step]:
    """A permissions boundary allows these actions and no others."""
    yield Step("managed_policy", place.own_name, policy(allow(actions)))
    yield Step("role_boundary", name_of(place), place.arn("policy", place.own_name))


INLINE = own_policies("role")
ATTACHED, BOUNDARY = Setting(read_attached, write_attached), Setting(read_boundary, write_boundary)
ROLE = whole(read_role, make_role, remove_role, inline=INLINE, attached=ATTACHED, boundary=BOUNDARY)
SETTINGS = {
    "role_trust": Setting(read_trust, write_trust),
    "role_boundary": BOUNDARY,
    "role_inline": INLINE,
    "role_attached": ATTACHED,
    "role": ROLE,
    "managed_policy": Setting(read_managed, write_managed),
}
CHANGES = {
    **named(role_misnamed, role_gone, other_role, copied_role, trust, deny, grant),
    **named(attached, inline, rights, boundary),
}
