"""The error of data that cannot be used, of any kind and in any room."""

from __future__ import annotations


class DataError(ValueError):
    """The data cannot be used; the message is one line: what, what was expected, what to do."""
