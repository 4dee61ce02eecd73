"""How the run browser says things: times, numbers and settings in words. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import kinds
from ssllab.labs import labs
from ssllab.storage.one_line import one_line
from ssllab.training.changes import courses
from ssllab.ui.control_words import control_value, control_words

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo, RunSettings

_NAMED = 4  # differences that a name has room for


def ago(then: float, now: float) -> str:
    """How long ago, in words; both in seconds since the epoch."""
    seconds = now - then
    if seconds < 45:
        return "just now"
    if seconds < 3600 - 30:
        return _count(round(seconds / 60) or 1, "minute")
    if seconds < 86400 - 1800:
        return _count(round(seconds / 3600), "hour")
    if seconds < 2 * 86400:
        return "yesterday"
    if seconds < 30 * 86400:
        return _count(round(seconds / 86400), "day")
    return f"{datetime.fromtimestamp(then):%Y-%m-%d}"


def absolute(then: float) -> str:
    """The date and time in local time."""
    return f"{datetime.fromtimestamp(then):%Y-%m-%d %H:%M:%S}"


def plural(number: int, noun: str) -> str:
    """``1 run``, ``2 runs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def differences(info: RunInfo, *, steps: bool = True) -> list[str]:
    """In words, what tells a run from its method's usual one: data, controls, what was changed in mid-run (and at which
    ``steps``), the seed."""
    settings = info.settings
    if settings is None:
        return []
    said = [f"from step {info.parent[1]}"] if info.parent else []
    said += [] if _is_usual_data(settings) else [f"on {one_line(Path(settings.data).name or settings.data)}"]
    changed = courses(info.changes, steps=steps, say=control_value)
    for key, value in settings.config.items():
        name = control_words(key)
        if key in changed:
            said.append(f"{name} {changed[key]}")
        elif key in info.usual and value != info.usual[key]:
            said.append(
                (name if value else f"no {name}")
                if isinstance(value, bool)
                else f"{name} {control_value(key, value)}"
            )
    return [*said, *([f"seed {settings.seed}"] if settings.seed else [])]


def _is_usual_data(settings: RunSettings) -> bool:
    return any(
        settings.data in (kind.default, lab.data) for kind in kinds().values() for lab in labs().values()
    )


def run_title(info: RunInfo) -> str:
    """The name of a run; of one that has none its method and what differs from the usual or, where nothing does, when
    it began; of a damaged one its id."""
    if info.name or info.settings is None:
        return info.name or info.id
    said = differences(info, steps=False)
    if len(said) > _NAMED:
        said = [*said[: _NAMED - 1], f"{len(said) - _NAMED + 1} more"]
    return ", ".join([info.method, *(said or [f"{datetime.fromtimestamp(info.created):%d %b %H:%M}"])])


def distinct_titles(infos: Iterable[RunInfo]) -> dict[str, str]:
    """A title for each run (by id) that no other has: with when it began, and then with the end of its id."""
    infos = list(infos)
    titles = [run_title(info) for info in infos]
    exact = [
        title if titles.count(title) == 1 or info.name or not info.settings else _with_moment(info, title)
        for info, title in zip(infos, titles, strict=True)
    ]
    return {
        info.id: title if exact.count(title) == 1 else f"{title} ({info.id[-6:]})"
        for info, title in zip(infos, exact, strict=True)
    }


def _with_moment(info: RunInfo, title: str) -> str:
    began = datetime.fromtimestamp(info.created)
    return f"{title}:{began:%S}" if title.endswith(f"{began:%H:%M}") else f"{title}, {began:%d %b %H:%M:%S}"


def parse_tags(text: str) -> tuple[str, ...]:
    """Tags from ``a, b c, a``: split at commas, trimmed, each once, in the order given."""
    return tuple(dict.fromkeys(tag for tag in (part.strip() for part in text.split(",")) if tag))


def file_name(text: str) -> str:
    """A name that every file system takes."""
    kept = "".join(c if c.isalnum() or c in "-_. " else "_" for c in text).strip(" .")
    return kept[:80] or "run"


def all_tags(tag_lists: Iterable[Iterable[str]]) -> list[str]:
    """Every tag once, sorted."""
    return sorted({tag for tags in tag_lists for tag in tags}, key=str.casefold)


def _count(number: int, noun: str) -> str:
    return f"{plural(number, noun)} ago"
