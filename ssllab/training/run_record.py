"""What a run is in words: its settings, its events, what the browser lists. Plain data, no files opened here
but ``run.json``."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

import ssllab
from ssllab.controls import Value
from ssllab.doctor.verdict import Life
from ssllab.scalars import Series
from ssllab.storage.files import write_whole

FORMAT = 1
RECORD_NAME = "run.json"
PLANNED = "planned"
State = Literal["running", "paused", "finished", "stopped", "failed", "interrupted"]

_RUN_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9_]{1,40}-[0-9a-f]{6}")


class RunError(ValueError):
    """A run cannot be read or changed; the message is one line for the user."""


class MethodFile(BaseModel):
    """The file or package of a person's own method, as a run notes it: to be shown, never to be imported."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str


@dataclass(frozen=True)
class Change:
    """A live change that is to happen when ``step`` steps are done.

    ``time``: when it was first made, in a run that repeats it; 0 for one that was planned.
    """

    step: int
    key: str
    value: Value
    time: float = 0.0


class RunSettings(BaseModel):
    """All that decides a run's numbers: same settings, same machine, same curve.

    ``options`` are those of the kind of data, as ``image_size``; ``steps`` is how far it is to go, None without an end;
    ``plan`` are the changes that were planned from the beginning (``--at``) or are still to be repeated.
    """

    model_config = ConfigDict(frozen=True)

    method: str
    config: dict[str, Value]
    data: str
    options: dict[str, int] = {}
    seed: int = 0
    device: str = "cpu"
    precision: str = "float32"
    steps: int | None = None
    method_file: MethodFile | None = None
    plan: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened at a step. ``kind`` "set" is a change of the control ``key``; its ``text`` is "planned"
    where no person made it just then.

    ``time`` is in seconds since 1970. Other kinds: "start", "pause", "checkpoint", "resume", "fork",
    "probe-failed", "failure", "note".
    """

    step: int
    time: float
    kind: str
    key: str = ""
    old: Value | None = None
    new: Value | None = None
    text: str = ""


@dataclass(frozen=True)
class CheckpointRef:
    """A checkpoint on disk. ``last_event_id``: how many events the run had then (events count from 1)."""

    step: int
    stem: Path
    reason: str
    last_event_id: int
    time: float


@dataclass(frozen=True)
class RunInfo:
    """What the run browser shows of a run.

    ``steps`` is the last step on disk. ``summary`` has ``metrics`` and ``probes`` (name -> last value),
    ``curve`` (some dozens of (step, loss) pairs), what :meth:`RunWriter.describe` added, as ``verdict`` and ``life``, and
    ``failure``, the error that ended a run whose ``state`` is "failed". A "paused" run is open in some ssllab that does
    not train it now; "finished" has done all its planned steps, "stopped" was ended before, or never had an end;
    "interrupted" was killed. ``changes`` are the "set" events in order. ``usual`` are its method's own settings, as
    they were then, and ``title`` what it is called (none in a run of an ssllab that did not keep them). ``scalars`` are
    the declarations that it was made with, none in a run of an ssllab before them.
    ``data`` is the :func:`ssllab.training.fingerprint.fingerprint` of what it learned from last, empty where none was
    kept. ``problem`` is one line when the run is damaged or could not be written; settings are None if unreadable.
    """

    id: str
    path: Path
    name: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    created: float = 0.0
    settings: RunSettings | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    parent: tuple[str, int] | None = None
    steps: int = 0
    summary: Mapping[str, Any] = field(default_factory=dict)
    scalars: Mapping[str, Series] = field(default_factory=dict)
    usual: Mapping[str, Value] = field(default_factory=dict)
    title: str = ""
    changes: tuple[Event, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    state: State = "interrupted"
    problem: str = ""

    @property
    def method(self) -> str:
        """What its method is called: by its title where that is known, else by its name."""
        return self.title or (self.settings.method if self.settings else "")

    @property
    def life(self) -> Life:
        """What the doctor said and since which step, the oldest first; empty in a run of an ssllab before it was kept."""
        found = self.summary.get("life")
        return [
            (said[0], said[1])
            for said in (found if isinstance(found, list) else ())
            if isinstance(said, list) and [type(part) for part in said] == [int, str]
        ]


_LATEST = 253_402_300_800.0  # seconds since 1970 where the calendar of Python ends


def moment(value: Any) -> float:
    """A time of a file as seconds since 1970. Raises ValueError, TypeError for one that no calendar has."""
    if not 0 <= (seconds := float(value)) < _LATEST:
        raise ValueError(f"{value} is no time")
    return seconds


def new_id(method: str, created: float) -> str:
    """Sortable by time (UTC), safe as a file name on every system."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created))
    word = re.sub(r"[^a-z0-9_]", "_", method.lower())[:40] or "run"
    return f"{stamp}-{word}-{secrets.token_hex(3)}"


def is_id(text: str) -> bool:
    """Whether ``text`` may be used as a folder name: the form that :func:`new_id` makes, nothing else."""
    return _RUN_ID.fullmatch(text) is not None


def versions() -> dict[str, str]:
    """Versions of what decides the numbers; asks the package metadata, so that torch need not be loaded."""
    found = {
        "ssllab": ssllab.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    for package in ("torch", "torchvision", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def write_record(info: RunInfo) -> None:
    """Write ``run.json`` whole. Raises OSError."""
    document = {
        "format": FORMAT,
        "id": info.id,
        "name": info.name,
        "note": info.note,
        "tags": list(info.tags),
        "created": info.created,
        "settings": info.settings.model_dump() if info.settings else None,
        "versions": dict(info.versions),
        "parent": list(info.parent) if info.parent else None,
    }
    text = json.dumps(document, indent=1, ensure_ascii=False)
    # Bytes of a file's name that are no letters become JSON's own escapes, and come back as they were.
    write_whole(info.path / RECORD_NAME, text.encode(errors="backslashreplace"))


def _with_options(settings: Any) -> Any:
    """Settings as they are written today: the first version kept the one option there was by itself."""
    if isinstance(settings, dict) and "options" not in settings:
        size = settings.get("image_size")
        return {**settings, "options": {} if size is None else {"image_size": size}}
    return settings


def read_record(folder: Path) -> RunInfo:
    """The part of :class:`RunInfo` that ``run.json`` holds. Raises :class:`RunError`."""
    path = folder / RECORD_NAME
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise RunError(
            f"{folder} is not a run: it has no {RECORD_NAME}. 'ssllab runs list' names the runs."
        ) from None
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} is damaged: {error}.") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RunError(f"{path} is not a run of this version of ssllab (format {FORMAT}).")
    try:
        parent = document["parent"]
        info = RunInfo(
            id=str(document["id"]),
            path=folder,
            name=str(document["name"]),
            note=str(document["note"]),
            tags=tuple(str(tag) for tag in document["tags"]),
            created=moment(document["created"]),
            settings=RunSettings.model_validate(_with_options(document["settings"])),
            versions={str(k): str(v) for k, v in document["versions"].items()},
            parent=(str(parent[0]), int(parent[1])) if parent else None,
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise RunError(f"{path} is damaged: settings {first['loc']}: {first['msg']}.") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise RunError(f"{path} is damaged: {type(error).__name__} {error}.") from error
    if not is_id(info.id):
        raise RunError(f"{path} has the id {info.id!r}, which is not one that ssllab makes.")
    return info
