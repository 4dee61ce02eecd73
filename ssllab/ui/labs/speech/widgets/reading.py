"""What a model says of the clip on the desk, put together block by block: an hour does not fit a Transformer.

The parts are those of the command line (:mod:`ssllab.audio.parts`), so that both say the same; masks and similarities
belong to their part.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ssllab.audio.parts import parts
from ssllab.ui.labs.speech.widgets.clip import HOP, RATE

REACH = 400  # samples that a frame of a published model looks at: HOP and a little of the next


class Stretch(NamedTuple):
    """Frames ``first`` to ``last`` of a clip, to be read from its samples ``start`` to ``end``."""

    first: int
    last: int
    start: int
    end: int


class Reading:
    """Arrays over the ``T`` frames of a clip, each filled where :attr:`known`; the field's names as in Inspection.

    ``codes: (T, G)`` int32 (-1 where unknown), ``confidence: (T, G)``, ``masked: (T,)``, ``similarity_true: (T,)``,
    ``distractors: (T, 3)``: the tenth, half and nine tenths of the distractors' similarities,
    ``latents: (T, D)`` float16, ``log_probs: (T, A)`` float16 or None with its ``alphabet`` and the class of its ``blank``.
    A frame begins every ``hop`` samples and looks at ``reach``.
    """

    def __init__(self, samples: int, hop: int = HOP, reach: int = REACH) -> None:
        self._hop, self._reach = hop, reach
        self.frame_seconds = hop / RATE
        self.frames = max(0, (samples - reach) // hop + 1)
        self._parts = parts(self.frames, hop)
        self.known = np.zeros(self.frames, bool)
        self.groups = 0
        self.version = 0  # grows with every change, for pictures made of it
        self.codes: NDArray[np.int32] = np.empty((self.frames, 0), np.int32)
        self.confidence: NDArray[np.float32] = np.empty((self.frames, 0), np.float32)
        self.masked: NDArray[np.bool_] = np.zeros(self.frames, bool)
        self.similarity_true: NDArray[np.float32] = np.full(self.frames, np.nan, np.float32)
        self.distractors: NDArray[np.float32] = np.full((self.frames, 3), np.nan, np.float32)
        self.latents: NDArray[np.float16] = np.empty((self.frames, 0), np.float16)
        self.log_probs: NDArray[np.float16] | None = None
        self.alphabet: Any = ()
        self.blank = 0
        self.highest_code = -1

    @property
    def complete(self) -> bool:
        """Whether every frame is known."""
        return bool(self.known.all())

    def next_stretch(self, near: float) -> Stretch | None:
        """The unknown part nearest to the time ``near`` (seconds), None when all is known."""
        unknown = [part for part in self._parts if not self.known[part.first : part.last].all()]
        if not unknown:
            return None
        part = min(unknown, key=lambda part: abs((part.first + part.last) / 2 * self.frame_seconds - near))
        return Stretch(
            part.first, part.last, part.begin * self._hop, (part.end - 1) * self._hop + self._reach
        )

    def put(self, stretch: Stretch, found: Any) -> None:
        """Take in the inspection of ``stretch``; frames of its context are left out."""
        skip = stretch.first - stretch.start // self._hop
        count = min(stretch.last - stretch.first, len(found.codes) - skip)
        part, here = slice(skip, skip + count), slice(stretch.first, stretch.first + count)
        if not self.version:
            self._make_room(found)
        self.codes[here] = found.codes[part]
        self.confidence[here] = found.confidence[part]
        self.latents[here] = found.latents[part]
        if found.masked is not None:
            self.masked[here] = found.masked[part]
            self.similarity_true[here] = found.similarity_true[part]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", RuntimeWarning)  # rows that are not masked hold no number
                quantiles = np.nanquantile(found.similarity_distractors[part], (0.1, 0.5, 0.9), axis=1)
            self.distractors[here] = quantiles.T
        if self.log_probs is not None:
            self.log_probs[here] = found.log_probs[part]
        # A frame that the model did not give would be asked for for ever.
        self.known[stretch.first : stretch.last] = True
        self.highest_code = max(self.highest_code, int(self.codes[here].max(initial=-1)))
        self.version += 1

    def _make_room(self, found: Any) -> None:
        self.groups = found.codes.shape[1]
        self.codes = np.full((self.frames, self.groups), -1, np.int32)
        self.confidence = np.full((self.frames, self.groups), np.nan, np.float32)
        self.latents = np.zeros((self.frames, found.latents.shape[1]), np.float16)
        if found.log_probs is not None:
            self.log_probs = np.full((self.frames, found.log_probs.shape[1]), -np.inf, np.float16)
            self.alphabet, self.blank = found.alphabet, found.blank

    def grow(self, codes: NDArray, confidence: NDArray) -> None:
        """Frames that follow, ``(t, G)`` both, as they come while recording. Nothing is masked in them."""
        if not self.version:
            self.groups = codes.shape[1]
            self.codes = np.empty((0, self.groups), np.int32)
            self.confidence = np.empty((0, self.groups), np.float32)
        self.codes = np.concatenate([self.codes, codes.astype(np.int32)])
        self.confidence = np.concatenate([self.confidence, confidence])
        self.frames = len(self.codes)
        self.known = np.broadcast_to(np.True_, self.frames)
        self.masked = np.broadcast_to(np.False_, self.frames)
        self.similarity_true = np.broadcast_to(np.float32(np.nan), self.frames)
        self.highest_code = max(self.highest_code, int(codes.max(initial=-1)))
        self.version += 1


def dominant(codes: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """The most frequent of every ``size`` codes of ``(n,)`` (the smallest among equals): ``(ceil(n / size),)``.

    Unknown ones (-1) count only where nothing is known.
    """
    if size == 1 or not len(codes):
        return codes
    block = np.arange(len(codes)) // size
    span = int(codes.max()) + 2
    keys, counts = np.unique(block * span + codes + 1, return_counts=True)
    blocks, values = keys // span, keys % span - 1
    counts[values < 0] = 0
    order = np.lexsort((-counts, blocks))
    heads = np.searchsorted(blocks, np.arange(block[-1] + 1))
    return values[order][heads].astype(np.int32)
