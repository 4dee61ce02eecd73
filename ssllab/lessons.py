"""The guided experiments of "Try this": text in ``resources/lessons/LAB``, read without torch or Qt."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache

from ssllab.assets import asset
from ssllab.controls import Value

_FENCE = "+++"


@dataclass(frozen=True)
class Lesson:
    """``changes``: controls that a click sets; ``panels``: where to look; ``text``: Markdown.

    Everything else is as the method has it at first, the lab's own where none is named. ``data``: what it learns from,
    where the lesson needs it.
    ``first``: so many steps are trained before the change, with the defaults or with what the lesson ``after`` sets.
    """

    name: str
    title: str
    changes: dict[str, Value]
    panels: tuple[str, ...]
    text: str
    data: str = ""
    first: int = 0
    after: str = ""
    method: str = ""


@cache
def lessons(lab: str) -> tuple[Lesson, ...]:
    """Every lesson of a lab, in the order of its file's name."""
    folder = asset("lessons", lab)
    every = folder.iterdir() if folder.is_dir() else ()
    files = sorted((f for f in every if f.name.endswith(".md")), key=lambda f: f.name)
    return tuple(_read(file.name, file.read_text(encoding="utf-8")) for file in files)


def _read(name: str, content: str) -> Lesson:
    _, head, text = content.split(_FENCE, 2)
    front = tomllib.loads(head)
    return Lesson(
        name.removesuffix(".md"),
        front["title"],
        dict(front["changes"]),
        tuple(front["panels"]),
        text.strip(),
        front.get("data", ""),
        front.get("first", 0),
        front.get("after", ""),
        front.get("method", ""),
    )
