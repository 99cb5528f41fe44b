"""Settings of roles, and roles as a whole."""

from __future__ import annotations

import json
from typing import Any

from labproof.faults.place import Place
from labproof.faults.settings.reading import found, removed

CARRIED = ("Path", "Description", "MaxSessionDuration", "Tags")


def read_trust(place: Place, role: str) -> Any:
    return place.aws("iam").get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]


def write_trust(place: Place, role: str, trust: Any) -> None:
    place.aws("iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


def read_boundary(place: Place, role: str) -> Any:
    found = place.aws("iam").get_role(RoleName=role)["Role"]
    return found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")


def write_boundary(place: Place, role: str, arn: Any) -> None:
    iam = place.aws("iam")
    if arn is None:
        removed(lambda: iam.delete_role_permissions_boundary(RoleName=role))
    else:
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)


def read_inline(place: Place, role: str) -> Any:
    iam = place.aws("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    return {
        n: iam.get_role_policy(RoleName=role, PolicyName=n)["PolicyDocument"] for n in sorted(names)
    }


def write_inline(place: Place, role: str, policies: Any) -> None:
    iam, before = place.aws("iam"), read_inline(place, role)
    for name in set(before) - set(policies):
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    for name, document in policies.items():
        if document != before.get(name):
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


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
    answer = found(lambda: place.aws("iam").get_role(RoleName=role))
    if answer is None:
        return None
    return {
        **{name: answer["Role"][name] for name in CARRIED if answer["Role"].get(name)},
        "trust": answer["Role"]["AssumeRolePolicyDocument"],
        "boundary": read_boundary(place, role),
        "inline": read_inline(place, role),
        "attached": read_attached(place, role),
    }


def write_role(place: Place, role: str, wanted: Any) -> None:
    """Make the role anew; None leaves none."""
    iam = place.aws("iam")
    if found(lambda: iam.get_role(RoleName=role)):
        write_inline(place, role, {})
        write_attached(place, role, [])
        removed(lambda: iam.delete_role(RoleName=role))
    if wanted is None:
        return
    kept = {name: wanted[name] for name in CARRIED if name in wanted}
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(wanted["trust"]), **kept)
    write_inline(place, role, wanted.get("inline", {}))
    write_attached(place, role, wanted.get("attached", []))
    if wanted.get("boundary"):
        write_boundary(place, role, wanted["boundary"])


SETTINGS = {
    "role_trust": (read_trust, write_trust),
    "role_boundary": (read_boundary, write_boundary),
    "role_inline": (read_inline, write_inline),
    "role_attached": (read_attached, write_attached),
    "role": (read_role, write_role),
}
