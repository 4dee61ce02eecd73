"""A person's own methods: Python files and installed packages, where each came from and what is wrong with it.

Code is executed from three places only: the folder :func:`.places.methods_folder`, the entry-point group
``ssllab.methods``, and files that the person names in this process. No path that is written in a run, checkpoint,
workspace, data folder or model gets here. What cannot be used is collected as a :class:`MethodProblem`, so that one bad
file disturbs nothing else.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import inspect
import itertools
import linecache
import sys
import threading
import traceback
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from ssllab.controls import Config
from ssllab.data.kind import kinds
from ssllab.methods import places
from ssllab.methods.base import Method, StepFault
from ssllab.methods.settings import OptimizerSettings
from ssllab.scalars import Series

GROUP = "ssllab.methods"
_numbers = itertools.count()


@dataclass(frozen=True)
class Origin:
    """Where a method that is not ours came from: a file, or a package and its entry; the SHA-256 of the file."""

    path: str
    sha256: str


@dataclass(frozen=True)
class MethodProblem:
    """Why a file, a package or one of its methods is not used. ``line`` is 0 where none is to blame."""

    path: str
    line: int
    message: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.path}{f', line {self.line}' if self.line else ''}: {self.message}"


class MethodError(ValueError):
    """A file that the person named gives no method; the message is one line, ``detail`` the traceback."""

    def __init__(self, problem: MethodProblem) -> None:
        super().__init__(str(problem))
        self.detail = problem.traceback


@dataclass(frozen=True)
class Source:
    """A file or package as it was last read: the methods of its last good version, what is wrong with the newest.

    ``read`` is the SHA-256 of the newest version, ``origin`` says that of the good one.
    """

    origin: Origin
    read: str = ""
    code: str = ""  # the file whose lines stand in a traceback
    methods: tuple[type[Method], ...] = ()
    problems: tuple[MethodProblem, ...] = ()


class OwnMethods:
    """What was read in this process. Nothing is before :meth:`found` or :meth:`add` asks; any thread may."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._named: list[Path] = []
        self._files: dict[Path, Source] = {}
        self._packages: list[Source] | None = None
        self._stamps: dict[Path, tuple[int, int]] | None = None

    def found(
        self, taken: Collection[str]
    ) -> tuple[dict[str, tuple[type[Method], Origin]], list[MethodProblem]]:
        """Every own method by name, but for names that are ``taken``, and every problem."""
        with self._lock:
            if self._stamps is None:
                self.refresh()
            return _resolved([*self._files.values(), *(self._packages or ())], taken)

    def stale(self) -> bool:
        """Whether a file was saved, added or taken away since all were read; only looks at dates and sizes."""
        with self._lock:
            return self._stamps is not None and self._stamps != _stamps(self._paths())

    def refresh(self) -> None:
        """Read what is new or was saved anew; of a file that is now wrong the last good version stays."""
        with self._lock:
            paths = self._paths()
            self._stamps = _stamps(paths)
            files = {path: _read(path, self._files.get(path)) for path in paths}
            gone = {
                path: _gone(old) for path, old in self._files.items() if path not in files and old.methods
            }
            self._files = {**files, **gone}
            if self._packages is None:
                self._packages = [
                    _read_package(entry) for entry in importlib.metadata.entry_points(group=GROUP)
                ]

    def add(self, path: Path) -> Path:
        """Name a file for this process; its place without links, by which its methods' origin is known."""
        place = path.expanduser().resolve()
        if not place.is_file():
            raise MethodError(
                MethodProblem(str(path), 0, "no such file: expected a Python file with a method.")
            )
        with self._lock:
            if place not in self._paths():
                self._named.append(place)
            if self._stamps is not None:
                self.refresh()
        return place

    def code_files(self) -> set[str]:
        """The files whose lines are the person's own."""
        return {source.code for source in [*self._files.values(), *(self._packages or ())]}

    def _paths(self) -> list[Path]:
        try:
            inside = sorted(places.methods_folder().glob("[!._]*.py"))
        except OSError:
            inside = []
        return list(dict.fromkeys([*(path.resolve() for path in inside if path.is_file()), *self._named]))


def place_of(error: BaseException, files: Collection[str]) -> tuple[str, int] | None:
    """The deepest line of one of ``files`` on the way to an error, or to what caused it."""
    at: BaseException | None = error
    while at is not None:
        if isinstance(at, SyntaxError) and at.filename and at.filename in files:
            return at.filename, at.lineno or 1
        if isinstance(at, StepFault) and at.place[0] in files:
            return at.place
        places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(at.__traceback__)]
        if own := [place for place in places if place[0] in files]:
            return own[-1]
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return None


def _stamps(paths: Iterable[Path]) -> dict[Path, tuple[int, int]]:
    found = {}
    for path in paths:
        try:
            about = path.stat()
            found[path] = (about.st_mtime_ns, about.st_size)
        except OSError:
            found[path] = (0, -1)
    return found


def _read(path: Path, before: Source | None) -> Source:
    before = before or Source(Origin(str(path), ""), code=str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return _gone(before)
    except OSError as error:
        return replace(before, problems=(MethodProblem(str(path), 0, f"cannot be read: {error.strerror}."),))
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 == before.read:
        return before
    try:
        methods, problems = _good(_execute(path, content, sha256), str(path))
    except (Exception, SystemExit) as error:
        methods, problems = (), (_problem(error, str(path), {str(path)}),)
    if problems:
        return replace(before, read=sha256, problems=problems)
    return Source(Origin(str(path), sha256), sha256, str(path), methods)


def _gone(source: Source) -> Source:
    kept = " Its last version is used until ssllab ends." if source.methods else ""
    return replace(
        source, read="", problems=(MethodProblem(source.origin.path, 0, f"the file is gone.{kept}"),)
    )


def _execute(path: Path, content: bytes, sha256: str) -> ModuleType:
    # These very bytes, whose hash is noted: the import system would take a cached .pyc for a file that was saved twice
    # within a second. The module's name is its own, so that no other can be imported as or instead of it.
    name = f"ssllab_own_{sha256[:12]}_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    linecache.checkcache(str(path))
    sys.modules[name] = module  # pydantic looks up annotations there
    try:
        exec(compile(content, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _read_package(entry: importlib.metadata.EntryPoint) -> Source:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.name
    place = f"the package {package} ({entry.value})"
    try:
        loaded = entry.load()
        module = sys.modules[loaded.__module__] if inspect.isclass(loaded) else loaded
        code = str(module.__file__)
        origin = Origin(place, hashlib.sha256(Path(code).read_bytes()).hexdigest())
        methods, problems = _good(loaded, place)
    except (Exception, SystemExit) as error:
        return Source(Origin(place, ""), problems=(_problem(error, place, set()),))
    return Source(origin, origin.sha256, code, methods, problems)


def _problem(error: BaseException, place: str, files: Collection[str]) -> MethodProblem:
    at = place_of(error, files)
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    first = (said.strip() or "no more is said").splitlines()[0]
    detail = "".join(traceback.format_exception(error))
    return MethodProblem(place, at[1] if at else 0, f"{type(error).__name__}: {first}", detail)


def _good(loaded: Any, place: str) -> tuple[tuple[type[Method], ...], tuple[MethodProblem, ...]]:
    """The methods of a module, those that it defines and that have a ``name`` of their own, or one class itself."""
    members = [loaded] if inspect.isclass(loaded) else list(vars(loaded).values())
    own = [member for member in members if inspect.isclass(member) and issubclass(member, Method)]
    if not inspect.isclass(loaded):
        own = [cls for cls in own if cls.__module__ == loaded.__name__ and "name" in vars(cls)]
    methods = tuple(dict.fromkeys(own))
    if not methods:
        return (), (MethodProblem(place, 0, "it defines no method: expected a class of Method with a name."),)
    faults = [(cls, fault) for cls in methods if (fault := fault_of(cls))]
    return methods, tuple(
        MethodProblem(place, _line(cls), f"{cls.__name__}: {fault}") for cls, fault in faults
    )


def fault_of(cls: type[Method]) -> str:
    """What is wrong with a method's declaration, "" if nothing."""
    name, config = getattr(cls, "name", None), getattr(cls, "Config", None)
    if not isinstance(name, str) or not name.isascii() or not name.isidentifier():
        return f"name = {name!r}: expected letters, digits and _, as 'my_method'."
    if not isinstance(getattr(cls, "title", None), str):
        return "it has no title: expected the method's name for people, as title = 'My method'."
    if not (inspect.isclass(config) and issubclass(config, Config) and issubclass(config, OptimizerSettings)):
        return (
            "it has no Config: expected a class that inherits OptimizerSettings; its fields are the controls."
        )
    try:
        config()
    except ValidationError as error:
        return f"Config: {'.'.join(map(str, error.errors()[0]['loc']))} needs a default that is allowed."
    series = getattr(cls, "series", None)
    if not isinstance(series, dict) or not all(isinstance(value, Series) for value in series.values()):
        return "it has no series: expected a dict, scalar's name -> Series, of all that it measures."
    for scalar, one in series.items():
        if one.better not in ("lower", "higher", "") or one.measured not in ("step", "probe", "once"):
            return f"its series '{scalar}': expected better 'lower' or 'higher', measured 'step', 'probe' or 'once'."
    if "loss" not in series:
        return "its series have no 'loss': every step measures one."
    learned = getattr(cls, "kinds", None)
    if not isinstance(learned, tuple) or not learned or not set(learned) <= kinds().keys():
        return (
            f"kinds = {learned!r}: expected a tuple of some of {', '.join(kinds())}, as kinds = ('images',)."
        )
    if missing := sorted(getattr(cls, "__abstractmethods__", ())):
        return f"it has no {', '.join(missing)}: every method has."
    return ""


def _line(cls: type[Method]) -> int:
    try:
        return inspect.getsourcelines(cls)[1]
    except (OSError, TypeError):
        return 0


def _resolved(
    sources: Iterable[Source], taken: Collection[str]
) -> tuple[dict[str, tuple[type[Method], Origin]], list[MethodProblem]]:
    """The first to have a name keeps it."""
    found: dict[str, tuple[type[Method], Origin]] = {}
    problems: list[MethodProblem] = []
    for source in sources:
        problems += source.problems
        for cls in source.methods:
            if cls.name in taken or cls.name in found:
                owner = "ssllab" if cls.name in taken else found[cls.name][1].path
                words = f"the name '{cls.name}' is taken by {owner}: choose another."
                problems.append(MethodProblem(source.origin.path, _line(cls), words))
            else:
                found[cls.name] = (cls, source.origin)
    return found, problems
