"""Read what exists in a lab's account. Evidence only, no judgement.

What AWS says does not exist is ``None``. What could not be read (denied, throttled, timed out) is
``{"error": {"call", "code", "message"}}`` in its place, so that unknown never looks like absent.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import re
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from botocore.exceptions import BotoCoreError, ClientError

from labproof.aws import Connection, error_code, is_absent
from labproof.labs import Lab
from labproof.logs import invocations, is_report, is_trouble

SERVICES = ("s3", "iam", "dynamodb", "lambda", "logs")
NAMING_VARIABLES = ("TABLE_NAME", "BUCKET", "TOPIC_ARN")
SECRET_NAMES = re.compile(
    r"SECRET|PASSWORD|TOKEN|CREDENTIAL|(API|ACCESS|PRIVATE)_?KEY", re.IGNORECASE
)
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (unique ids)
SECRET_VALUES = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|\bgh[pousr]_\w{36}")
OPTIONAL_SERVICES = {"kms": "key", "cloudtrail": "trail"}
MAX_LOG_EVENTS = 5000
MAX_LINE = 500
SAMPLE = "sample.zip"
MAX_ARCHIVE_BYTES = 60_000_000  # Lambda takes 50 MB of zip archive
MAX_CODE_BYTES = 1_000_000
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
    http.client.HTTPException,
    zipfile.BadZipFile,
    zlib.error,
)
BUCKET_CALLS = {
    "public_access_block": ("get_public_access_block", "PublicAccessBlockConfiguration"),
    "policy": ("get_bucket_policy", "Policy"),
    "acl": ("get_bucket_acl", None),
    "notification": ("get_bucket_notification_configuration", None),
    "versioning": ("get_bucket_versioning", "Status"),
    "encryption": ("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
    "tags": ("get_bucket_tagging", "TagSet"),
}


def ask(client: Any, operation: str, field: str | None = None, **request: Any) -> Any:
    """Call AWS once; return the response (or one field of it), None, or an error as data."""
    try:
        response = getattr(client, operation)(**request)
    except ClientError as error:
        if is_absent(error):
            return None
        message = str(error.response.get("Error", {}).get("Message", ""))
        return {"error": {"call": operation, "code": error_code(error), "message": message}}
    except BotoCoreError as error:
        return {
            "error": {"call": operation, "code": type(error).__name__, "message": str(error)[:500]}
        }
    response.pop("ResponseMetadata", None)
    return response if field is None else response.get(field)


def is_error(value: Any) -> bool:
    """Tell whether a reading failed."""
    return isinstance(value, dict) and set(value) == {"error"}


def read_bucket(connection: Connection, name: str) -> Any:
    """Return a bucket's configuration; None when it does not exist."""
    s3 = connection.client("s3")
    head = ask(s3, "head_bucket", Bucket=name)
    if head is None or is_error(head):
        return head
    found = {
        part: ask(s3, operation, field, Bucket=name)
        for part, (operation, field) in BUCKET_CALLS.items()
    }
    return found | {"name": name, "policy": _parsed(found["policy"]), "tags": _tags(found["tags"])}


def read_role(connection: Connection, name: str) -> Any:
    """Return a role: ARN, trust policy, tags, attached and inline policies; None when absent."""
    iam = connection.client("iam")
    role = ask(iam, "get_role", "Role", RoleName=name)
    if role is None or is_error(role):
        return role
    return {
        "name": name,
        "arn": role["Arn"],
        "trust": _document(role["AssumeRolePolicyDocument"]),
        "boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "tags": _tags(ask(iam, "list_role_tags", "Tags", RoleName=name)),
        "attached": _attached(iam, name),
        "inline": _inline(iam, name),
    }


def read_table(connection: Connection, name: str) -> Any:
    """Return a table: status, key schema with types, billing, tags; None when absent."""
    dynamodb = connection.client("dynamodb")
    table = ask(dynamodb, "describe_table", "Table", TableName=name)
    if table is None or is_error(table):
        return table
    types = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    tags = ask(dynamodb, "list_tags_of_resource", "Tags", ResourceArn=table["TableArn"])
    return {
        "name": name,
        "arn": table["TableArn"],
        "status": table["TableStatus"],
        "key": [
            {"name": k["AttributeName"], "role": k["KeyType"], "type": types[k["AttributeName"]]}
            for k in table["KeySchema"]
        ],
        "billing": table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"),
        "encryption": table.get("SSEDescription"),
        "recovery": ask(
            dynamodb,
            "describe_continuous_backups",
            "ContinuousBackupsDescription",
            TableName=name,
        ),
        "tags": _tags(tags),
    }


def read_function(connection: Connection, name: str) -> Any:
    """Return a function: configuration, resource policy, source files, tags; None when absent.

    Of the environment's values only names of buckets, tables and topics enter the evidence; of any
    other, whether it looks like a secret.
    """
    client = connection.client("lambda")
    found = ask(client, "get_function", FunctionName=name)
    if found is None or is_error(found):
        return found
    config = found["Configuration"]
    return {
        "name": name,
        "arn": config["FunctionArn"],
        "state": config.get("State"),
        "runtime": config.get("Runtime"),
        "handler": config.get("Handler"),
        "role": config.get("Role"),
        "environment": _environment(config.get("Environment", {}).get("Variables", {})),
        "policy": _parsed(ask(client, "get_policy", "Policy", FunctionName=name)),
        "files": _source_files(connection, found.get("Code", {}).get("Location")),
        "tags": _function_tags(found),
    }


def read_log_group(connection: Connection, name: str) -> dict[str, Any] | None:
    """Return a log group: name, retention in days, tags; None when absent."""
    logs = connection.client("logs")
    groups = ask(logs, "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    if is_error(groups):
        return dict(groups)
    group = next((g for g in groups or [] if g["logGroupName"] == name), None)
    if group is None:
        return None
    arn = group["arn"].removesuffix(":*")
    return {
        "name": name,
        "retention_days": group.get("retentionInDays"),
        "tags": ask(logs, "list_tags_for_resource", "tags", resourceArn=arn),
    }


def read_key(connection: Connection, alias: str) -> Any:
    """Return a KMS key by its alias: ARN, state, rotation, policy, tags; None when absent.

    A key that waits for its deletion is read like any other.
    """
    kms = connection.client("kms")
    key = ask(kms, "describe_key", "KeyMetadata", KeyId=alias)
    if key is None or is_error(key):
        return key
    name = key["KeyId"]
    tags = ask(kms, "list_resource_tags", "Tags", KeyId=name)
    policy = ask(kms, "get_key_policy", "Policy", KeyId=name, PolicyName="default")
    return {
        "name": alias,
        "arn": key["Arn"],
        "manager": key["KeyManager"],
        "spec": key.get("KeySpec"),
        "state": key["KeyState"],
        "rotates": ask(kms, "get_key_rotation_status", "KeyRotationEnabled", KeyId=name),
        "policy": _parsed(policy),
        "tags": tags if is_error(tags) else {t["TagKey"]: t["TagValue"] for t in tags or []},
    }


def read_trail(connection: Connection, name: str) -> Any:
    """Return a trail: its configuration, status, event selectors, tags; None when absent."""
    cloudtrail = connection.client("cloudtrail")
    trail = ask(cloudtrail, "get_trail", "Trail", Name=name)
    if trail is None or is_error(trail):
        return trail
    arn = trail["TrailARN"]
    listed = ask(cloudtrail, "list_tags", "ResourceTagList", ResourceIdList=[arn])
    if not is_error(listed):
        listed = {t["Key"]: t.get("Value", "") for r in listed or [] for t in r["TagsList"]}
    return {
        "name": name,
        "arn": arn,
        "bucket": trail.get("S3BucketName"),
        "multi_region": trail.get("IsMultiRegionTrail"),
        "validated": trail.get("LogFileValidationEnabled"),
        "logging": ask(cloudtrail, "get_trail_status", "IsLogging", Name=name),
        "selectors": ask(cloudtrail, "get_event_selectors", TrailName=name),
        "tags": listed,
    }


def read_rules(connection: Connection, function_arn: str) -> Any:
    """Return the EventBridge rules that invoke a function: name, ARN, state, pattern."""
    events = connection.client("events")
    names = ask(events, "list_rule_names_by_target", "RuleNames", TargetArn=function_arn)
    if is_error(names):
        return names
    rules = [ask(events, "describe_rule", Name=name) for name in names or []]
    return [
        {
            "name": rule["Name"],
            "arn": rule["Arn"],
            "state": rule["State"],
            "pattern": _parsed(rule.get("EventPattern")),
        }
        for rule in rules
        if rule is not None and not is_error(rule)
    ]


def read_invocations(connection: Connection, function: str, since_ms: int) -> dict[str, Any]:
    """Return a function's log since a time.

    Shape: ``{"log": [line], "errors": [line], "reports": n, "invocations": [[line]]}``.
    """
    pages = (
        connection.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=f"/aws/lambda/{function}",
            startTime=since_ms - 1000,
            PaginationConfig={"MaxItems": MAX_LOG_EVENTS},
        )
    )
    try:
        events = [event for page in pages for event in page["events"]]
    except ClientError as error:
        if not is_absent(error):
            raise
        events = []
    lines = [event["message"].rstrip() for event in events]
    return {
        "log": lines,
        "errors": [line[:MAX_LINE] for line in lines if is_trouble(line, "")],
        "reports": sum(is_report(line) for line in lines),
        "invocations": [[e["message"].rstrip() for e in one] for one in invocations(events)],
    }


def read_lab(lab: Lab, connection: Connection) -> dict[str, Any]:
    """Return all that exists of a lab, read concurrently: ``{part: evidence | None}``."""
    parts: dict[str, tuple[Callable[..., Any], str | None]] = {
        "source_bucket": (read_bucket, lab.source_bucket),
        "destination_bucket": (read_bucket, lab.destination_bucket),
        "role": (read_role, lab.role),
        "table": (read_table, lab.table),
        "function": (read_function, lab.function),
        "log_group": (read_log_group, f"/aws/lambda/{lab.function}"),
        "key": (read_key, lab.key_alias),
        "trail": (read_trail, lab.trail),
        "trail_bucket": (read_bucket, lab.trail_bucket),
        "trail_role": (read_role, lab.trail_role),
        "trail_log_group": (read_log_group, lab.trail_role and f"/aws/cloudtrail/{lab.trail}"),
        "log_bucket": (read_bucket, lab.log_bucket),
    }
    more = [service for service, part in OPTIONAL_SERVICES.items() if parts[part][1]]
    for service in (*SERVICES, *more):  # made here, since making clients is not thread-safe
        connection.client(service)
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        futures = {
            part: pool.submit(reader, connection, name)
            for part, (reader, name) in parts.items()
            if name
        }
        return {part: future.result() for part, future in futures.items()}


def read_permissions(
    connection: Connection, role_arn: str, wanted: dict[str, tuple[str, str]]
) -> dict[str, Any]:
    """Ask IAM what a role may do by its own policies: ``{name: "allowed" | …}``.

    ``wanted`` gives an action and a resource for each name. One resource a call, since the sandbox
    answers for the first one only.
    """
    iam = connection.client("iam")

    def decide(action: str, resource: str) -> Any:
        results = ask(
            iam,
            "simulate_principal_policy",
            "EvaluationResults",
            PolicySourceArn=role_arn,
            ActionNames=[action],
            ResourceArns=[resource],
        )
        return results[0]["EvalDecision"] if isinstance(results, list) else results

    return {name: decide(action, resource) for name, (action, resource) in wanted.items()}


def read_users(connection: Connection, wanted: dict[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Return what each IAM user may do of ``wanted``: ``{user: [name]}``, but administrators."""
    iam = connection.client("iam")
    found = {}
    for page in iam.get_paginator("list_users").paginate():
        for user in page["Users"]:
            rights = read_permissions(
                connection, user["Arn"], wanted | {"everything": ("iam:CreateUser", "*")}
            )
            if rights.pop("everything") != "allowed":
                found[user["UserName"]] = [n for n, answer in rights.items() if answer == "allowed"]
    return found


def read_samples(connection: Connection, bucket: str) -> Any:
    """Return the SHA-256 of each ``sample.zip`` in a bucket: the plain key, then verify's uploads.

    Where there is none, but something could not be read, that error is returned.
    """
    s3 = connection.client("s3")
    listed = ask(s3, "list_objects_v2", "Contents", Bucket=bucket, Prefix="verify/") or []
    errors = [listed] if is_error(listed) else []
    keys = [e["Key"] for e in listed if e["Key"].endswith(f"/{SAMPLE}")] if not errors else []
    found = [_sha256(ask(s3, "get_object", "Body", Bucket=bucket, Key=k)) for k in (SAMPLE, *keys)]
    errors += [digest for digest in found if is_error(digest)]
    return [digest for digest in found if isinstance(digest, str)] or next(iter(errors), [])


def read_metrics(
    connection: Connection, function: str, since_ms: int, wanted: int, timeout: float = 600
) -> dict[str, float]:
    """Return the sums of a function's Invocations and Errors since a time.

    Waits until ``wanted`` invocations are counted, or ``timeout`` seconds are over.
    """
    metrics = dict.fromkeys(("Invocations", "Errors"), ("AWS/Lambda", "FunctionName", function))
    return _sums(connection, metrics, since_ms, wanted, timeout)


def read_write_metrics(
    connection: Connection, table: str, since_ms: int, wanted: int, timeout: float = 600
) -> float:
    """Return a table's consumed write capacity units since a time; waits like read_metrics."""
    name = "ConsumedWriteCapacityUnits"
    metrics = {name: ("AWS/DynamoDB", "TableName", table)}
    return _sums(connection, metrics, since_ms, wanted, timeout)[name]


def _sums(
    connection: Connection,
    metrics: dict[str, tuple[str, str, str]],
    since_ms: int,
    wanted: int,
    timeout: float,
) -> dict[str, float]:
    """Sum up CloudWatch metrics, which AWS publishes with minutes of delay."""
    cloudwatch, deadline, pause = connection.client("cloudwatch"), time.monotonic() + timeout, 5.0
    while True:
        sums = {
            name: sum(
                point["Sum"]
                for point in cloudwatch.get_metric_statistics(
                    Namespace=namespace,
                    MetricName=name,
                    Dimensions=[{"Name": dimension, "Value": value}],
                    StartTime=datetime.fromtimestamp(since_ms // 60_000 * 60, UTC),
                    EndTime=datetime.now(UTC),
                    Period=60,
                    Statistics=["Sum"],
                )["Datapoints"]
            )
            for name, (namespace, dimension, value) in metrics.items()
        }
        if next(iter(sums.values())) >= wanted or time.monotonic() > deadline:
            return sums
        time.sleep(pause)
        pause = min(pause * 1.5, 30.0)


def _sha256(body: Any) -> Any:
    if body is None or is_error(body):
        return body
    digest = hashlib.sha256()
    for chunk in body.iter_chunks(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document


def _document(document: Any) -> Any:
    """IAM documents arrive parsed by botocore, or URL-encoded from lesser endpoints."""
    return json.loads(unquote(document)) if isinstance(document, str) else document


def _tags(pairs: Any) -> Any:
    if pairs is None or is_error(pairs):
        return pairs or {}
    return {pair["Key"]: pair["Value"] for pair in pairs}


def _function_tags(function: dict[str, Any]) -> Any:
    """GetFunction leaves tags out, and says why, where they may not be read."""
    if refused := function.get("TagsError"):
        code, message = refused.get("ErrorCode", ""), refused.get("Message", "")
        return {"error": {"call": "list_tags", "code": code, "message": message}}
    return function.get("Tags", {})


def _environment(variables: dict[str, str]) -> dict[str, Any]:
    return {
        name: {
            "value": value if name.endswith(NAMING_VARIABLES) else None,
            "secret": bool(SECRET_NAMES.search(name) or SECRET_VALUES.search(value)),
        }
        for name, value in variables.items()
    }


def _attached(iam: Any, role: str) -> Any:
    attached = ask(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    if is_error(attached):
        return attached
    return [
        {
            "name": p["PolicyName"],
            "arn": p["PolicyArn"],
            "document": _managed_document(iam, p["PolicyArn"]),
        }
        for p in attached or []
    ]


def _managed_document(iam: Any, arn: str) -> Any:
    """Return the version of a managed policy that is in effect."""
    policy = ask(iam, "get_policy", "Policy", PolicyArn=arn)
    if policy is None or is_error(policy):
        return policy
    version = ask(
        iam,
        "get_policy_version",
        "PolicyVersion",
        PolicyArn=arn,
        VersionId=policy["DefaultVersionId"],
    )
    return version if version is None or is_error(version) else _document(version["Document"])


def _inline(iam: Any, role: str) -> Any:
    names = ask(iam, "list_role_policies", "PolicyNames", RoleName=role)
    if is_error(names):
        return names
    return {
        name: _document(
            ask(iam, "get_role_policy", "PolicyDocument", RoleName=role, PolicyName=name)
        )
        for name in names or []
    }


def _source_files(connection: Connection, location: str | None) -> Any:
    """Return the Python files of the deployed package: ``{name: text}``, bounded in size."""
    if not location:
        return {}
    try:
        with urllib.request.urlopen(  # noqa: S310 - the address is Lambda's answer
            location, timeout=20, context=connection.tls()
        ) as response:
            return _python_files(zipfile.ZipFile(io.BytesIO(response.read(MAX_ARCHIVE_BYTES))))
    except UNREADABLE as error:
        return {"error": {"call": "Code.Location", "code": type(error).__name__, "message": ""}}


def _python_files(archive: zipfile.ZipFile) -> dict[str, str]:
    """Take the learner's own files, which lie on top, before those of bundled packages."""
    members = [m for m in archive.infolist() if m.filename.endswith(".py")]
    files, room = {}, MAX_CODE_BYTES
    for member in sorted(members, key=lambda m: m.filename.count("/")):
        if member.file_size <= room:
            files[member.filename] = archive.read(member).decode("utf-8", "replace")
            room -= member.file_size
    return files
