"""What the probes of all flows share: uploads are sent, followed, and removed."""

from __future__ import annotations

from typing import Any

from labproof.aws.answers import is_error
from labproof.aws.connection import Connection
from labproof.aws.errors import AwsError
from labproof.evidence.uploads.cleaning import LeftBehind, remove_objects
from labproof.evidence.uploads.following import Effect, Followed, Following
from labproof.evidence.uploads.sending import put
from labproof.evidence.uploads.upload import Upload, content, fresh, new_run
from labproof.labs import flows
from labproof.labs.lab import Lab, LabError


class FlowProbe:
    """One flow's probe of one lab, from the uploads to the removal of what they left.

    ``timeout``: how long they are followed (seconds). ``proving``: for verify.yml, where whoever
    asks may have more rights than grading needs, and does not wait for what only grading counts.
    ``client`` is an upload that somebody else made: it is followed in place of fresh ones, and
    left where it is.
    """

    name: str

    def __init__(
        self,
        lab: Lab,
        connection: Connection,
        timeout: float,
        proving: bool = False,
        client: Upload | None = None,
    ) -> None:
        self.lab, self.connection, self.timeout = lab, connection, timeout
        self.proving, self.client = proving, client
        self.flow = flows.FLOWS[self.name]
        # An emulator starts a worker on this machine for each event that comes at the same time.
        in_turn = bool(timeout and connection.endpoint_url)
        self.following = Following(lab, connection, self, in_turn)
        # What became of each upload, by its label: the upload, None (no bucket), or an error
        self.answers: dict[str, Any] = {}

    def send(self) -> None:
        """Upload fresh objects."""
        self.upload([*self.flow.uploads])

    def upload(self, labels: list[str]) -> None:
        """Upload one fresh object for each label."""
        run, forms = new_run(), self.flow.uploads
        self.send_all([fresh(one, forms[one], run, one in self.flow.refused) for one in labels])

    def send_all(self, uploads: list[Upload]) -> None:
        self.answers |= self.following.upload_all(self.put, uploads, self.effect)

    def put(self, upload: Upload) -> Any:
        """Put one object; return the upload with what became of it, None, or an error."""
        return put(self.connection, self.lab.source.bucket, upload, content(upload))

    def effect(self, upload: Upload) -> Effect:
        """Return what the flow will see of an upload."""
        return Effect()

    def follow(self) -> None:
        self.following.follow(self.timeout, self.go_on)

    def go_on(self) -> None:
        """Send what waits for uploads that are done; called after each look."""

    def look(self, following: Following) -> None:
        """Look for effects of the uploads that are still followed."""
        raise NotImplementedError

    def more(self) -> dict[str, Any]:
        """Return the evidence that only this flow has."""
        return {}

    def one_good(self) -> Followed | None:
        """Return the upload that stands for all: a good one, and the last one to its key."""
        good = [one for one in self.following.uploads if not one.upload.may_fail]
        return good[-1] if good else None

    def clean(self, key: list[dict[str, str]]) -> list[LeftBehind]:
        """Remove all that the probe left, by the table's key; return what stays."""
        uploads = [one.upload for one in self.following.uploads]
        versioned = any(upload.version_id for upload in uploads)
        keys = [upload.key for upload in uploads]
        return remove_objects(self.connection, self.lab.source.bucket, keys, versioned)

    @classmethod
    def proof(cls, lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
        """Return what verify.yml shows of a probe's evidence. Raises what :func:`certain` does."""
        raise NotImplementedError


def certain(reading: Any) -> Any:
    """Return evidence without a gap in it, for a playbook has no use for such.

    Raises AwsError, with one sentence, where a reading failed.
    """
    if is_error(reading):
        error = reading["error"]
        raise AwsError(f"AWS answered {error['code']} to {error['call']} ({error['message']}).")
    parts = reading.values() if isinstance(reading, dict) else reading
    for part in parts if isinstance(reading, dict | list) else ():
        certain(part)
    return reading


def uploads_of(lab: Lab, seen: dict[str, Any]) -> dict[str, Any]:
    """Return the uploads of a probe's evidence, all of them certain. Raises LabError, AwsError."""
    found: dict[str, Any] | None = certain(seen["uploads"])
    if found is None or None in found.values():
        raise LabError(
            f'Step "upload": expected the bucket {lab.source.bucket} to accept an upload, found '
            "no such bucket. Check first: playbooks/create-source-bucket.yml."
        )
    return found


def errors_of(uploads: dict[str, Any]) -> list[str]:
    return [line for upload in uploads.values() for line in upload["errors"]]


def is_invoked(seen: dict[str, Any]) -> bool:
    """Tell whether the function ran at all since the first upload."""
    return any(one["request_id"] for one in certain(seen["invocations"]))
