"""Units of sound: the codes that a speech model hears, written as ``c5 c17``; and a stored sound for each.

What hears is not here: these are the symbols, what is needed to find them again, and what they sound like.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from string import ascii_lowercase
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ssllab.storage.errors import DataError
from ssllab.text.letters import UNKNOWN
from ssllab.text.symbols import END, END_NAME, UNKNOWN_NAME, UnitName, Units

_WORD = re.compile(r"\S+")
_FIRST = 2  # id of the first code


@dataclass(frozen=True)
class Codes(Units):
    """One code a frame, ``c0`` on; of a quantizer with groups one of each, ``a0 b0``, in their order. Repeats are collapsed.

    ``groups``: how many codes each has. ``speech_model`` is what hears, as a person calls it, ``fingerprint`` what tells it
    from others. ``centres (codes, D)`` float32 of its context vectors are those of k-means; of a quantizer there are none.
    ``frames (S, groups)`` int32 are the frames that have a sound: sound i is ``samples[starts[i]:starts[i + 1]]``, int16 at
    16 kHz, with ``fade`` samples at both ends that belong to its neighbours.
    """

    name: ClassVar[UnitName] = "code"
    groups: tuple[int, ...]
    speech_model: str
    fingerprint: str
    centres: NDArray[np.float32] = field(compare=False, repr=False)
    frames: NDArray[np.int32] = field(compare=False, repr=False)
    samples: NDArray[np.int16] = field(compare=False, repr=False)
    starts: NDArray[np.int64] = field(compare=False, repr=False)
    fade: int
    content: str  # a checksum of the arrays

    @classmethod
    def of(
        cls,
        groups: tuple[int, ...],
        speech_model: str,
        fingerprint: str,
        *,
        centres: NDArray[np.float32],
        frames: NDArray[np.int32],
        samples: NDArray[np.int16],
        starts: NDArray[np.int64],
        fade: int,
    ) -> Self:
        """Raises DataError where the parts do not fit each other."""
        fits = (
            groups
            and len(groups) <= len(ascii_lowercase)
            and min(groups) > 0
            and centres.ndim == 2
            and (not centres.size or (len(groups) == 1 and len(centres) == groups[0]))
            and frames.ndim == 2
            and frames.shape[1] == len(groups)
            and ((frames >= 0) & (frames < np.array(groups))).all()
            and len(starts) == len(frames) + 1
            and starts[0] == 0
            and (np.diff(starts) > 2 * fade).all()
            and starts[-1] == len(samples)
        )
        if not fits:
            raise DataError("units of sound whose parts do not fit each other.")
        letters = ("c",) if len(groups) == 1 else ascii_lowercase
        names = (f"{letters[group]}{code}" for group, size in enumerate(groups) for code in range(size))
        check = hashlib.blake2b(digest_size=8)
        for part in (centres, frames, samples, starts):
            check.update(np.ascontiguousarray(part).tobytes())
        return cls(
            (END_NAME, UNKNOWN_NAME, *names),
            groups,
            speech_model,
            fingerprint,
            centres,
            frames,
            samples,
            starts,
            fade,
            check.hexdigest(),
        )

    @property
    def unknown(self) -> int:
        """The id of what is no code."""
        return UNKNOWN

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: id for id, symbol in enumerate(self.symbols) if id >= _FIRST}

    def encode(self, text: str) -> NDArray[np.int32]:
        """One id a word."""
        return np.array([self._ids.get(word, UNKNOWN) for word in text.split()], np.int32)

    def decode(self, ids: Iterable[int] | NDArray[np.integer]) -> str:
        """Codes with blanks between."""
        lines = " ".join("\n" if i == END else self.symbols[i] for i in ids)
        return re.sub(" *\n *", "\n", lines)

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The words, without the blanks between."""
        return [word.span() for word in _WORD.finditer(text)]

    def written(self, codes: NDArray[np.integer]) -> str:
        """Frames of a recording ``(T, groups)`` as text: repeats collapsed, groups interleaved."""
        if not len(codes):
            return ""
        kept = codes[np.append(True, (codes[1:] != codes[:-1]).any(1))]
        offsets = _FIRST + np.cumsum([0, *self.groups[:-1]])
        return " ".join(map(self.symbols.__getitem__, (kept + offsets).reshape(-1).tolist()))

    def sounds(self, ids: Iterable[int] | NDArray[np.integer]) -> Iterator[NDArray[np.int16] | None]:
        """What each frame sounds like that ``ids`` make, repeats collapsed; None where a recording ends.

        Of groups that were never heard together, what has the most of them is taken. Codes that do not make a whole frame,
        and those that have no sound, are left out.
        """
        before: tuple[int, ...] | None = None
        for frame in self._frames(ids):
            if frame is None:
                yield None
            elif frame != before and len(self.frames):
                same = (self.frames == np.array(frame, np.int32)).sum(1)
                best = int(same.argmax())
                if same[best]:
                    yield self.samples[self.starts[best] : self.starts[best + 1]]
            before = frame

    def _frames(self, ids: Iterable[int] | NDArray[np.integer]) -> Iterator[tuple[int, ...] | None]:
        """Codes of each frame, None for an end."""
        offsets = _FIRST + np.cumsum([0, *self.groups])
        frame: list[int] = []
        for id in map(int, ids):
            group = int(np.searchsorted(offsets, id, "right")) - 1
            if group == 0:
                frame = []  # what began before and was not whole is none
            if group < 0:
                frame = []
                if id == END:
                    yield None
            elif group == len(frame):
                frame.append(id - int(offsets[group]))
                if len(frame) == len(self.groups):
                    yield tuple(frame)
                    frame = []

    @cached_property
    def _json(self) -> dict[str, Any]:
        arrays: dict[str, NDArray[Any]] = {
            "centres": self.centres,
            "frames": self.frames,
            "samples": self.samples,
            "starts": self.starts,
        }
        return {
            "name": self.name,
            "groups": list(self.groups),
            "speech_model": self.speech_model,
            "fingerprint": self.fingerprint,
            "fade": self.fade,
            "width": int(self.centres.shape[1]),
            **{key: base64.b64encode(array.tobytes()).decode() for key, array in arrays.items()},
        }

    def to_json(self) -> dict[str, Any]:
        """The arrays in base64."""
        return self._json

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        """What :meth:`to_json` gave. Raises DataError, and KeyError, TypeError or ValueError for what it is not."""
        groups = tuple(int(size) for size in stored["groups"])

        def array(key: str, dtype: type[np.generic]) -> NDArray[Any]:
            return np.frombuffer(base64.b64decode(stored[key], validate=True), dtype)

        return cls.of(
            groups,
            str(stored["speech_model"]),
            str(stored["fingerprint"]),
            centres=array("centres", np.float32).reshape(-1, max(1, int(stored["width"]))),
            frames=array("frames", np.int32).reshape(-1, len(groups)),
            samples=array("samples", np.int16),
            starts=array("starts", np.int64),
            fade=int(stored["fade"]),
        )
