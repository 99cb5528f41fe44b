"""What the function is told by its environment."""

import os

TABLE = os.environ["AUDIT_TABLE"]
DESTINATION = os.environ["PRIVATE_BUCKET"]
