"""Policy reasoning, offline: what a caller may really do, from all policies together.

Pure functions on policy documents as parsed JSON. They never raise on what a document holds.
"""

from labproof.analysis.policies.buckets import (
    acl_openings,
    anyone_may_read,
    every_object,
    is_public,
    others_beyond_reading,
    policy_openings,
    refuses_plain_http,
)
from labproof.analysis.policies.conditions import is_operator
from labproof.analysis.policies.decisions import Request, could, decide, may
from labproof.analysis.policies.functions import events_may_invoke, open_invocations, s3_may_invoke
from labproof.analysis.policies.holders import (
    holder,
    is_administrator,
    is_unclear,
    may_decrypt,
    may_put_items,
    may_read_every_object,
    may_write_every_object,
    may_write_logs,
    rights_of_users,
)
from labproof.analysis.policies.keys import key_policy_problems, other_decrypters, s3_may_use
from labproof.analysis.policies.privileges import beyond
from labproof.analysis.policies.trust import lambda_may_assume, trusts_only_lambda

__all__ = [
    "Request",
    "acl_openings",
    "anyone_may_read",
    "beyond",
    "could",
    "decide",
    "events_may_invoke",
    "every_object",
    "holder",
    "is_administrator",
    "is_operator",
    "is_public",
    "is_unclear",
    "key_policy_problems",
    "lambda_may_assume",
    "may",
    "may_decrypt",
    "may_put_items",
    "may_read_every_object",
    "may_write_every_object",
    "may_write_logs",
    "open_invocations",
    "other_decrypters",
    "others_beyond_reading",
    "policy_openings",
    "refuses_plain_http",
    "rights_of_users",
    "s3_may_invoke",
    "s3_may_use",
    "trusts_only_lambda",
]
