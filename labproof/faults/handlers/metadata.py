"""Write an item of metadata about each upload."""

from datetime import UTC, datetime
from typing import Any

import boto3

from labproof.faults.handlers.events import uploads

TABLE = "$table"
TOPIC = "$topic"

s3 = boto3.client("s3")
dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")


def lambda_handler(event: Any, context: Any) -> None:
    for bucket, key, stored in uploads(event):
        work(bucket, key, stored)
        tell(key, context.invoked_function_arn)
        print(f"recorded {key}")


def work(bucket: str, key: str, stored: dict[str, Any]) -> None:
    item = {
        "ObjectKey": {"S": key},
        "BucketName": {"S": bucket},
        "FileSize": {"N": str(stored["size"])},
        "ETag": {"S": stored["eTag"]},
        "UploadTime": {"S": stored["time"]},
        "ProcessedAt": {"S": datetime.now(UTC).isoformat()},
    }
    dynamodb.put_item(TableName=TABLE, Item=item)


def tell(key: str, function_arn: str) -> None:
    if TOPIC:  # not every lab has one
        _, partition, _, region, account, *_ = function_arn.split(":")
        sns.publish(TopicArn=f"arn:{partition}:sns:{region}:{account}:{TOPIC}", Message=key)
