"""Standard output and error as the shell gives them: closed, full, or of an encoding that lacks our letters.

None of these may end a training or write into a run's files. Only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys


def prepare() -> None:
    """Make both streams safe to print to; to be called before any file is opened."""
    # A closed one would be given to the next file that is opened, and what libraries print would go into that file.
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115
        elif stream is getattr(sys, f"__{name}__"):
            words = io.BufferedWriter(_Forgiving(stream.fileno(), "w", closefd=False))
            line_by_line = name == "stderr" or stream.isatty()
            setattr(sys, name, io.TextIOWrapper(words, encoding=stream.encoding, line_buffering=line_by_line))
        if isinstance(again := getattr(sys, name), io.TextIOWrapper):
            again.reconfigure(errors="backslashreplace")


def finish() -> bool:
    """Bring out what was printed; False, with a line on standard error, where it could not be written.

    A reader that went away, as ``head``, has what it wants: that is no failure.
    """
    with contextlib.suppress(ValueError):  # closed
        sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    error = raw.refusal if isinstance(raw, _Forgiving) else None
    if error is None or isinstance(error, BrokenPipeError):
        return True
    print(f"ssllab: the output could not be written: {error.strerror}.", file=sys.stderr)
    return False


class _Forgiving(io.FileIO):
    """A file whose words are lost when it takes none, never the work that they are about; ``refusal`` says why."""

    refusal: OSError | None = None

    def write(self, data: object) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            self.refusal = error
            return memoryview(data).nbytes  # type: ignore[arg-type]
