"""Recordings as sequences of codes that a speech model hears, and such sequences as sound (Lakhotia et al. 2021).

Codes are clusters of the model's context vectors, found by k-means in the training part, or those of its quantizer.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.audio.joined import joined
from ssllab.data.download import cache_directory
from ssllab.data.text.kind import SECOND
from ssllab.data.text.sound import SoundSplit
from ssllab.data.text.types import TextData, TextSplit, split_of
from ssllab.methods.hubert import k_means, nearest
from ssllab.methods.speech import windows
from ssllab.methods.stored import ReadModel, read_stored
from ssllab.nn.wav2vec2.files import ModelFileError
from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.nn.wav2vec2.statistics import statistics_of
from ssllab.storage.errors import DataError
from ssllab.storage.files import write_whole
from ssllab.storage.progress import tell
from ssllab.text.codes import Codes
from ssllab.text.symbols import Units

RATE = 16_000
LEARNT_SECONDS = 600.0  # of the training part, from all over it, that clusters and sounds are made of
MOST_SOUNDS = 1000  # of a quantizer, whose groups make more frames than are ever said
_LEARNING = "Hearing recordings for their units"
CACHED_SECONDS = 300.0  # of sound; of so much and more it takes long to make codes
MOST_CACHED = 24  # files
_FORMAT = 1  # of what is in the cache
FADE_SECONDS, PAUSE_SECONDS = 0.003, 0.25


@dataclass(frozen=True)
class Ear:
    """A speech model that hears, as a person calls it, and what tells it from others."""

    place: str
    fingerprint: str
    model: Any = field(compare=False, repr=False)

    @property
    def body(self) -> Wav2Vec2Model:
        """What makes context vectors."""
        return self.model if isinstance(self.model, Wav2Vec2Model) else self.model.wav2vec2

    @torch.no_grad()
    def context(self, samples: Tensor) -> Tensor:
        """Context vectors ``(T, D)`` float32 of a recording ``(n,)``; none where it is shorter than a frame."""
        return self._framed(samples, lambda part, whole: self.body(part, whole=whole).context[0].float())

    @torch.no_grad()
    def quantized(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Codes ``(T, groups)`` int64 of a recording ``(n,)`` and the latents ``(T, C)`` that they stand for."""

        def hear(part: Tensor, whole: Any) -> Tensor:
            found = self.model.codes(part, whole=whole)
            return torch.cat([found.codes[0].float(), found.latents[0].float()], 1)

        found = self._framed(samples, hear)
        groups = self.body.config.num_codevector_groups
        return found[:, :groups].long(), found[:, groups:]

    def _framed(self, samples: Tensor, hear: Callable[[Tensor, Any], Tensor]) -> Tensor:
        whole = statistics_of(self.body, [samples])
        parts = []
        for part, begin, end in windows(len(samples), self.body.config):
            parts.append(
                hear(samples[None, begin:end], whole)[part.first - part.begin : part.last - part.begin]
            )
        return torch.cat(parts) if parts else torch.zeros(0, 1)


def ear(place: str, read_model: ReadModel) -> Ear:
    """The speech model of that name. Raises ModelFileError and whatever else ``read_model`` does: one line."""
    if not place.strip():
        raise ModelFileError(
            "speech_model is empty: expected 'shipped', a run of the Speech lab, or a folder with a model."
        )
    model = read_model(place).model.eval()
    check = hashlib.blake2b(repr(model.config).encode(), digest_size=8)
    for name, tensor in model.state_dict().items():
        check.update(name.encode())
        check.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return Ear(place, check.hexdigest(), model)


@lru_cache(maxsize=4)
def learn_codes(split: SoundSplit, hearing: Ear, codes: str, clusters: int) -> Codes:
    """What the training part is cut into. Raises ValueError where it has too little, or the model no quantizer."""

    def learn() -> Any:
        return _learnt(split, hearing, codes, clusters).to_json()

    what = f"{codes}|{clusters}|{hearing.fingerprint}|{split.own}"
    return replace(Codes.of_json(_kept(split, what, learn)), speech_model=hearing.place)


def _learnt(split: SoundSplit, hearing: Ear, codes: str, clusters: int) -> Codes:
    shape = hearing.body.config
    chosen = _evenly(split)
    if codes == "quantizer":
        if not isinstance(hearing.model, Wav2Vec2ForPreTraining):
            raise ModelFileError(
                f"the speech model '{hearing.place}' has no quantizer: choose codes=clusters, or a pre-trained wav2vec 2.0."
            )
        found = {index: hearing.quantized(split.samples(index)) for index in _told(chosen, _LEARNING)}
        groups = (shape.num_codevectors_per_group,) * shape.num_codevector_groups
        centres = np.zeros((0, 1), np.float32)
        frames = {index: code.numpy() for index, (code, _) in found.items()}
        vectors = {index: latents for index, (_, latents) in found.items()}
    else:
        vectors = {index: hearing.context(split.samples(index)) for index in _told(chosen, _LEARNING)}
        every = torch.cat([part for part in vectors.values() if len(part)] or [torch.zeros(0, 1)])
        if len(every) < clusters:
            raise ValueError(
                f"clusters = {clusters}: the recordings to learn from have {len(every)} frames of "
                f"{1000 * shape.frame_seconds:.0f} ms. Expected at least as many: choose more sound, or hold out less."
            )
        means = k_means(every, clusters)
        groups, centres = (clusters,), means.numpy()
        frames = {
            index: nearest(part, means)[:, None].numpy() for index, part in vectors.items() if len(part)
        }
    if not any(map(len, frames.values())):
        raise ValueError("no recording to learn from is as long as a frame: choose longer ones.")
    fade = round(FADE_SECONDS * RATE)
    named, sounds = _sounds(split, frames, vectors, shape.frame_samples, shape.receptive_field, fade)
    return Codes.of(
        groups,
        hearing.place,
        hearing.fingerprint,
        centres=centres,
        frames=named,
        samples=np.concatenate(sounds),
        starts=np.cumsum([0, *map(len, sounds)], dtype=np.int64),
        fade=fade,
    )


@lru_cache(maxsize=4)
def coded(split: SoundSplit, units: Codes, hearing: Ear) -> TextSplit:
    """Every recording as a document of codes."""

    def code() -> Any:
        every = _told(range(len(split)), "Coding the recordings")
        return [units.written(_codes(split.samples(index), units, hearing)) for index in every]

    return split_of(map(str, _kept(split, f"coded|{units.fingerprint}|{units.content}", code)))


def coded_data(data: TextData, units: Codes, hearing: Ear) -> TextData:
    """Recordings as text, of which ``units`` cut off codes."""
    assert isinstance(data.train, SoundSplit)
    assert isinstance(data.test, SoundSplit)
    return replace(data, train=coded(data.train, units, hearing), test=coded(data.test, units, hearing))


def text_of(split: TextSplit, units: Units) -> TextSplit:
    """What ``units`` cut: the text itself, or recordings as codes, where what hears is shipped or lies in a folder. Raises
    DataError and ModelFileError, one line, where that is not so."""
    if not isinstance(split, SoundSplit):
        return split
    if not isinstance(units, Codes):
        raise DataError("the data is sound, and the model reads text: choose a run with unit=code.")
    hearing = ear(units.speech_model, read_stored)
    if hearing.fingerprint != units.fingerprint:
        raise DataError(
            f"the speech model '{hearing.place}' is not the one that the model's codes were made with."
        )
    return coded(split, units, hearing)


def heard(units: Codes, ids: Iterable[int] | NDArray[np.integer]) -> NDArray[np.int16]:
    """What symbols sound like, ``(n,)`` at 16 kHz: a stored sound of each code, one after the other. Choppy by nature."""
    return joined(units.sounds(ids), units.fade, round(PAUSE_SECONDS * RATE))


def _kept(split: SoundSplit, what: str, make: Callable[[], Any]) -> Any:
    """``what`` was made of long recordings, as JSON, from the cache where it is there; it is found by their content."""
    if split.size < CACHED_SECONDS * SECOND:
        return make()
    folder = cache_directory() / "sound_units"
    path = (
        folder
        / f"{hashlib.blake2b(f'{_FORMAT}|{what}|{_checksum(split)}'.encode(), digest_size=16).hexdigest()}.json"
    )
    with contextlib.suppress(OSError, ValueError):
        check, _, content = path.read_text(encoding="utf-8").partition("\n")
        if check == str(zlib.crc32(content.encode())):
            return json.loads(content)
    made = make()
    content = json.dumps(made)
    with contextlib.suppress(OSError):  # it is made anew the next time
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{zlib.crc32(content.encode())}\n{content}".encode())
        for old in sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime)[:-MOST_CACHED]:
            old.unlink()
    return made


@lru_cache(maxsize=4)
def _checksum(split: SoundSplit) -> str:
    check = hashlib.blake2b(repr(len(split)).encode(), digest_size=16)
    for index in range(len(split)):
        sound = split.int16(index)
        check.update(len(sound).to_bytes(8, "little"))
        check.update(np.ascontiguousarray(sound).data)
    return check.hexdigest()


def _codes(samples: Tensor, units: Codes, hearing: Ear) -> NDArray[np.int64]:
    """``(T, groups)`` of a recording."""
    if not units.centres.size:
        return hearing.quantized(samples)[0].numpy()
    context = hearing.context(samples)
    if not len(context):
        return np.zeros((0, 1), np.int64)
    return nearest(context, torch.tensor(units.centres))[:, None].numpy()


def _evenly(split: SoundSplit) -> list[int]:
    """Recordings from all over, of some ten minutes together; of a person's own voice up to half as much."""
    first = len(split) - split.own
    own = _some(split, range(first, len(split)), LEARNT_SECONDS / 2)
    return [*_some(split, range(first), LEARNT_SECONDS), *own]


def _told(indices: Sequence[int], text: str) -> Iterator[int]:
    """``indices``; how far in them one is is told as ``text``."""
    for done, index in enumerate(indices):
        tell(done / len(indices), text)
        yield index


def _some(split: SoundSplit, indices: range, seconds: float) -> list[int]:
    lengths = (split.ends - split.starts)[indices.start : indices.stop] / SECOND
    count = min(len(indices), max(1, round(len(indices) * seconds / max(float(lengths.sum()), 1e-9))))
    return sorted({indices[round(i)] for i in np.linspace(0, len(indices) - 1, count)}) if count else []


@dataclass(frozen=True)
class _Stretch:
    """Equal frames ``first`` to ``last`` (exclusive) of a recording; ``mean (D,)`` of their vectors."""

    index: int
    first: int
    last: int
    mean: Tensor


def _sounds(
    split: SoundSplit,
    frames: dict[int, NDArray[np.int64]],
    vectors: dict[int, Tensor],
    hop: int,
    reach: int,
    fade: int,
) -> tuple[NDArray[np.int32], list[NDArray[np.int16]]]:
    """Frames, the most frequent first, and for each its most typical sound: as long as it usually is, and near the mean. In
    the person's own voice where that has it."""
    first_own = len(split) - split.own
    stretches: dict[tuple[int, ...], list[_Stretch]] = defaultdict(list)
    for index, codes in frames.items():
        for first, last in _runs(codes) if len(codes) else ():
            stretches[tuple(codes[first].tolist())].append(
                _Stretch(index, first, last, vectors[index][first:last].mean(0))
            )
    often = sorted(stretches, key=lambda frame: (-len(stretches[frame]), frame))[:MOST_SOUNDS]
    sounds = []
    for frame in often:
        own = [one for one in stretches[frame] if one.index >= first_own]
        sounds.append(_cut(split, _typical(own or stretches[frame]), hop, reach, fade))
    return np.array(often, np.int32), sounds


def _runs(codes: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where equal frames begin and end."""
    edges = np.flatnonzero((codes[1:] != codes[:-1]).any(1)) + 1
    yield from zip([0, *edges.tolist()], [*edges.tolist(), len(codes)], strict=True)


def _typical(stretches: list[_Stretch]) -> _Stretch:
    lengths = np.array([one.last - one.first for one in stretches])
    usual = max(1, round(float(lengths.mean())))
    means = torch.stack([one.mean for one in stretches])
    away = (means - means.mean(0)).norm(dim=1).numpy()
    return stretches[int(np.lexsort((away, np.abs(lengths - usual)))[0])]


def _cut(split: SoundSplit, one: _Stretch, hop: int, reach: int, fade: int) -> NDArray[np.int16]:
    """The samples that its frames are about, and ``fade`` more on both sides; silence beyond the recording."""
    sound = split.int16(one.index)
    middle = (reach - hop) // 2
    first, last = one.first * hop + middle - fade, one.last * hop + middle + fade
    before, behind = max(0, -first), max(0, last - len(sound))
    return np.pad(sound[max(0, first) : last], (before, behind))
