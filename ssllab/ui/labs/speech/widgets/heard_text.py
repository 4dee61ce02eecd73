"""What a recogniser wrote, word by word against what was said, as rich text."""

from __future__ import annotations

from html import escape

from ssllab.text.word_error import differences
from ssllab.ui import theme


def coloured(reference: str, heard: str) -> str:
    """``heard`` as HTML: wrong words in red, words put in underlined, words left out struck through.

    Each kind differs in form as well as in colour, for not every eye tells the colours apart.
    """
    now = theme.current()
    words = []
    for piece in differences(reference, heard):
        said, written = escape(piece.reference), escape(piece.hypothesis)
        if piece.kind == "equal":
            words.append(written)
        elif piece.kind == "substitute":
            words.append(f"<b style='color:{now.bad}'>{written}</b>")
        elif piece.kind == "insert":
            words.append(f"<u style='color:{now.warn}'>{written}</u>")
        else:
            words.append(f"<s style='color:{now.muted}'>{said}</s>")
    return " ".join(words) or f"<i style='color:{now.muted}'>nothing</i>"


LEGEND = "<b style='color:{bad}'>wrong</b> · <u style='color:{warn}'>put in</u> · <s style='color:{muted}'>left out</s>"


def legend() -> str:
    """What the marks of :func:`coloured` mean, marked so."""
    now = theme.current()
    return LEGEND.format(bad=now.bad, warn=now.warn, muted=now.muted)
