"""What a kind of data is (images, speech ...): one declaration, ``KIND`` in the ``kind.py`` of its folder.

From it come the catalogue, the command line's options and the window's words. A new kind is a new folder in
:data:`ssllab.storage.search_path.KINDS`: it is found, not listed. Declarations import the standard library only
(their loaders import the rest when they are called): the window lists data before torch is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssllab.data.skipped import left_out
from ssllab.storage import search_path
from ssllab.storage.errors import DataError
from ssllab.storage.progress import CancelQuestion, Progress

if TYPE_CHECKING:
    from ssllab.data.batches import Data


#: Every generator takes it, and twice as much; the window's box shows it.
LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class SourceInfo:
    """One data set as the window and ``ssllab data --json`` list it.

    ``origin`` names where the data come from and their licence; ``download_mb`` is 0 for offline sources;
    ``classes`` is 0 where items have no class. ``options``: where it differs from the defaults of its kind.
    ``allows``: of a method's controls, and of options, the values that fit it, the usual one first; one that is not
    named may be anything. Data that is loaded says the same in an attribute of that name, also of a path. ``grows``: the
    person may have recorded more since it was loaded.
    """

    name: str
    title: str
    about: str
    origin: str
    download_mb: int = 0
    classes: int = 0
    options: Mapping[str, int] = field(default_factory=dict)
    allows: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    grows: bool = False
    kind: str = ""  # filled in by the kind that declares it

    @property
    def offline(self) -> bool:
        """Whether it is there without a download."""
        return self.download_mb == 0


@dataclass(frozen=True)
class Option:
    """A whole number that data of a kind is loaded with: ``flag`` is the command line's, ``form`` how it is
    listed (not at all if empty)."""

    name: str
    title: str
    flag: str
    low: int
    high: int
    default: int
    unit: str
    form: str = "{}"

    def problem(self, value: int) -> str:
        """What is wrong with a value, or nothing."""
        if self.low <= value <= self.high:
            return ""
        return (
            f"{self.title} {value}: expected a whole number of {self.unit} from {self.low} to {self.high}; "
            f"{self.default} is usual."
        )


@dataclass(frozen=True)
class Words:
    """What the window calls the choice of data, and how a person brings their own."""

    what: str = "The data that is learned from"
    open_folder: str = "Open a folder…"
    folder: str = "A folder of data"
    open_file: str = "Open a file…"
    file_filter: str = "Every file (*)"
    own_file: str = ""  # in the choice of data, where a single file is enough to learn from


@dataclass(frozen=True)
class Request:
    """How data is asked for, beside its name. ``options`` has every option of the kind.

    ``root`` is where downloads and decoded data are kept (default: the user's cache folder), ``workspace`` where
    the user's takes are.
    """

    options: Mapping[str, int]
    seed: int
    root: Path | None
    workspace: Path | None
    progress: Progress
    cancelled: CancelQuestion


def _counted(data: Any) -> str:
    return f"{len(data.train):,} to learn from, {len(data.test):,} held out"


@dataclass(frozen=True)
class Kind:
    """A kind of data.

    ``load`` reads a source by its name or what lies at a path; it raises :class:`ssllab.storage.errors.DataError`
    with one line. ``own`` is what a folder of a person's own holds, ``formats`` the usual endings of their names;
    ``item`` what training counts, as "images"; ``amount`` says how much there is. ``join`` makes one of several
    (None: they cannot be joined by ``+``); its second argument is :attr:`Request.root`.
    """

    name: str
    title: str
    item: str
    own: str
    default: str
    sources: tuple[SourceInfo, ...]
    load: Callable[[str, Request], Data]
    formats: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    words: Words = Words()
    amount: Callable[[Any], str] = _counted
    join: Callable[[Sequence[Any], Path | None], Data] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(replace(info, kind=self.name) for info in self.sources))

    def options_of(self, info: SourceInfo | None) -> dict[str, int]:
        """What a source (None: a path) is loaded with where nothing else is asked for."""
        own = info.options if info is not None else {}
        return {option.name: own.get(option.name, option.default) for option in self.options}

    def speed(self, rate: float) -> str:
        """How fast training goes, of so many items a second."""
        return f"{rate:,.0f} {self.item}/s" if rate >= 100 else f"{rate:.1f} {self.item}/s"


def kinds() -> dict[str, Kind]:
    """Every kind by name, ours first; of two of one name the first."""
    found: dict[str, Kind] = {}
    for folder in search_path.KINDS:
        for path in sorted(folder.glob("*/kind.py")):
            kind = search_path.load(path, "ssllab.data").KIND
            found.setdefault(kind.name, kind)
    return found


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises :class:`DataError` naming what there is."""
    every = kinds()
    if name not in every:
        raise DataError(f"unknown kind of data '{name}': expected one of {', '.join(every)}.")
    return every[name]


def amount(data: Data) -> str:
    """How much there is to learn from, and how much is held out."""
    lost = left_out(data.skipped)
    skipped = f", {lost:,} skipped" if lost else ""
    return f"{data.title}: {kind_named(data.kind).amount(data)}{skipped}"


def length(seconds: float) -> str:
    """How long sound is, in words: ``12 minutes``."""
    if seconds < 120:
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
