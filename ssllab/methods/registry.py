"""Every method by name. A new one is one new file in this folder: it is found, not listed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

import ssllab.methods
from ssllab.controls import ControlError
from ssllab.methods.base import Method


@cache
def methods() -> dict[str, type[Method]]:
    """name -> class, in the order of the files' names with SimCLR, the simplest, first."""
    found: dict[str, type[Method]] = {}
    for module in pkgutil.iter_modules(ssllab.methods.__path__, "ssllab.methods."):
        for member in vars(importlib.import_module(module.name)).values():
            if inspect.isclass(member) and issubclass(member, Method) and "name" in vars(member):
                found[member.name] = member
    return dict(sorted(found.items(), key=lambda item: (item[0] != "simclr", item[0])))


def method_class(name: str) -> type[Method]:
    """The method called ``name``. Raises :class:`ssllab.controls.ControlError` naming what there is."""
    try:
        return methods()[name]
    except KeyError:
        raise ControlError(f"unknown method '{name}': expected one of {', '.join(methods())}.") from None
