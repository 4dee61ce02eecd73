"""The error of this room."""

from __future__ import annotations


class AudioError(ValueError):
    """A file, a device or a take cannot be used; the message is one line: what, what was expected, what to do."""
