"""Every method by name. One of ours is one new file in this folder: it is found, not listed. A person's own follow.

What is asked for by a name of ours executes nobody else's code.
"""

from __future__ import annotations

import inspect
from functools import cache
from pathlib import Path

import ssllab.methods
from ssllab.controls import ControlError
from ssllab.methods.base import Method
from ssllab.methods.own import MethodError, MethodProblem, Origin, OwnMethods, place_of
from ssllab.storage import search_path

_own = OwnMethods()


def ours() -> dict[str, type[Method]]:
    """name -> class, in the order of the files' names with SimCLR, the simplest, first."""
    return _read(tuple(search_path.METHODS))


@cache
def _read(folders: tuple[Path, ...]) -> dict[str, type[Method]]:
    found: dict[str, type[Method]] = {}
    for path in (path for folder in folders for path in sorted(folder.glob("[!_]*.py"))):
        for member in vars(search_path.load(path, ssllab.methods.__name__)).values():
            if inspect.isclass(member) and issubclass(member, Method) and "name" in vars(member):
                found[member.name] = member
    return dict(sorted(found.items(), key=lambda item: (item[0] != "simclr", item[0])))


def methods() -> dict[str, type[Method]]:
    """name -> class: ours, then the person's own as they were last read."""
    return ours() | {name: cls for name, (cls, _) in _own.found(ours())[0].items()}


def problems() -> list[MethodProblem]:
    """Why files and packages of the person are not used, in the order in which they are looked for."""
    return _own.found(ours())[1]


def method_class(name: str) -> type[Method]:
    """The method called ``name``. Raises :class:`ssllab.controls.ControlError` naming what there is."""
    try:
        return ours().get(name) or methods()[name]
    except KeyError:
        raise ControlError(f"unknown method '{name}': expected one of {', '.join(methods())}.") from None


def origin(name: str) -> Origin | None:
    """Where a method of the person came from; None for one of ours and for one that is not there."""
    return None if name in ours() else _own.found(ours())[0].get(name, (None, None))[1]


def add_file(path: Path) -> list[str]:
    """Use a file that the person named, in this process; the names of its methods. Raises MethodError."""
    place = str(_own.add(path))
    found, wrong = _own.found(ours())
    for problem in wrong:
        if problem.path == place:
            raise MethodError(problem)
    return [name for name, (_, origin) in found.items() if origin.path == place]


def named(word: str) -> str:
    """The name of a method that the person named by it, or by its file. Raises MethodError and ControlError."""
    if not word.endswith(".py"):
        return method_class(word).name
    names = add_file(Path(word))
    if len(names) > 1:
        raise ControlError(
            f"{word} has several methods: give --method {word} and the name, {' or '.join(names)}."
        )
    return names[0]


def stale() -> bool:
    """Whether a file of the person was saved, added or taken away since they were read."""
    return _own.stale()


def refresh() -> None:
    """Read the person's files anew; a class stays itself where its file has not changed."""
    _own.refresh()


def own_place(error: BaseException) -> tuple[str, int] | None:
    """File and line of the person's own code that an error comes from."""
    return place_of(error, _own.code_files())
