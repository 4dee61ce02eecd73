"""``python -m ssllab``: the command line."""

import sys

from ssllab.cli import main

sys.exit(main())
