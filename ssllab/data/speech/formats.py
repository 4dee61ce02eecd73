"""The endings of the names of recordings."""

from __future__ import annotations

from pathlib import PurePosixPath

from ssllab.audio.formats import SUFFIXES, UNREAD_SUFFIXES

AUDIO_SUFFIXES = SUFFIXES


def why_unread(name: str) -> str:
    """Why a file of that name is not read though there is sound in it, or nothing."""
    suffix = PurePosixPath(name).suffix.lower()
    return f"{suffix} is not read: convert it to WAV or FLAC" if suffix in UNREAD_SUFFIXES else ""
