"""The rights that calls need."""

# The right that an operation needs, where it has another name.
ACTIONS = {
    "s3.HeadBucket": ["s3:ListBucket"],
    "s3.ListObjectsV2": ["s3:ListBucket"],
    "s3.ListObjectVersions": ["s3:ListBucketVersions"],
    "s3.GetPublicAccessBlock": ["s3:GetBucketPublicAccessBlock"],
    "s3.GetBucketNotificationConfiguration": ["s3:GetBucketNotification"],
    "s3.GetBucketEncryption": ["s3:GetEncryptionConfiguration"],
    "s3.HeadObject": ["s3:GetObject"],
    "s3.CreateMultipartUpload": ["s3:PutObject"],
    "s3.UploadPart": ["s3:PutObject"],
    "s3.CompleteMultipartUpload": ["s3:PutObject"],
    "s3.DeleteObjects": ["s3:DeleteObject"],
}
