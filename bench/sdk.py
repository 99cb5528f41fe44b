"""The xfusion lab as a plain script over the SDK."""

from __future__ import annotations

import json
import os
from pathlib import Path

import boto3

PUBLIC, PRIVATE = "xfusion-public-22769", "xfusion-private-19821"
FUNCTION, TABLE, ROLE = "xfusion-copyfunction", "xfusion-S3CopyLogs", "lambda_execution_role"
SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
POLICIES = (
    "AmazonS3FullAccess",
    "AmazonDynamoDBFullAccess",
    "service-role/AWSLambdaBasicExecutionRole",
)


def document(**statement: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def main() -> None:
    s3, iam, dynamodb = boto3.client("s3"), boto3.client("iam"), boto3.client("dynamodb")
    functions, logs = boto3.client("lambda"), boto3.client("logs")
    account = boto3.client("sts").get_caller_identity()["Account"]
    for bucket, blocked in ((PUBLIC, False), (PRIVATE, True)):
        s3.create_bucket(Bucket=bucket)
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(SETTINGS, blocked)
        )
    readable = document(Principal="*", Action="s3:GetObject", Resource=f"arn:aws:s3:::{PUBLIC}/*")
    s3.put_bucket_policy(Bucket=PUBLIC, Policy=readable)
    trust = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    role = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)["Role"]
    for policy in POLICIES:
        iam.attach_role_policy(RoleName=ROLE, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "LogID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LogID", "KeyType": "HASH"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=TABLE)
    logs.create_log_group(logGroupName=f"/aws/lambda/{FUNCTION}")
    logs.put_retention_policy(logGroupName=f"/aws/lambda/{FUNCTION}", retentionInDays=14)
    function = functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.14",
        Handler="lambda_function.lambda_handler",
        Timeout=300,
        Role=role["Arn"],
        Code={"ZipFile": Path(os.environ["FUNCTION_ZIP"]).read_bytes()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)
    functions.add_permission(
        FunctionName=FUNCTION,
        StatementId=f"invoke-{FUNCTION}",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{PUBLIC}",
        SourceAccount=account,
    )
    configuration = {
        "LambdaFunctionArn": function["FunctionArn"],
        "Events": ["s3:ObjectCreated:Put"],
    }
    s3.put_bucket_notification_configuration(
        Bucket=PUBLIC,
        NotificationConfiguration={"LambdaFunctionConfigurations": [configuration]},
    )


if __name__ == "__main__":
    main()
