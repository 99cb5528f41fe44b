"""What the server is told. Functions inherit all of it, so nothing of the caller's is in it."""

import sys
from pathlib import Path


def server_environment(
    folder: Path, port: int, endpoint_url: str, ca_bundle: Path
) -> dict[str, str]:
    """The whole environment of the server and of the functions that it runs."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_CA_BUNDLE": str(ca_bundle),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "CLOUDTRAIL_RECORDING": "1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        # Functions run as processes, and MiniStack finds no container engine to clean up in.
        "LAMBDA_EXECUTOR": "local",
        # A worker takes some 45 MB; a class would keep hundreds for the usual five minutes.
        "LAMBDA_WARM_TTL_SECONDS": "60",
        "LAMBDA_STRICT": "0",
        "DOCKER_HOST": f"unix://{folder}/no-container-engine.sock",
    }
