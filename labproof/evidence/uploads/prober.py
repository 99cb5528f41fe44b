"""A role that asks as a stranger to the root user's privileges, made and removed again."""

from __future__ import annotations

import json
import secrets
from types import TracebackType

from attrs import evolve
from botocore.exceptions import ClientError

from labproof.aws.connection import Connection


class Prober:
    """A connection that is bound by bucket policies, as a context.

    Where the caller is the root user of a sandbox, a role that may list ``bucket`` is made, assumed
    and removed; anyone else asks in their own name: on AWS a bucket's denial binds root too, and
    root may not assume roles.
    """

    def __init__(self, connection: Connection, bucket: str) -> None:
        self.connection, self.bucket = connection, bucket
        self.role: str | None = None

    def __enter__(self) -> Connection:
        sts, iam = self.connection.client("sts"), self.connection.client("iam")
        caller = sts.get_caller_identity()["Arn"]
        if not (caller.endswith(":root") and self.connection.endpoint_url):
            return self.connection
        partition = caller.split(":")[1]
        self.role = f"labproof-prober-{secrets.token_hex(4)}"
        trust = self._document(Principal={"AWS": caller}, Action="sts:AssumeRole")
        role = iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=trust)["Role"]
        rights = self._document(
            Action="s3:ListBucket", Resource=f"arn:{partition}:s3:::{self.bucket}"
        )
        try:
            iam.put_role_policy(RoleName=self.role, PolicyName="list", PolicyDocument=rights)
        except ClientError:
            iam.delete_role(RoleName=self.role)
            raise
        return evolve(self.connection, assume_role_arn=role["Arn"])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.role:
            iam = self.connection.client("iam")
            iam.delete_role_policy(RoleName=self.role, PolicyName="list")
            iam.delete_role(RoleName=self.role)

    def _document(self, **statement: object) -> str:
        whole = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
        return json.dumps(whole)
