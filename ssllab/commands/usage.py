"""What a command answers to the shell, and the error of a command line that is wrong."""

from __future__ import annotations

import json
import math
from typing import Any

BAD_INPUT = 2
OUR_FAILURE = 1


class UsageError(ValueError):
    """The command line is wrong; one line."""


def answer(document: Any, indent: int | None = None) -> None:
    """Print JSON as every reader takes it: NaN and infinities, which are not JSON, become null."""
    print(json.dumps(_plain(document), indent=indent, allow_nan=False))


def _plain(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_plain(value) for value in part]
    return None if isinstance(part, float) and not math.isfinite(part) else part
