"""Which method made a run: what a run notes of a person's own file, and whether it is still the same.

The noted path is shown, never imported: the method is looked up by its name among those that are there.
"""

from __future__ import annotations

from pathlib import Path

from ssllab.methods import registry
from ssllab.methods.base import Method
from ssllab.training.run_record import MethodFile, RunError, RunInfo


def method_file(method: str) -> MethodFile | None:
    """What a new run notes of its method's file; None for a method of ours."""
    origin = registry.origin(method)
    return MethodFile(path=origin.path, sha256=origin.sha256) if origin else None


def method_of(info: RunInfo) -> tuple[type[Method], str]:
    """The method that a run goes on with, and a line where it is not what it was, "" else. Raises RunError."""
    settings = info.settings
    if settings is None:
        raise RunError(f"run {info.id} has no readable settings and cannot go on.")
    name, noted = settings.method, settings.method_file
    there = registry.methods() if name not in registry.ours() else registry.ours()
    if name not in there:
        if noted is None:
            raise RunError(
                f"run {info.id} has the unknown method '{name}': expected one of {', '.join(there)}. If it is your "
                "own, put its file into your methods folder or name it with --method FILE.py."
            )
        broken = [str(problem) for problem in registry.problems() if problem.path == noted.path]
        there_still = "which is used only when it is named" if Path(noted.path).is_file() else "which is gone"
        why = f"which has an error: {broken[0]}" if broken else there_still
        raise RunError(
            f"method '{name}' of run {info.id} came from {noted.path}, {why}. Put it into your methods folder or name "
            "it with --method FILE.py."
        )
    origin = registry.origin(name)
    if noted is None or (origin is not None and origin.sha256 == noted.sha256):
        return there[name], ""
    now = (
        f"{origin.path} has changed since or is another file" if origin else "now ssllab has one of that name"
    )
    return there[
        name
    ], f"Method '{name}' came from {noted.path} (SHA-256 {noted.sha256[:12]}…); {now}. It goes on so."


def known_method(info: RunInfo) -> type[Method] | None:
    """The method of a run that is only shown; None where it is not there."""
    try:
        return method_of(info)[0]
    except RunError:
        return None
