"""Let an outside auditor, Prowler, judge one lab's account; see docs/audit.md.

Exit status: 0 when every failed check on the lab's own resources is explained in exceptions.yml, 1
when one is not, 2 when nothing could be audited.
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

from audit.findings import EXCEPTIONS, judge, resources, summary
from labproof.ansible.inventory import read_host
from labproof.aws.asking import run
from labproof.aws.connection import Connection, check_account
from labproof.aws.errors import AwsError
from labproof.evidence.collect import keys
from labproof.labs.lab import LabError

ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("s3", "kms", "dynamodb", "awslambda", "cloudtrail", "iam", "cloudwatch")
# The first two pass whatever they see: Prowler 5.46.0 stumbles over a service that is no more. The
# others search 90 days of the account's event history for attacks and enclaves, which are no lab's.
LEFT_OUT = (
    "iam_inline_policy_allows_privilege_escalation",
    "iam_policy_allows_privilege_escalation",
    "cloudtrail_threat_detection_enumeration",
    "cloudtrail_threat_detection_llm_jacking",
    "cloudtrail_threat_detection_privilege_escalation",
    "kms_key_enclave_attestation_unknown_image",
    "kms_key_enclave_debug_attestation_detected",
)
# Prowler's environment, by the names that Ansible's modules have for the same.
SETTINGS = {"AWS_DEFAULT_REGION": "region", "AWS_ENDPOINT_URL": "endpoint_url"}
SETTINGS |= {"AWS_CA_BUNDLE": "aws_ca_bundle"}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "access_key", "AWS_SECRET_ACCESS_KEY": "secret_key"}
CREDENTIALS |= {"AWS_SESSION_TOKEN": "session_token", "AWS_PROFILE": "profile"}


class AuditError(Exception):
    """Nothing could be audited; the message says what to do."""


def environment(connection: Connection) -> dict[str, str]:
    """Return this environment, with what the inventory says of the account in its place."""
    given = connection.module_arguments()
    is_named = "access_key" in given or "profile" in given
    kept = {k: v for k, v in os.environ.items() if not (is_named and k in CREDENTIALS)}
    wanted = (SETTINGS | CREDENTIALS).items()
    return kept | {variable: given[name] for variable, name in wanted if name in given}


def ask_prowler(prowler: str, connection: Connection, folder: Path) -> list[dict[str, str]]:
    """Run Prowler and return the rows of its report. Raises AuditError."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [prowler, "aws", "--services", *SERVICES, "--excluded-checks", *LEFT_OUT]
    command += ["--region", connection.region, "--no-banner", "--no-color", "--ignore-exit-code-3"]
    command += ["-M", "csv", "html", "-o", str(folder), "-F", "report"]
    command += ["--log-level", "ERROR", "--log-file", str(folder / "unanswered.log")]
    if connection.endpoint_url:  # an emulator lacks whole services, however often it is asked
        command += ["--aws-retries-max-attempts", "1"]
    said = folder / "output.txt"
    with said.open("w") as output:
        done = subprocess.run(command, env=environment(connection), stdout=output, stderr=output)
    report = folder / "report.csv"
    if done.returncode or not report.is_file():
        raise AuditError(f"Prowler ended with status {done.returncode}: read {said}.")
    with report.open(newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def audit(inventory: str, host: str, prowler: str) -> int:
    """Audit one lab, print the summary, and return the exit status."""
    try:
        lab, connection = (entry := read_host(inventory, host)).lab, entry.connection
    except KeyError as error:
        raise AuditError(f"{host} is no lab of {inventory}: name one of its hosts.") from error
    identity = check_account(connection)
    key = (run(keys.key(lab.key.alias), connection) if lab.key else None) or {}
    own, folder = resources(lab, identity, key.get("arn", "")), ROOT / "reports/audit" / host
    verdict = judge(ask_prowler(prowler, connection, folder), own, EXCEPTIONS)
    if not verdict.passed:
        raise AuditError(f"Nothing of {host} is there: build it with `site.yml -l {host}`.")
    print(summary(host, verdict))
    unanswered = (folder / "unanswered.log").read_text("utf-8").splitlines()
    print(f"{len(unanswered)} questions got no answer. Reports: {folder.relative_to(ROOT)}")
    return 1 if verdict.failed else 0


def main() -> int:
    """Read the command line and audit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("lab")
    parser.add_argument("--inventory", default="inventory/sandbox")
    parser.add_argument("--prowler", default=".venv-audit/bin/prowler")
    given = parser.parse_args()
    try:
        return audit(given.inventory, given.lab, given.prowler)
    except (AuditError, AwsError, LabError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
