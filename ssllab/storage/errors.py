"""The error of data that cannot be used, of any kind and in any room."""

from __future__ import annotations

from ssllab.storage.one_line import one_line


class DataError(ValueError):
    """The data cannot be used; the message is one line: what, what was expected, what to do.

    What a name of a file would do to a terminal is escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))
