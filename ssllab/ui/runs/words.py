"""How the run browser says things: times, numbers and settings in words. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo


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


def value_text(value: Any) -> str:
    """A setting's value as a person writes it."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def run_title(info: RunInfo) -> str:
    """The name of a run; of one that has none its method and when it began, of a damaged one its id."""
    if info.name or info.settings is None:
        return info.name or info.id
    return f"{info.settings.method}, {datetime.fromtimestamp(info.created):%d %b %H:%M}"


def distinct_titles(infos: Iterable[RunInfo]) -> dict[str, str]:
    """A title for each run (by id) that no other has: with the second it began, then with the end of its id."""
    infos = list(infos)
    titles = [run_title(info) for info in infos]
    exact = [
        title
        if titles.count(title) == 1 or info.name or not info.settings
        else f"{title}:{datetime.fromtimestamp(info.created):%S}"
        for info, title in zip(infos, titles, strict=True)
    ]
    return {
        info.id: title if exact.count(title) == 1 else f"{title} ({info.id[-6:]})"
        for info, title in zip(infos, exact, strict=True)
    }


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
