"""How many references to None there are. What earlier tests left behind, and what a redraw leaves, is collected first:
else it counts whenever Python happens to collect it."""

import gc
import sys


def count_of_none() -> int:
    gc.collect()
    return sys.getrefcount(None)
