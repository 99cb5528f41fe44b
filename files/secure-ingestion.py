"""Write the valid records of each uploaded JSON file to DynamoDB, and reject the others loudly.

Trigger: new objects in the landing bucket, reported by S3 itself or through EventBridge. The
environment variable TABLE_NAME names the table: partition key device_id, sort key timestamp.

A file is a JSON array of objects. A record is valid with device_id and timestamp (ISO 8601), both
non-empty strings, and value, a number; further fields may hold a string, a number, a boolean or
null. It is stored as written; of several with one device_id and timestamp, the last one stays.
A record that is not valid, or larger than 400 KB, is logged with its index and reason, and the
others are written. Where a file stops being a JSON array of UTF-8, an ERROR line says why and
where, and what came before is written. Neither raises: a retry would read the same file again.
What AWS refuses, and what is not written before the time is up, does raise; then Lambda tries
the file again, which writes the same items.

A file is read a piece at a time, so its size is limited by the function's time-out alone. The
role needs s3:GetObject and s3:GetObjectVersion on the objects, dynamodb:BatchWriteItem on the
table, and kms:Decrypt on the key that encrypts the bucket.
"""

import codecs
import json
import os
import random
import re
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Context, Decimal, DecimalException, Inexact, InvalidOperation, Overflow, Subnormal
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TABLE_NAME = os.environ.get("TABLE_NAME", "")

CHUNK_SIZE = 64 * 1024
MAX_RECORD_SIZE = 400 * 1024
MAX_DEPTH = 1000
# The longest that JSON's numbers and names can go on behind a cut and still change: "-Infinity".
LOOKAHEAD = 9
...
