"""What data there is, and one door to all of it: :func:`load` takes a name of the catalogue or a path.

Importing this file needs the standard library only: the window lists the data before torch is loaded.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.kind import Kind, Option, Request, SourceInfo, kind_named, kinds
from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress

if TYPE_CHECKING:
    from ssllab.data.batches import Data


def sources(*wanted: str) -> tuple[SourceInfo, ...]:
    """Every data set that has a name (of the kinds ``wanted``), the offline ones of a kind first."""
    return tuple(
        info for kind in kinds().values() if not wanted or kind.name in wanted for info in kind.sources
    )


def source(name: str) -> SourceInfo | None:
    """The data set of that name, or None (then it may be a path)."""
    return next((info for info in sources() if info.name == name), None)


def allowed(name_or_path: str, data: Data | None = None) -> Mapping[str, tuple[str, ...]]:
    """Of a method's controls the values that fit a source, the usual one first; a control that is not named may be
    anything. Of a path only ``data``, which was loaded from it, knows."""
    if data is not None:
        return getattr(data, "allows", {})
    info = source(name_or_path)
    return info.allows if info is not None else {}


def options() -> dict[str, Option]:
    """Every option of every kind, by its name."""
    return {option.name: option for kind in kinds().values() for option in kind.options}


def parts(name_or_path: str) -> tuple[str, ...]:
    """What ``A+B`` joins: names or paths of speech, learned from together. One thing is its own only part.

    A path that exists is never cut, whatever its name.
    """
    if source(name_or_path) is not None or _exists(name_or_path):
        return (name_or_path,)
    return tuple(part.strip() for part in name_or_path.split("+"))


def exists(name_or_path: str) -> bool:
    """Whether every part is a name of the catalogue or a path on this machine."""
    return all(source(part) is not None or _exists(part) for part in parts(name_or_path))


def absolute(name_or_path: str) -> str:
    """The same with whole paths: what a run keeps, so that it resumes from anywhere."""
    return "+".join(
        part if source(part) is not None else os.path.abspath(os.path.expanduser(part))
        for part in parts(name_or_path)
    )


def kind_of(name_or_path: str, wanted: Sequence[str] = ()) -> Kind:
    """The kind of the source of that name. Paths are of the first kind of ``wanted`` (default: the first there is
    or, of several joined by ``+``, the first that can be)."""
    every, several = kinds(), parts(name_or_path)
    for part in several:
        if (info := source(part)) is not None:
            return every[info.kind]
    if wanted:
        return kind_named(wanted[0])
    return next(
        (kind for kind in every.values() if kind.join or len(several) == 1), next(iter(every.values()))
    )


def load(
    name_or_path: str,
    *,
    kinds: Sequence[str] = (),
    options: Mapping[str, int] | None = None,
    seed: int = 0,
    root: Path | None = None,
    workspace: Path | None = None,
    progress: Progress | None = None,
    cancelled: CancelQuestion | None = None,
) -> Data:
    """The data of that name, or of a folder or archive of the user's own at that path.

    ``kinds`` is what the method learns from: see :func:`kind_of` for what a path is read as; ``A+B`` joins names
    or paths into one set where the kind can. ``options``: those of the kind that differ from the source's own, as
    ``image_size``; ``seed`` draws Shapes and the crops of Photos (splits of the others never change); for the rest
    see :class:`ssllab.data.kind.Request`. Raises :class:`ssllab.storage.errors.DataError` with one line, or
    :class:`ssllab.storage.progress.Cancelled`.
    """
    name = os.fspath(name_or_path)
    report: Progress = progress or (lambda fraction, text: None)
    kind, names = kind_of(name, kinds), parts(name)
    if kinds and kind.name not in kinds:
        fitting = ", ".join(other.name for other in sources(*kinds))
        raise DataError(
            f"'{name}' is {kind.name}, but this learns from {' or '.join(kinds)}: choose one of {fitting}, or a path."
        )
    for part in names:
        info = source(part)
        if len(names) > 1 and (kind.join is None or (info is not None and info.kind != kind.name)):
            raise DataError(f"'{part}' is {info.kind if info else kind.name}: {_joinable()}")
        if info is None and not _exists(part):
            raise _unknown(part, kinds)
    _check_options(options or {}, kind, name)
    found = []
    for index, part in enumerate(names):
        request = Request(
            options=kind.options_of(source(part)) | dict(options or {}),
            seed=seed,
            root=root,
            workspace=workspace,
            progress=lambda share, text, before=index: report((before + share) / len(names), text),  # type: ignore[misc]
            cancelled=cancelled or (lambda: False),
        )
        found.append(kind.load(part, request))
    return found[0] if len(found) == 1 or kind.join is None else kind.join(found, root)


def _check_options(given: Mapping[str, int], kind: Kind, name: str) -> None:
    known = options()
    for key, value in given.items():
        option = known.get(key)
        if option is None:
            raise DataError(f"unknown option '{key}' of data: expected one of {', '.join(known)}.")
        if option not in kind.options:
            owners = " and ".join(other.name for other in kinds().values() if option in other.options)
            raise DataError(
                f"{option.title} is an option of {owners} only, and '{name}' is {kind.name}: leave {option.flag} out."
            )
        if problem := option.problem(value):
            raise DataError(problem)


def _joinable() -> str:
    can = " and ".join(kind.name for kind in kinds().values() if kind.join)
    return f"only {can} can be joined with +."


def _exists(name: str) -> bool:
    """Whether there is such a path; False for what cannot be one."""
    try:
        return bool(name.strip()) and Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _unknown(name: str, wanted: Sequence[str]) -> DataError:
    names = [info.name for info in sources(*wanted)]
    near = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    own = " or ".join(kind.own for kind in kinds().values() if not wanted or kind.name in wanted)
    said = name if len(name) <= 120 else name[:117] + "..."
    return DataError(
        f"no data called '{said}' and no such folder or .zip file.{hint} Expected one of "
        f"{', '.join(names)}, or the path of a folder of {own}."
    )
