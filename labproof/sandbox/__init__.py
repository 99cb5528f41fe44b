"""The embedded sandbox: an AWS API on this machine, one folder and two ports."""

from labproof.sandbox.errors import SandboxError
from labproof.sandbox.launcher import Sandbox, SandboxStatus

__all__ = ["Sandbox", "SandboxError", "SandboxStatus"]
