"""Colours of parts of speech, of meanings and of surprise, in the theme in force."""

from __future__ import annotations

import math

from PySide6.QtGui import QColor

from ssllab.data.text.tags import GUESS
from ssllab.ui import theme

_TAGS = ("NOUN", "VERB", "ADJ", "DET", "PROPN", "ADP", "PRON", "ADV")
_UPPERMOST_BITS = 12.0  # a surprise that is tinted in full


def tag_colour(tag: str) -> QColor:
    """Of a part of speech, known or guessed; the small classes are grey, what has none has the accent."""
    now, tag = theme.current(), tag.removesuffix(GUESS)
    if not tag:
        return QColor(now.accent)
    return QColor(now.categories[_TAGS.index(tag)] if tag in _TAGS else now.muted)


def group_colour(group: str, groups: list[str]) -> QColor:
    """Of a meaning, one of ``groups``; words without one are grey."""
    now = theme.current()
    if not group or group not in groups:
        return QColor(now.muted)
    return QColor(now.categories[groups.index(group) % 8])


def surprise_tint(bits: float) -> QColor:
    """What a symbol of that surprise stands on: nothing for 0 bits, orange for many."""
    colour = QColor(theme.current().repel)
    share = 0.0 if not math.isfinite(bits) else min(1.0, max(0.0, bits / _UPPERMOST_BITS))
    colour.setAlphaF(0.62 * share)
    return colour
