"""What AWS accepts as a name. Each rule answers with a sentence, or None where the name is fine."""

from __future__ import annotations

import re
from collections.abc import Callable

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html
ACCOUNT_REGIONAL = re.compile(r"[a-z0-9].*-\d{12}-[a-z]{2,}(-[a-z]+)+-\d+-an", re.ASCII)


def bucket_problem(name: str) -> str | None:
    """Say why S3 would refuse ``name`` for a general purpose bucket."""
    if not 3 <= len(name) <= 63:
        return f"has {len(name)} characters, S3 asks for 3 to 63"
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*[a-z0-9]", name):
        return (
            "may only hold lower-case letters, digits, hyphens and dots, and must begin and end "
            "with a letter or digit"
        )
    if ".." in name:
        return "holds two dots in a row, which S3 refuses"
    if re.fullmatch(r"(\d{1,3}\.){3}\d{1,3}", name):
        return "looks like an IP address, which S3 refuses"
    return _reserved(name)


def _reserved(name: str) -> str | None:
    for prefix in BUCKET_PREFIXES:
        if name.startswith(prefix):
            return f"begins with {prefix!r}, which S3 keeps for itself"
    for suffix in BUCKET_SUFFIXES:
        if name.endswith(suffix):
            return f"ends with {suffix!r}, which S3 keeps for itself"
    if name.endswith("-an") and not ACCOUNT_REGIONAL.fullmatch(name):
        return "ends with '-an', which S3 keeps for names of the form PREFIX-ACCOUNT-REGION-an"
    return None


def _pattern(expression: str, wanted: str) -> Callable[[str], str | None]:
    compiled = re.compile(expression, re.ASCII)
    return lambda name: None if compiled.fullmatch(name) else wanted


# https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
function_problem = _pattern(
    r"[A-Za-z0-9_-]{1,64}", "must be 1 to 64 letters, digits, hyphens or underscores"
)
# https://docs.aws.amazon.com/lambda/latest/api/API_Environment.html
variable_problem = _pattern(
    r"[A-Za-z][A-Za-z0-9_]+", "must be a letter and then letters, digits or underscores"
)
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
role_problem = _pattern(
    r"[\w+=,.@-]{1,64}", "must be 1 to 64 letters, digits or any of _ + = , . @ -"
)
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
policy_problem = _pattern(
    r"[\w+=,.@-]{1,128}", "must be 1 to 128 letters, digits or any of _ + = , . @ -"
)
# https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
alias_problem = _pattern(
    r"alias/(?!aws/)[A-Za-z0-9/_-]{1,250}",
    "must be alias/ and a name of letters, digits, slashes, hyphens or underscores, not alias/aws/",
)
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
trail_problem = _pattern(
    r"(?=.{3,128}$)(?!.*[._-]{2})(?!(\d{1,3}\.){3}\d{1,3}$)[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]",
    "must be 3 to 128 letters, digits, dots, underscores or hyphens, no two signs in a row",
)
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
table_problem = _pattern(
    r"[A-Za-z0-9_.-]{3,255}", "must be 3 to 255 letters, digits, dots, hyphens or underscores"
)
index_problem = table_problem
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html (FIFO topics want a group id)
topic_problem = _pattern(
    r"[A-Za-z0-9_-]{1,256}", "must be 1 to 256 letters, digits, hyphens or underscores"
)
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
stack_problem = _pattern(
    r"[A-Za-z][A-Za-z0-9-]{0,127}", "must be a letter and then up to 127 letters, digits or hyphens"
)
