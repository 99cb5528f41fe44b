"""Free ports, clients, roles and functions for the tests of the sandbox."""

import io
import json
import secrets
import socket
import zipfile
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config

from labproof.sandbox import Sandbox

ACCOUNT = "111111111111"
TRUST_LAMBDA = {"Service": "lambda.amazonaws.com"}


def free_port() -> int:
    """A port that is free, as is the next one; outside the range that systems give to clients."""
    while True:
        port = 20000 + secrets.randbelow(10000)
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


def policy(*statements: dict[str, Any]) -> str:
    """A policy document of these statements, each an Allow unless it says otherwise."""
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def client(sandbox: Sandbox, service: str, account: str = ACCOUNT, **options: Any) -> Any:
    """A client with the keys of an account's root, unless `options` has others."""
    settings = {
        "endpoint_url": sandbox.endpoint_url,
        "verify": str(sandbox.ca_bundle),
        "region_name": "us-east-1",
        "aws_access_key_id": account,
        "aws_secret_access_key": "any",
        "config": Config(retries={"total_max_attempts": 1}),
    }
    return boto3.client(service, **settings | options)


def create_role(sandbox: Sandbox, name: str, principal: Any, *statements: dict[str, Any]) -> str:
    """A role that `principal` may assume, with one inline policy; returns its ARN."""
    iam = client(sandbox, "iam")
    trust = policy({"Principal": principal, "Action": "sts:AssumeRole"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=policy(*statements))
    arn: str = role["Role"]["Arn"]
    return arn


def assume(sandbox: Sandbox, role_arn: str) -> dict[str, str]:
    """The keys of a session of the role, as options of `client`."""
    sts = client(sandbox, "sts")
    keys = sts.assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    return {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretAccessKey"],
        "aws_session_token": keys["SessionToken"],
    }


def create_function(sandbox: Sandbox, name: str, role_arn: str, source: str) -> str:
    """A Python function whose handler is `handler` in `source`; returns its ARN."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        files.writestr("function.py", source)
    function = client(sandbox, "lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role_arn,
        Handler="function.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
    )
    arn: str = function["FunctionArn"]
    return arn
