"""What S3, IAM and KMS refuse of policies: bad grammar, unknown principals, others' resources.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from labproof.analysis.policies import Request as Question
from labproof.analysis.policies import could
from labproof.analysis.policies.logic import as_list
from labproof.sandbox.strict.documents import (
    PRINCIPAL_KINDS,
    Statement,
    parsed,
    principals,
    statements,
    syntax_problem,
)
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

NOT_JSON = "Policies must be valid JSON and the first byte must be '{'"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, in characters
LIMITS = {"iam:PutRolePolicy": 10_240, "iam:CreatePolicy": 6_144, "iam:PutUserPolicy": 2_048}
ARN = re.compile(r"arn:[^:]+:[^:]+:[^:]*:[^:]*:.+|\*", re.DOTALL)
ACCOUNT = re.compile(r"\d{12}|arn:[a-z-]+:iam::\d{12}:root|\*")
PERSON = re.compile(r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):(user|role|assumed-role)/(.+)")
AWS_POLICY = re.compile(r"arn:[a-z-]+:iam::aws:policy/([\w+=,.@-]+/)*[\w+=,.@-]+")
GONE = re.compile(r"A(?:IDA|ROA)[A-Z0-9]{12,}")


def bucket_policy(request: Request, emulator: Emulator) -> None:
    """A policy without grammar, for nobody that exists, or of something else than this bucket.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-policy-language-overview.html
    """
    policy = parsed(request.body)
    if policy is None:
        raise malformed(NOT_JSON)
    if problem := syntax_problem(policy):
        raise malformed(problem)
    if not statements(policy):
        raise malformed("Could not parse the policy: Statement is empty!")
    for statement in statements(policy):
        if "Principal" not in statement and "NotPrincipal" not in statement:
            raise malformed("Missing required field Principal")
        if unknown := unknown_principal(statement, emulator):
            raise malformed("Invalid principal in policy", Detail=unknown)
        if not all(is_of_bucket(r, request.bucket) for r in resources(statement)):
            raise malformed("Policy has invalid resource")
        if not any(applies(statement, request.bucket)):
            raise malformed("Action does not apply to any resource(s) in statement")


def malformed(message: str, **details: str) -> Refusal:
    return Refusal("MalformedPolicy", message, details=details)


def resources(statement: Statement) -> list[Any]:
    return as_list(statement.get("Resource", statement.get("NotResource")))


def is_of_bucket(resource: Any, bucket: str) -> bool:
    name = str(resource).partition(":::")[2]
    return name == bucket or name.startswith(f"{bucket}/")


def applies(statement: Statement, bucket: str) -> list[bool]:
    """Tell of each action whether it is one on the bucket, or on objects, that is named."""
    if "NotAction" in statement or "NotResource" in statement:
        return [True]
    names = [str(r).partition(":::")[2] for r in resources(statement)]
    objects, itself = any("/" in n for n in names), any("/" not in n for n in names)
    actions = [str(a).lower() for a in as_list(statement.get("Action"))]
    return [objects if is_about_objects(a) else itself for a in actions if "*" not in a] or [True]


def is_about_objects(action: str) -> bool:
    """Tell whether S3 authorizes an action on objects.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
    """
    name = action.removeprefix("s3:")
    uploads = name in ("abortmultipartupload", "listmultipartuploadparts", "replicatetags")
    return uploads or ("object" in name and "bucket" not in name) or name.startswith("replicate")


def identity_policy(request: Request, _: Emulator) -> None:
    """A policy without grammar, with a principal, with no ARN, or that is too long.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    name = "PolicyDocument"
    policy = iam_document(request, name)
    for statement in statements(policy):
        for field in ("Principal", "NotPrincipal"):
            if field in statement:
                raise bad_document("Policy document should not specify a principal.")
        if not resources(statement):
            raise bad_document("Policy statement must contain resources.")
        for resource in resources(statement):
            if not ARN.fullmatch(str(resource)):
                raise bad_document(f'Resource {resource} must be in ARN format or "*".')
    limit = LIMITS.get(request.action)
    if limit and len(re.sub(r"\s", "", request.form[name])) > limit:
        who = "role" if "Role" in request.action else "policy"
        text = f"Maximum policy size of {limit} bytes exceeded for {who}"
        raise Refusal("LimitExceeded", text, 409)


def trust_policy(request: Request, emulator: Emulator) -> None:
    """A trust policy without grammar, with a resource, or for nobody that exists.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    name = "PolicyDocument" if request.action.endswith("Policy") else "AssumeRolePolicyDocument"
    for statement in statements(iam_document(request, name)):
        if resources(statement):
            raise bad_document("Has prohibited field Resource")
        if "Principal" not in statement:
            raise bad_document("Missing required field Principal")
        if unknown := unknown_principal(statement, emulator):
            raise bad_document(f"Invalid principal in policy: {unknown}")


def iam_document(request: Request, name: str) -> dict[str, Any]:
    policy: dict[str, Any] | None = parsed(request.form.get(name))
    if policy is None:
        raise bad_document("Syntax errors in policy.")
    if problem := syntax_problem(policy):
        raise bad_document(problem)
    return policy


def bad_document(message: str) -> Refusal:
    return Refusal("MalformedPolicyDocument", message)


def key_policy(request: Request, emulator: Emulator) -> None:
    """A key policy without grammar, for nobody that exists, or that locks everybody out.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """
    text = request.json.get("Policy")
    if text is None:
        return
    policy = parsed(text)
    if policy is None or (syntax_problem(policy)):
        raise bad_key_policy("Policy is not valid JSON or breaks the policy grammar.")
    for statement in statements(policy):
        if unknown_principal(statement, emulator):
            raise bad_key_policy("Policy contains a statement with one or more invalid principals.")
    if not request.json.get("BypassPolicyLockoutSafetyCheck") and locks_out(
        policy, emulator.account(request.access_key)
    ):
        raise bad_key_policy(
            "The new key policy will not allow you to update the key policy in the future."
        )


def locks_out(policy: dict[str, Any], account: str) -> bool:
    """Tell whether nobody of the account could change a key's policy again."""
    return not any(
        s.get("Effect") == "Allow"
        and any(account in name or name == "*" for _, name in principals(s))
        for s in statements(policy)
    ) or not could(
        Question(f"arn:aws:iam::{account}:user/admin", "kms:PutKeyPolicy", KEY, account),
        [{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}],
        opened(policy, account),
    )


KEY = "arn:aws:kms:us-east-1:111122223333:key/any"


def opened(policy: dict[str, Any], account: str) -> dict[str, Any]:
    """Return a key's policy as if whom it names of the account were the account."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    return policy | {
        "Statement": [
            s | {"Principal": root}
            if s.get("Effect") == "Allow" and any(account in n for _, n in principals(s))
            else s
            for s in statements(policy)
        ]
    }


def bad_key_policy(message: str) -> Refusal:
    return Refusal("MalformedPolicyDocumentException", message)


def unknown_principal(statement: Statement, emulator: Emulator) -> str:
    """Return the first principal that does not exist, as AWS writes it; empty where all do."""
    for kind, name in principals(statement):
        if kind not in PRINCIPAL_KINDS or not exists(kind, name, emulator):
            return f'"{kind}":"{name}"'
    return ""


def exists(kind: str, name: str, emulator: Emulator) -> bool:
    """Tell whether a principal exists, as far as a sandbox can know: any account does."""
    if kind == "Service":
        return name == "*" or re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", name) is not None
    if kind != "AWS" or ACCOUNT.fullmatch(name) or GONE.fullmatch(name):
        return True
    if not (found := PERSON.fullmatch(name)):
        return False
    account, what, path = found.groups()
    if what == "user":
        answer = emulator.ask("iam", "get_user", account, UserName=path.rpartition("/")[2])
        return bool(answer and answer["User"]["Arn"] == name)
    role = path.partition("/")[0] if what == "assumed-role" else path.rpartition("/")[2]
    answer = emulator.ask("iam", "get_role", account, RoleName=role)
    return bool(answer and (what == "assumed-role" or answer["Role"]["Arn"] == name))


def attached_policy_exists(request: Request, emulator: Emulator) -> None:
    """A policy that is not there; of AWS's own, none is refused.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html
    """
    arn = request.form.get("PolicyArn", "")
    account = emulator.account(request.access_key)
    if (
        not AWS_POLICY.fullmatch(arn)
        and emulator.ask("iam", "get_policy", account, PolicyArn=arn) is None
    ):
        text = f"Policy {arn} does not exist or is not attachable."
        raise Refusal("NoSuchEntity", text, 404)


RULES = {
    "s3:PutBucketPolicy": [bucket_policy],
    "iam:PutRolePolicy": [identity_policy],
    "iam:PutUserPolicy": [identity_policy],
    "iam:PutGroupPolicy": [identity_policy],
    "iam:CreatePolicy": [identity_policy],
    "iam:CreatePolicyVersion": [identity_policy],
    "iam:CreateRole": [trust_policy],
    "iam:UpdateAssumeRolePolicy": [trust_policy],
    "iam:AttachRolePolicy": [attached_policy_exists],
    "iam:AttachUserPolicy": [attached_policy_exists],
    "kms:PutKeyPolicy": [key_policy],
    "kms:CreateKey": [key_policy],
}
