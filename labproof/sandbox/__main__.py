"""`python -m labproof.sandbox start|stop|status|reset`."""

import sys

from labproof.sandbox.cli import main

sys.exit(main())
