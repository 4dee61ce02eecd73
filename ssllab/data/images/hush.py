"""Keeps what decoders of pictures would write to a terminal to themselves: what matters becomes a reason or a note."""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path

import PIL


def hush() -> None:
    """To be called before pictures are decoded, in the thread that reads them; it may be called again."""
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logger = logging.getLogger("PIL")
    if not logger.handlers:  # or Python would print its errors
        logger.addHandler(logging.NullHandler())
    _hush_libtiff()


@cache
def _hush_libtiff() -> None:
    """libtiff prints to standard error from C. Its handlers are of the process: Pillow's own copy is told."""
    package = Path(PIL.__file__).parent
    copies = [*package.parent.glob("pillow.libs/libtiff*"), *package.glob(".dylibs/libtiff*")]
    for library in [*map(str, copies), ctypes.util.find_library("tiff")]:
        if library is not None:
            with suppress(OSError, AttributeError):
                loaded = ctypes.CDLL(library)
                for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
                    handler = getattr(loaded, name)
                    handler.restype, handler.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
                    handler(None)
            return
