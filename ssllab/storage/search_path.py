"""Where labs, kinds of data and methods are found: folders, ours first. A test or a toy lab adds its own.

Nothing that was found is listed anywhere: what lies in a folder of these is there.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import runpy
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

_OURS = Path(__file__).resolve().parents[1]

#: Each folder below with a ``declaration.py`` is a lab.
LABS: list[Path] = [_OURS / "ui" / "labs"]
#: Each folder below with a ``kind.py`` is a kind of data.
KINDS: list[Path] = [_OURS / "data"]
#: Each file in it may hold methods.
METHODS: list[Path] = [_OURS / "methods"]


def run(path: Path) -> dict[str, Any]:
    """What the file ``path`` defines, without importing the package that it stands in; what it raises goes through."""
    return runpy.run_path(str(path))


def load(path: Path, package: str) -> ModuleType:
    """The module in the file ``path``, imported once; what its code raises goes through.

    A file of ours has its ordinary name. Another becomes a module below ``package``, as "ssllab.data", whose name no
    other folder's has; it may import its neighbours relatively (``from .reader import read``).
    """
    path = path.resolve()
    if path.is_relative_to(_OURS):
        parts = path.relative_to(_OURS).with_suffix("").parts
        return importlib.import_module(".".join((_OURS.name, *parts)))
    folder = f"{package}.at_{hashlib.sha256(str(path.parent).encode()).hexdigest()[:12]}"
    name = f"{folder}.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    if folder not in sys.modules:
        parent = ModuleType(folder)
        parent.__path__ = [str(path.parent)]
        sys.modules[folder] = parent
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
