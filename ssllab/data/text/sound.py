"""Recordings as text whose symbols a speech model hears: a language without words.

A document is a recording. What the symbols are is the method's to say (``unit=code``): the data is the sound alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.data.catalogue import source
from ssllab.data.download import cache_directory
from ssllab.data.kind import Request
from ssllab.data.skipped import Skipped
from ssllab.data.speech.folder import folder
from ssllab.data.speech.samples import spoken
from ssllab.data.speech.takes import has_takes, takes
from ssllab.data.speech.types import SpeechData, SpeechSplit
from ssllab.data.spool import Shelf
from ssllab.data.text.corpus import Corpus, Documents, repeated
from ssllab.data.text.types import TextData, TextSplit
from ssllab.storage.errors import DataError

_SAMPLE = 2  # bytes: int16


@dataclass(frozen=True, eq=False)
class SoundSplit(TextSplit):
    """Recordings: ``text`` holds their samples, int16 at 16 kHz, mono. The last ``own`` are the person's own voice, where
    others are there too."""

    own: int = 0

    def int16(self, index: int) -> NDArray[np.int16]:
        """Recording ``index`` as ``(n,)``."""
        return self.text[int(self.starts[index]) : int(self.ends[index])].numpy().view(np.int16)

    def samples(self, index: int) -> Tensor:
        """The same as float32 in -1..1."""
        return torch.from_numpy(self.int16(index) / np.float32(32768))

    def document(self, index: int) -> str:
        """Raises DataError: sound has no letters."""
        raise DataError("recordings have no letters: choose unit=code.")

    def pieces(self, index: int) -> Iterator[str]:
        """Raises DataError: sound has no letters."""
        yield self.document(index)


class _Recordings(Documents):
    """Recordings one behind another."""

    def _between_characters(self, place: int) -> int:
        return place // _SAMPLE * _SAMPLE

    def _split(self, starts: np.ndarray, ends: np.ndarray) -> SoundSplit:  # type: ignore[override]
        return SoundSplit(self.text, torch.as_tensor(starts), torch.as_tensor(ends))


def sound_units(request: Request) -> TextData:
    """The samples of the Speech lab and the takes of the workspace. What is held out there is held out here; where nothing
    shall be, all is learned from."""
    info = source("sound_units")
    assert info is not None
    sets = [spoken()]
    if has_takes(request.workspace):
        sets.append(
            takes(
                request.workspace, root=request.root, progress=request.progress, cancelled=request.cancelled
            )
        )
    parts = [_parts(data) for data in sets]
    if not request.options["holdout"]:
        parts = [([*learned, *held_out], []) for learned, held_out in parts]
    every = _read([split for which in (0, 1) for both in parts for split in both[which]], info.name, request)
    starts, ends = np.array([0, *every.ends[:-1]]), np.array(every.ends)
    many = [sum(map(len, learned)) for learned, _ in parts]
    count, own = sum(many), sum(many[1:])
    return TextData(
        info.name,
        info.title,
        replace(every._split(starts[:count], ends[:count]), own=own),
        every._split(starts[count:], ends[count:]),
        language="sound",
        about=info.about,
        skipped=tuple(entry for data in sets for entry in data.skipped),
        options=dict(request.options),
    )


def recordings(path: Path, request: Request, told: Iterable[Skipped] = ()) -> TextData:
    """A person's own recordings at ``path``, in any layout of the Speech lab: a document is one of them, split as text is.

    Raises DataError with one line where there are none, or Cancelled.
    """
    if request.options["strands"] == 2:
        raise DataError(f"{path} is sound, which has no second strand: leave --strands out.")
    data = folder(path, root=request.root, progress=request.progress, cancelled=request.cancelled)
    learned, held_out = _parts(data)
    every = _read([*learned, *held_out], str(path.resolve()), request)
    holdout = request.options["holdout"]
    train, test = every.parted(holdout)
    return TextData(
        str(path),
        data.title,
        train,
        test,
        language="sound",
        skipped=(*data.skipped, *told, *repeated(every, holdout, path.name)),
        options=dict(request.options),
    )


def _parts(data: SpeechData) -> tuple[list[SpeechSplit], list[SpeechSplit]]:
    """What is learned from and what is held out; nothing where there are too few for that, so that both are one."""
    same = data.train.audio.data_ptr() == data.test.audio.data_ptr()
    return [data.train], [] if same else [data.test]


def _read(splits: Iterable[SpeechSplit], name: str, request: Request) -> _Recordings:
    shelf = Shelf((request.root or cache_directory()) / "text", name, "sound")
    corpus = Corpus(shelf.path("sound", "int16"))
    try:
        for split in splits:
            for first, last in zip(split.starts[:-1].tolist(), split.starts[1:].tolist(), strict=True):
                corpus.write(split.audio[first:last].numpy().tobytes())
                corpus.end()
        found = corpus.documents()
    except OSError as error:
        raise DataError(
            f"cannot keep the recordings in the cache ({error.strerror or error}): free some space, or choose fewer."
        ) from None
    finally:
        corpus.spool.discard()
    return _Recordings(found.text, found.ends, found.digests)
