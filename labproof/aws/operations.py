"""Every operation that is asked of AWS: the rights that it needs, and what it calls absence.

``purposes`` are the statements of the grader's policy that an operation is needed for (each is on
resources of its own, :mod:`labproof.building.grader_rights`); one without any is asked only while
a lab is built or broken, or needs no right. Rights are those of
https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One operation; ``service`` and ``name`` are those of boto3's client and its method.

    ``rights`` are IAM actions, by default the one of the operation's name. ``absent`` are the error
    codes that say that the thing asked for does not exist; any other code is an error.
    """

    service: str
    name: str
    purposes: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def api_name(self) -> str:
        """The name that AWS has for it: ``GetBucketPolicy``."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def actions(self) -> tuple[str, ...]:
        """The IAM actions that it needs, the usual one first."""
        return self.rights or (f"{self.service}:{self.api_name}",)


NO_ENTITY, NO_RESOURCE = ("NoSuchEntity",), ("ResourceNotFoundException",)
NO_BUCKET, NO_OBJECT = ("NoSuchBucket",), ("NoSuchKey", "NoSuchBucket", "404")
NO_BLOCK = ("NoSuchPublicAccessBlockConfiguration",)
NO_TRAIL, NO_TOPIC = ("TrailNotFoundException",), ("NotFound",)
SOURCE, BUCKETS = ("ReadSource",), ("ReadSource", "ReadDestination")
OBJECTS = ("Upload", "ReadCopies")
LIST, READ_BLOCK = ("s3:ListBucket",), ("s3:GetBucketPublicAccessBlock",)
# A bucket may keep versions, or not, against what the lab asks for.
READ_OBJECT = ("s3:GetObject", "s3:GetObjectVersion")
DELETE_OBJECT = ("s3:DeleteObject", "s3:DeleteObjectVersion")
UPLOAD = {"purposes": ("Upload",), "rights": ("s3:PutObject",), "absent": NO_BUCKET}
ROLE = {"purposes": ("ReadRole",), "absent": NO_ENTITY}
POLICY = {"purposes": ("ReadPolicies",), "absent": NO_ENTITY}
TABLE = {"purposes": ("ReadTable",)}
ITEMS = ("ScanItems", "QueryItems")
FUNCTION = {"purposes": ("ReadFunction",), "absent": NO_RESOURCE}
RULE = {"purposes": ("ReadRules",), "absent": NO_RESOURCE}
KEY = {"purposes": ("ReadKey",)}
TRAIL = {"purposes": ("ReadTrail",), "absent": NO_TRAIL}
TOPIC = {"purposes": ("HearTopic",), "absent": NO_TOPIC}
QUEUE = {"purposes": ("OwnQueues",)}
STACK = {"purposes": ("ReadStack",)}

OPERATIONS = (
    Operation("s3", "head_bucket", (*BUCKETS, "SeeTrailBucket"), LIST, ("404", *NO_BUCKET)),
    Operation("s3", "list_objects_v2", BUCKETS, LIST, NO_BUCKET),
    Operation("s3", "list_object_versions", BUCKETS, ("s3:ListBucketVersions",), NO_BUCKET),
    Operation("s3", "get_public_access_block", BUCKETS, READ_BLOCK, NO_BLOCK),
    Operation("s3", "get_bucket_policy", BUCKETS, absent=("NoSuchBucketPolicy",)),
    Operation("s3", "get_bucket_acl", BUCKETS),
    Operation(
        service="s3",
        name="get_bucket_notification_configuration",
        purposes=SOURCE,
        rights=("s3:GetBucketNotification",),
        absent=NO_BUCKET,
    ),
    Operation("s3", "get_bucket_versioning", SOURCE),
    Operation(
        service="s3",
        name="get_bucket_encryption",
        purposes=SOURCE,
        rights=("s3:GetEncryptionConfiguration",),
        absent=("ServerSideEncryptionConfigurationNotFoundError",),
    ),
    Operation("s3", "get_bucket_tagging", absent=("NoSuchTagSet", "NoSuchTagSetError")),
    Operation("s3", "get_bucket_ownership_controls", absent=("OwnershipControlsNotFoundError",)),
    Operation("s3", "get_bucket_lifecycle_configuration", absent=("NoSuchLifecycleConfiguration",)),
    Operation("s3", "put_object", **UPLOAD),
    Operation("s3", "create_multipart_upload", **UPLOAD),
    Operation("s3", "upload_part", **UPLOAD),
    Operation("s3", "complete_multipart_upload", **UPLOAD),
    Operation("s3", "abort_multipart_upload", ("UploadInParts",), absent=NO_BUCKET),
    Operation("s3", "get_object", OBJECTS, READ_OBJECT, NO_OBJECT),
    Operation("s3", "head_object", OBJECTS, READ_OBJECT, NO_OBJECT),
    Operation("s3", "get_object_tagging", absent=NO_OBJECT),
    Operation("s3", "delete_objects", OBJECTS, DELETE_OBJECT, NO_BUCKET),
    Operation(
        service="s3control",
        name="get_public_access_block",
        purposes=("ReadAccount",),
        rights=("s3:GetAccountPublicAccessBlock",),
        absent=NO_BLOCK,
    ),
    Operation("iam", "get_role", **ROLE),
    Operation("iam", "list_attached_role_policies", **ROLE),
    Operation("iam", "list_role_policies", **ROLE),
    Operation("iam", "get_role_policy", **ROLE),
    Operation("iam", "get_policy", **POLICY),
    Operation("iam", "get_policy_version", **POLICY),
    Operation("iam", "get_account_authorization_details", ("ReadUsers",)),
    Operation("dynamodb", "describe_table", **TABLE, absent=NO_RESOURCE),
    Operation(
        service="dynamodb",
        name="describe_continuous_backups",
        **TABLE,
        # The emulator has no code of its own for it.
        absent=("TableNotFoundException", *NO_RESOURCE),
    ),
    Operation("dynamodb", "get_resource_policy", **TABLE, absent=("PolicyNotFoundException",)),
    Operation("dynamodb", "list_tags_of_resource", absent=NO_RESOURCE),
    Operation("dynamodb", "scan", ("ScanItems",), absent=NO_RESOURCE),
    Operation("dynamodb", "query", ("QueryItems", "AskIndex"), absent=NO_RESOURCE),
    Operation("dynamodb", "batch_write_item", ITEMS, absent=NO_RESOURCE),
    Operation("lambda", "get_function", **FUNCTION),
    Operation("lambda", "get_function_event_invoke_config", **FUNCTION),
    Operation("lambda", "list_aliases", **FUNCTION),
    Operation("lambda", "get_policy", **FUNCTION),
    Operation("events", "list_rule_names_by_target", ("FindRules",), absent=NO_RESOURCE),
    Operation("events", "describe_rule", **RULE),
    Operation("events", "list_targets_by_rule", **RULE),
    Operation("logs", "describe_log_groups", ("FindLogGroup",)),
    Operation("logs", "filter_log_events", ("ReadLog",), absent=NO_RESOURCE),
    Operation("logs", "list_tags_for_resource", absent=NO_RESOURCE),
    Operation("cloudwatch", "get_metric_statistics", ("ReadMetrics",)),
    Operation("kms", "describe_key", ("DescribeKeys",), absent=("NotFoundException",)),
    Operation("kms", "get_key_policy", **KEY),
    # of asymmetric keys, which do not rotate
    Operation("kms", "get_key_rotation_status", **KEY, absent=("UnsupportedOperationException",)),
    Operation("kms", "list_resource_tags"),
    # S3 asks for it in the name of who uploads to an encrypted bucket.
    Operation("kms", "generate_data_key", ("EncryptUploads",)),
    Operation("cloudtrail", "get_trail", **TRAIL),
    Operation("cloudtrail", "get_trail_status", **TRAIL),
    Operation("cloudtrail", "get_event_selectors", **TRAIL),
    Operation("cloudtrail", "list_tags"),
    Operation("cloudtrail", "lookup_events", ("ReadHistory",)),
    Operation("sns", "get_topic_attributes", **TOPIC),
    Operation("sns", "subscribe", **TOPIC),
    Operation("sns", "unsubscribe", ("LeaveTopic",), absent=NO_TOPIC),
    Operation("sns", "list_tags_for_resource", absent=NO_RESOURCE),
    Operation("sqs", "create_queue", **QUEUE),
    Operation("sqs", "get_queue_attributes", **QUEUE),
    Operation("sqs", "set_queue_attributes", **QUEUE),
    Operation("sqs", "receive_message", **QUEUE),
    Operation("sqs", "delete_message", **QUEUE),
    Operation("sqs", "delete_queue", **QUEUE),
    Operation("cloudformation", "describe_stacks", **STACK),
    Operation("cloudformation", "describe_stack_resources", **STACK),
    Operation("sts", "get_caller_identity"),
    Operation("sts", "assume_role"),
)
SERVICES = tuple(dict.fromkeys(operation.service for operation in OPERATIONS))

# An error tells its operation without the service; two of one name may use the codes of either.
ABSENT: dict[str, frozenset[str]] = {
    name: frozenset(code for one in OPERATIONS if one.name == name for code in one.absent)
    for name in {one.name for one in OPERATIONS}
}
ABSENT_CODES = frozenset().union(*ABSENT.values())


def means_absence(name: str, code: str) -> bool:
    """Tell whether an operation's error says that the thing asked for does not exist.

    What is not declared here may say so by any of the codes.
    """
    return code in ABSENT.get(name, ABSENT_CODES)


def right_of(name: str) -> str:
    """Return the right that an operation of this name needs; "" where that is not known for sure.

    An error does not tell the service, and operations of two services may have one name.
    """
    rights = [one.actions[0] for one in OPERATIONS if one.name == name]
    return rights[0] if len(rights) == 1 else ""
