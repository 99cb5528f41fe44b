"""What Lambda refuses of a function: roles that it cannot assume, runtimes that it does not have.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from labproof.analysis.policies import lambda_may_assume
from labproof.sandbox.strict.refusal import Refusal
from labproof.sandbox.strict.request import Request

if TYPE_CHECKING:
    from labproof.sandbox.strict.emulator import Emulator

INVALID = "InvalidParameterValueException"
# Runtimes of which the SDK's model still tells, but that no function can be given any more:
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html#runtimes-deprecated
RETIRED = frozenset(
    {
        *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x"),
        *("nodejs12.x", "nodejs14.x", "nodejs16.x", "java8", "python2.7", "python3.6", "python3.7"),
        *(
            "python3.8",
            "dotnetcore1.0",
            "dotnetcore2.0",
            "dotnetcore2.1",
            "dotnetcore3.1",
            "dotnet5.0",
        ),
        *("dotnet6", "dotnet7", "go1.x", "ruby2.5", "ruby2.7", "provided"),
    }
)


def runtime_is_offered(request: Request, _: Emulator) -> None:
    """A runtime that Lambda does not have, or has given up.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    """
    runtime = request.json.get("Runtime")
    if runtime is None:
        return
    if runtime in RETIRED:
        raise Refusal(
            INVALID,
            f"The runtime parameter of {runtime} is no longer supported for creating or updating "
            "AWS Lambda functions. We recommend you use a supported runtime while creating or "
            "updating functions.",
        )
    if runtime not in runtimes():
        raise Refusal(
            INVALID,
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{', '.join(sorted(runtimes() - RETIRED))}] or be a valid ARN",
        )


def role_can_be_assumed(request: Request, emulator: Emulator) -> None:
    """A role that is not there, or that Lambda may not assume.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """
    role = request.json.get("Role")
    if not isinstance(role, str):
        return
    name, account = role.rpartition("/")[2], role.split(":")[4:5]
    found = emulator.ask("iam", "get_role", account[0] if account else "", RoleName=name)
    trust = found and found["Role"]["Arn"] == role and found["Role"]["AssumeRolePolicyDocument"]
    if not trust or not lambda_may_assume(trust):
        why = "The role defined for the function cannot be assumed by Lambda."
        raise Refusal(INVALID, why)


@cache
def runtimes() -> frozenset[str]:
    """Return the runtimes that the SDK's model of Lambda names."""
    import botocore.session  # late, for the server shall start soon

    model = botocore.session.get_session().get_service_model("lambda")
    return frozenset(model.shape_for("Runtime").enum)


RULES = {
    "lambda:CreateFunction": [runtime_is_offered, role_can_be_assumed],
    "lambda:UpdateFunctionConfiguration": [runtime_is_offered, role_can_be_assumed],
}
