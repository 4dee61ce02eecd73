"""The endings of the names of recordings."""

from __future__ import annotations

#: What libsndfile reads. Files of other names are not looked at.
AUDIO_SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".caf", ".w64", ".rf64", ".sph"),
)
