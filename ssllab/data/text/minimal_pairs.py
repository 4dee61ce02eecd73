"""Minimal pairs: two sentences that differ in one thing, of which one is right. Files in BLiMP's format, one JSON a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from ssllab.storage.errors import DataError
from ssllab.text.encoding import NotText, decoded

LARGEST = 64_000_000  # bytes of a file that are read


@dataclass(frozen=True)
class Pair:
    """The ``good`` sentence and the ``bad`` one."""

    good: str
    bad: str


@dataclass(frozen=True)
class PairFile:
    """Pairs of one ``phenomenon``, as Warstadt et al. 2020 (BLiMP) call it."""

    name: str
    phenomenon: str
    pairs: tuple[Pair, ...]


def read_pairs(path: Path) -> list[PairFile]:
    """The pairs of a file, a folder or a zip of files. Raises DataError."""
    found = [_file(name, content) for name, content in _members(path)]
    if not found:
        raise DataError(f"{path} has no .jsonl file: expected minimal pairs as BLiMP has them.")
    return found


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    try:
        if path.is_dir():
            for member in sorted(path.rglob("*.jsonl")):
                if _is_pairs(member.relative_to(path)):
                    yield member.stem, member.read_bytes()
        elif path.suffix.lower() == ".zip":
            with ZipFile(path) as archive:
                for info in sorted(archive.infolist(), key=lambda info: info.filename):
                    if info.filename.endswith(".jsonl") and _is_pairs(Path(info.filename)):
                        if info.file_size > LARGEST:
                            raise DataError(
                                f"{info.filename} in {path.name} is larger than {LARGEST // 10**6} MB."
                            )
                        yield Path(info.filename).stem, archive.read(info)
        else:
            yield path.stem, path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error
    except BadZipFile as error:
        raise DataError(f"{path} is no readable zip: {error}.") from error


def _is_pairs(member: Path) -> bool:
    """Not what a Mac puts beside the files of a folder or of a zip."""
    return "__MACOSX" not in member.parts and not member.name.startswith(".")


def _file(name: str, content: bytes) -> PairFile:
    try:
        text = decoded(content).letters
    except NotText as error:
        raise DataError(f"{name} {error}.") from error
    pairs, phenomenon = [], ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            good, bad = entry["sentence_good"], entry["sentence_bad"]
        except (ValueError, KeyError, TypeError, RecursionError):
            good = bad = None
        if not isinstance(good, str) or not isinstance(bad, str):
            raise DataError(
                f'{name}, line {number}: expected a JSON object with "sentence_good" and "sentence_bad", as in BLiMP.'
            )
        phenomenon = phenomenon or str(entry.get("linguistics_term") or entry.get("phenomenon") or "")
        pairs.append(Pair(good, bad))
    if not pairs:
        raise DataError(f"{name} has no pairs: expected lines of JSON, as in BLiMP.")
    return PairFile(name, phenomenon or name, tuple(pairs))
