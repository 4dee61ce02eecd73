"""The labs by name: each is a tab of the window, with its methods and the data it opens with. A lab is a folder whose
``declaration.py`` has ``LAB = Lab(...)``: it is found, not listed.

Neither Qt nor torch is imported: the command line and the window read this before either is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ssllab.data.catalogue import kind_of
from ssllab.storage import search_path

if TYPE_CHECKING:
    from ssllab.methods.base import Method


@dataclass(frozen=True)
class Lab:
    """One topic. ``methods`` are the names of what is trained in it, the first one to begin with; the same method
    may stand in several labs. ``data`` is what it opens with; labs stand in the ``order`` of their numbers. Its
    ``folder`` holds its page.
    """

    name: str
    title: str
    order: int
    methods: tuple[str, ...]
    data: str
    folder: Path = Path()

    @property
    def method(self) -> str:
        """The method it opens with."""
        return self.methods[0]

    @property
    def kind(self) -> str:
        """The kind of the data it opens with."""
        return kind_of(self.data).name


def labs() -> dict[str, Lab]:
    """Every lab by name, in order. Declarations are read by their path: the window's rooms are not imported."""
    return _read(tuple(search_path.LABS))


@cache
def _read(folders: tuple[Path, ...]) -> dict[str, Lab]:
    found = [
        replace(search_path.run(path)["LAB"], folder=path.parent)
        for folder in folders
        for path in sorted(folder.glob("*/declaration.py"))
    ]
    return {lab.name: lab for lab in sorted(found, key=lambda lab: lab.order)}


def lab_for(kind: str) -> Lab:
    """The first lab that opens with data of that kind; the first lab where there is none."""
    every = list(labs().values())
    return next((lab for lab in every if lab.kind == kind), every[0])


def labs_of(method: type[Method]) -> list[Lab]:
    """The labs that list a method; one that none lists, as a person's own, stands where its data is learned from."""
    return [lab for lab in labs().values() if method.name in lab.methods] or [
        lab for lab in labs().values() if lab.kind in method.kinds
    ]


def lab_of(method: type[Method]) -> Lab:
    """The lab that a stored run of this method belongs to."""
    return next(iter(labs_of(method)), lab_for(method.kinds[0]))


def methods_of(lab: Lab, registry: Mapping[str, type[Method]]) -> dict[str, type[Method]]:
    """What can be trained in a lab: what it lists, in its order, then what no lab lists and learns from its data."""
    own = {name: registry[name] for name in lab.methods if name in registry}
    return own | {name: method for name, method in registry.items() if lab in labs_of(method)}
