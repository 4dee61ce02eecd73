"""The codes of many clips end to end, and what can be found in them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ssllab.ui.labs.speech.widgets.clip import Clip, Listed
from ssllab.ui.labs.speech.widgets.reader import inspect, reading_of, whole_of

if TYPE_CHECKING:
    from ssllab.data.speech.types import Span
    from ssllab.diagnostics.spans import Match

MOST_SECONDS = 2 * 3600.0  # of sound that is searched; more would not fit a laptop's memory beside training
MATCHES = 50


@dataclass(frozen=True)
class Place:
    """A stretch of a clip in seconds; ``score`` is a distance or a cosine, None for an occurrence."""

    clip: Listed
    start: float
    end: float
    phones: str
    words: str
    score: float | None = None


@dataclass(frozen=True)
class ClipCodes:
    """What the model says of one clip: ``codes (T, G)`` int32, ``latents (T, D)`` float16, one every so many seconds."""

    codes: NDArray[np.int32]
    latents: NDArray[np.float16]
    frame_seconds: float


def read_clip(clip: Clip, inspector: Any, told: Callable[[], None]) -> ClipCodes:
    """Read a whole clip unmasked; ``told`` is called between its blocks and may raise to end it."""
    reading = reading_of(clip, inspector)
    whole = whole_of(clip, inspector, told)
    while (stretch := reading.next_stretch(0.0)) is not None:
        told()
        reading.put(stretch, inspect(clip, inspector, stretch, whole, mask=False))
    return ClipCodes(reading.codes, reading.latents, reading.frame_seconds)


class Index:
    """Clips and their codes as one corpus (see :mod:`ssllab.diagnostics.spans`)."""

    def __init__(self, clips: Sequence[Listed], codes: Sequence[ClipCodes]) -> None:
        import torch

        known = [(clip, found) for clip, found in zip(clips, codes, strict=True) if len(found.codes)]
        self.clips = [clip for clip, _ in known]
        self.frame_seconds = known[0][1].frame_seconds
        self.starts = np.concatenate([[0], np.cumsum([len(found.codes) for _, found in known])]).astype(int)
        self._starts = torch.from_numpy(self.starts)
        self._codes = torch.from_numpy(np.concatenate([found.codes for _, found in known]))
        self._latents = torch.from_numpy(np.concatenate([found.latents for _, found in known]))

    def part(self, key: str, first: int, last: int) -> ClipCodes | None:
        """Frames ``first`` to ``last`` of the clip with this key, as they were read; None where it was not."""
        if (frames := self._frames((key, first, last))) is None:
            return None
        stretch = slice(*frames)
        return ClipCodes(self._codes[stretch].numpy(), self._latents[stretch].numpy(), self.frame_seconds)

    def occurrences(self, group: int, code: int) -> list[Place]:
        """Every stretch on which a group says ``code``, in the order of the clips."""
        from ssllab.diagnostics.spans import code_runs

        runs = code_runs(self._codes[:, group], self._starts, code).tolist()
        return [self._place(start, end, None) for start, end in runs]

    def nearest_by_codes(self, codes: NDArray, leave_out: tuple[str, int, int] | None) -> list[Place]:
        """The stretches nearest to ``codes: (m, G)`` by edit distance; ``leave_out``: key and frames of a clip."""
        import torch

        from ssllab.diagnostics.spans import nearest_by_codes

        query = torch.from_numpy(codes)
        return self._places(
            nearest_by_codes(query, self._codes, self._starts, MATCHES, self._frames(leave_out))
        )

    def nearest_by_latents(self, latents: NDArray, leave_out: tuple[str, int, int] | None) -> list[Place]:
        """The windows nearest to the mean of ``latents: (m, D)`` by cosine."""
        import torch

        from ssllab.diagnostics.spans import nearest_by_latents

        query = torch.from_numpy(latents)
        return self._places(
            nearest_by_latents(query, self._latents, self._starts, MATCHES, self._frames(leave_out))
        )

    def _frames(self, part: tuple[str, int, int] | None) -> tuple[int, int] | None:
        if part is None:
            return None
        keys = [clip.key for clip in self.clips]
        if part[0] not in keys:
            return None
        first = int(self.starts[keys.index(part[0])])
        return first + part[1], first + part[2]

    def _places(self, matches: Sequence[Match]) -> list[Place]:
        return [self._place(match.start, match.end, match.score) for match in matches]

    def _place(self, first: int, last: int, score: float | None) -> Place:
        i = int(np.searchsorted(self.starts, first, "right")) - 1
        start = (first - int(self.starts[i])) * self.frame_seconds
        end = (last - int(self.starts[i])) * self.frame_seconds
        clip = self.clips[i]
        return Place(
            clip, start, end, labels_in(clip.phones, start, end), labels_in(clip.words, start, end), score
        )


def labels_in(spans: Sequence[Span], start: float, end: float) -> str:
    """The phones or words that a stretch touches for half of their length, or of its own."""
    first = bisect_left(spans, start, key=lambda span: span.end)
    found = []
    for span in spans[first:]:
        if span.start >= end:
            break
        shared = min(end, span.end) - max(start, span.start)
        if shared >= 0.5 * min(end - start, span.end - span.start):
            found.append(span.label)
    return " ".join(found)


def commonest(places: Sequence[Place], most: int = 3) -> list[tuple[str, float]]:
    """The phones that places touch most often, with their share of the places whose phone is known."""
    counts = Counter(place.phones.split(" ")[0] for place in places if place.phones)
    total = sum(counts.values())
    return [(phone, count / total) for phone, count in counts.most_common(most)]
