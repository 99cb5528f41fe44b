"""The certificates behind the sandbox's HTTPS port."""

from pathlib import Path

NAMES = ("localhost", "127.0.0.1")


def ensure_certificates(folder: Path) -> None:
    """Create `ca.pem`, `server.pem` and `server.key` in `folder`, unless all are there.

    They are valid until the year 3000. The CA's private key is never written, so nothing else
    can be signed with it. Raises OSError.
    """
    ca_bundle, certificate, key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    if ca_bundle.exists() and certificate.exists() and key.exists():
        return
    import trustme  # here, so that a missing package is reported in one sentence

    folder.mkdir(mode=0o700, exist_ok=True)
    authority = trustme.CA(organization_name="Labproof sandbox")
    server = authority.issue_cert(*NAMES, organization_name="Labproof sandbox")
    key.unlink(missing_ok=True)
    key.touch(mode=0o600)
    server.private_key_pem.write_to_path(key)
    server.cert_chain_pems[0].write_to_path(certificate)
    authority.cert_pem.write_to_path(ca_bundle)
