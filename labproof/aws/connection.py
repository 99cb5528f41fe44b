"""How AWS is reached: one connection per lab, described by the inventory's ``aws_*`` variables."""

from __future__ import annotations

import ssl
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from attrs import evolve, frozen
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from labproof.aws.errors import CREDENTIAL_CODES, AwsError, error_code, error_message
from labproof.labs.declaring import declared, of
from labproof.labs.values import ANY_TEXT

DEFAULT_REGION = "us-east-1"
# Adaptive mode slows down under throttling instead of failing: a class may share API limits.
CLIENT_CONFIG = Config(
    retries={"mode": "adaptive", "max_attempts": 6}, connect_timeout=5, read_timeout=60
)
# The first question is not worth long retries: where nobody answers, people should soon be told.
FIRST_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 2}, connect_timeout=5, read_timeout=10
)
# A key pair: what boto3 calls its parts (with aws_ before), and what STS does.
KEYS = {
    "access_key": ("access_key_id", "AccessKeyId"),
    "secret_key": ("secret_access_key", "SecretAccessKey"),
    "session_token": ("session_token", "SessionToken"),
}
# Making a client is not thread-safe, using it is.
# https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
MAKING = Lock()
# One session for all labs: the API models, 0.2 s to read, are read once in a process.
SHARED_SESSION = boto3.session.Session()


@frozen
class Connection:
    """Where the API is and who asks (shared variables ``aws_*`` of the inventory)."""

    region: str = of("aws_region", ANY_TEXT, "the region", default=DEFAULT_REGION)
    endpoint_url: str | None = of(
        "aws_endpoint_url", ANY_TEXT, "the address of the API", default_text="AWS itself"
    )
    http_endpoint_url: str | None = of(
        "aws_http_endpoint_url",
        ANY_TEXT,
        "the API's plain-HTTP address, only for the proof that HTTP is refused",
        default_text="S3's of the region",
    )
    ca_bundle: str | None = of(
        "aws_ca_bundle", ANY_TEXT, "the certificates to trust", default_text="those of the system"
    )
    access_key: str | None = of("aws_access_key", ANY_TEXT, "the access key of a key pair")
    secret_key: str | None = of(
        "aws_secret_key", ANY_TEXT, "the secret key of a key pair", secret=True
    )
    session_token: str | None = of(
        "aws_session_token", ANY_TEXT, "the token of a key pair that is temporary", secret=True
    )
    profile: str | None = of("aws_profile", ANY_TEXT, "a profile of `~/.aws`")
    assume_role_arn: str | None = of(
        "aws_assume_role_arn", ANY_TEXT, "a role to assume, as whoever the other variables say"
    )
    external_id: str | None = of(
        "aws_external_id", ANY_TEXT, "the external id with which that role is assumed", secret=True
    )
    account_id: str | None = of(
        "aws_account_id",
        ANY_TEXT,
        "the account expected there, in quotes; any other one stops the run",
        default_text="any",
    )

    @classmethod
    def from_variables(cls, variables: dict[str, Any]) -> Connection:
        """Build from inventory variables; what is empty counts as not set."""
        given = {
            field: variable.type.read(value)
            for field, variable in declared(cls).items()
            if (value := variables.get(variable.name))
        }
        return cls(**given)

    def client(self, service: str) -> Any:
        """Return a client of ``service``; made once per connection and process."""
        with MAKING:
            return _client(self, service)

    def resource(self, service: str) -> Any:
        """Return boto3's resource view of ``service``, for its batch operations."""
        return self._session().resource(service, config=CLIENT_CONFIG, **self._client_arguments())

    def identity(self) -> dict[str, str]:
        """Return who asks: ``{"account", "partition", "region"}``. Raises AwsError."""
        if self.ca_bundle and not Path(self.ca_bundle).is_file():
            raise AwsError(
                f"The CA bundle {self.ca_bundle} (aws_ca_bundle) does not exist: start the sandbox "
                "with `ansible-playbook playbooks/start-sandbox.yml`, or correct the path."
            )
        try:
            caller = self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise explain(error, self) from error
        except ValueError as error:  # what boto3 says to an endpoint that is no address
            raise AwsError(f"{error}: correct aws_endpoint_url, such as https://HOST.") from error
        partition = caller["Arn"].split(":")[1]
        return {"account": caller["Account"], "partition": partition, "region": self.region}

    def plain_http(self) -> Connection:
        """Return the same connection over plain HTTP, which a hardened bucket must refuse."""
        url = self.http_endpoint_url or f"http://s3.{self.region}.amazonaws.com"
        return evolve(self, endpoint_url=url, ca_bundle=None)

    def tls(self) -> ssl.SSLContext:
        """Return a TLS context that trusts the endpoint's certificate authority."""
        return ssl.create_default_context(cafile=self.ca_bundle)

    def anonymous_url(self, bucket: str, key: str) -> str:
        """Return the address at which anyone would read an object, without a signature."""
        options = self._client_options() | {
            "config": Config(signature_version=UNSIGNED, s3={"addressing_style": "auto"})
        }
        client = SHARED_SESSION.client("s3", **options)
        url: str = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}
        )
        return url

    def module_arguments(self) -> dict[str, str]:
        """Return the connection as arguments of ``amazon.aws`` modules.

        Raises AwsError when a role cannot be assumed.
        """
        keys = self._keys()
        arguments = {
            "region": self.region,
            "endpoint_url": self.endpoint_url,
            "aws_ca_bundle": self.ca_bundle,
            **keys,
            "profile": None if keys["access_key"] else self.profile,
        }
        return {name: value for name, value in arguments.items() if value}

    def _client_options(self) -> dict[str, Any]:
        return {
            "region_name": self.region,
            "endpoint_url": self.endpoint_url,
            "verify": self.ca_bundle or None,
        }

    def _own_keys(self) -> dict[str, str | None]:
        return {name: getattr(self, name) for name in KEYS}

    def _keys(self) -> dict[str, str | None]:
        """Return the key pair to ask with, those of the role where one is to be assumed."""
        return _assumed(self) if self.assume_role_arn else self._own_keys()

    def _client_arguments(self) -> dict[str, Any]:
        return self._client_options() | _as_boto3(self._keys())

    def _session(self) -> boto3.session.Session:
        if self.access_key or not self.profile:
            return SHARED_SESSION
        return boto3.session.Session(profile_name=self.profile)


def check_account(connection: Connection) -> dict[str, str]:
    """Return who asks: ``{"account", "partition", "region"}``.

    Raises AwsError when nobody answers, on refused credentials, or on another account than
    ``aws_account_id``.
    """
    identity = connection.identity()
    expected, found = connection.account_id, identity["account"]
    if expected and expected != found:
        raise AwsError(
            f"The credentials belong to account {found}, aws_account_id asks for {expected}: "
            "use that account's credentials, or correct aws_account_id."
        )
    return identity


def preload(services: tuple[str, ...]) -> None:
    """Read the services' API models once; processes forked later need not read them again."""
    for service in services:
        SHARED_SESSION.client(
            service,
            DEFAULT_REGION,
            aws_access_key_id="none",
            aws_secret_access_key="none",  # noqa: S106
        )


def _as_boto3(keys: dict[str, str | None]) -> dict[str, str | None]:
    return {f"aws_{boto3_name}": keys[name] for name, (boto3_name, _) in KEYS.items()}


@cache
def _assumed(connection: Connection) -> dict[str, str | None]:
    options = connection._client_options() | _as_boto3(connection._own_keys())
    sts = connection._session().client("sts", config=FIRST_CONFIG, **options)
    request = {"RoleArn": connection.assume_role_arn, "RoleSessionName": "labproof"}
    if connection.external_id:
        request["ExternalId"] = connection.external_id
    found = sts.assume_role(**request)["Credentials"]
    return {name: found[sts_name] for name, (_, sts_name) in KEYS.items()}


@cache
def _client(connection: Connection, service: str) -> Any:
    arguments = connection._client_arguments()
    config = FIRST_CONFIG if service == "sts" else CLIENT_CONFIG
    return connection._session().client(service, config=config, **arguments)


def explain(error: BotoCoreError | ClientError, connection: Connection) -> AwsError:
    """Turn an SDK error into one sentence: what was expected, what was found, what to do."""
    where = connection.endpoint_url or f"AWS in {connection.region}"
    if isinstance(error, ClientError):
        return _explain_refusal(error, connection)
    if isinstance(error, ProfileNotFound):
        return AwsError(
            f"The AWS profile {connection.profile!r} (aws_profile) does not exist on this machine: "
            "add it with `aws configure` or name another."
        )
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return AwsError(
            "No AWS credentials were found: set aws_profile, or aws_access_key and aws_secret_key, "
            "in the inventory."
        )
    if isinstance(error, (ConnectionError, HTTPClientError)):
        return AwsError(
            f"No AWS API answers at {where}: start the sandbox with `ansible-playbook "
            "playbooks/start-sandbox.yml`, or correct aws_endpoint_url."
        )
    return AwsError(f"The AWS call to {where} failed: {error}.")


def _explain_refusal(error: ClientError, connection: Connection) -> AwsError:
    code, operation = error_code(error), error.operation_name
    key = "the key in aws_access_key" if connection.access_key else "the default credentials"
    who = connection.assume_role_arn or connection.profile or key
    if code in CREDENTIAL_CODES:
        return AwsError(
            f"AWS refused the credentials of {who} ({code}): renew them, or correct the aws_* "
            "variables of this host."
        )
    return AwsError(f"AWS answered {code} to {operation} ({error_message(error)}); asked by {who}.")
