"""ssllab: a desktop laboratory for self-supervised learning."""

import os

__version__ = "0.1.0"

# Before torch loads its threads: one that waits for another spins for a moment only, then sleeps. As they come they
# spin on, and where other programs want the processor too a step takes many times as long.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # GNU's, on Linux
os.environ.setdefault("KMP_BLOCKTIME", "0")  # Intel's and LLVM's, on Windows and macOS
