"""What each flow does with an upload, as far as that can be told without asking AWS.

A flow is what uploads set going (``lab_flow``): how a lab is probed, proved and judged depends on
it. How its uploads are made and followed stands in ``labproof/evidence/uploads/flows/``.
"""

from __future__ import annotations

from dataclasses import dataclass

READ = (
    *("s3:GetObject", "s3:GetObjectVersion"),
    *("s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"),
)
READ_TAGS = ("s3:GetObjectTagging", "s3:GetObjectVersionTagging")
# The label of a second upload to the main key, where each upload has an item of its own
AGAIN = "again"


@dataclass(frozen=True)
class Flow:
    """One flow.

    ``uploads``: the key of each fresh upload by its label, {} being the unguessable part; ``main``
    is the one of the type that the lab is about. ``refused`` are labels of files that the function
    has to refuse. ``role``: what the role may do, at most, by target (labproof/labs/grants.py);
    logs are allowed anywhere. ``looking``: the purpose of looking for what the function writes
    (labproof/aws/operations.py).
    """

    uploads: dict[str, str]
    main: str
    role: dict[str, tuple[str, ...]]
    looking: str = ""
    refused: tuple[str, ...] = ()
    in_parts: str = ""  # the label of the upload that is made in parts
    has_controls: bool = False  # results name the CIS controls that a requirement serves


COPIED = {
    "zip": "{}.zip",
    "spaces and signs": "{}/A b+c %25 {}.zip",
    "accents": "{}/é ü ñ.zip",
    "punctuation": "{} &$@=;:,?'()!.zip",
    "other type": "{}.csv",
}
FLOWS = {
    "transfer": Flow(COPIED, main="zip", role={}, looking="ScanItems"),
    "copy": Flow(
        COPIED,
        main="other type",
        role={
            "source-objects": READ + READ_TAGS,
            "destination-objects": (
                *("s3:PutObject", "s3:GetObject", "s3:PutObjectTagging"),
                *("s3:PutObjectVersionTagging", *READ_TAGS),
            ),
            "source": ("s3:ListBucket",),
            "destination": ("s3:ListBucket",),
        },
    ),
    "metadata": Flow(
        {
            "plain": "{}.txt",
            "hard": "{}/A b+c %25 é &$@=;:,?'()! {}.txt",
            "empty": "{} empty",
            "multipart": "{}.bin",
        },
        main="plain",
        role={
            "source-objects": READ,
            "table": ("dynamodb:PutItem",),
            "topic": ("sns:Publish",),
        },
        looking="QueryItems",
        in_parts="multipart",
    ),
    "ingest": Flow(
        dict.fromkeys(("not JSON", "not an array", "junk", "mixed", "later", "bulk"), "{}.json"),
        main="later",
        role={
            "source-objects": READ,
            "table": ("dynamodb:PutItem", "dynamodb:BatchWriteItem"),
            "key": ("kms:Decrypt",),
        },
        looking="QueryItems",
        refused=("not JSON", "not an array", "junk"),
        has_controls=True,
    ),
}
