"""``python -m ssllab``: the command line."""

import os
import sys

import ssllab

# "python -m" looks for modules in the current folder first, perhaps somebody else's workspace: only our own may stay.
if sys.path[0] == os.getcwd() != os.path.dirname(os.path.dirname(os.path.abspath(ssllab.__file__))):
    del sys.path[0]

from ssllab.cli import main

sys.exit(main())
