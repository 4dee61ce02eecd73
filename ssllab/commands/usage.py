"""What a command answers to the shell, and the error of a command line that is wrong."""

from __future__ import annotations

BAD_INPUT = 2
OUR_FAILURE = 1


class UsageError(ValueError):
    """The command line is wrong; one line."""
