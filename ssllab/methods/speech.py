"""What the methods of the Speech lab share: batches of sound, and how a model of speech is looked at.

``probe`` asks what context vectors and codes know of held-out speech; what ``inspector`` gives shows one clip frame by
frame. Neither touches the weights or the random numbers of training.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import torch
from torch import Tensor

from ssllab.audio.parts import Part, parts
from ssllab.data.speech.batches import SpeechBatch, SpeechBatches, collate
from ssllab.data.speech.types import SAMPLE_RATE
from ssllab.diagnostics.codes import phone_of_frames
from ssllab.diagnostics.linear_probe import linear_probes
from ssllab.diagnostics.spectrum import channel_std, noise_rank, rankme
from ssllab.looks import Inspection
from ssllab.methods.base import Method
from ssllab.methods.speech_scalars import SPEECH_CHARTS, SPEECH_SERIES
from ssllab.methods.stored import ReadModel, StoredModel
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.model import Wav2Vec2Model
from ssllab.nn.wav2vec2.statistics import Statistics

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData, SpeechSplit

PROBE_SECONDS = 60.0  # of speech from each split
PROBE_CROP_SECONDS = 6.0
PROBE_FRAMES = 3000  # frames that a phone probe is fitted on and tried on
MASKED_SHARE = 0.49  # of the frames, with the starts and spans of wav2vec 2.0, section 4.2
LEAST_SECONDS = 0.5  # shorter clips have too few frames to be masked


class Inspector(Protocol):
    """What shows recordings frame by frame: a method in training, or a model from a folder."""

    @property
    def encoder(self) -> Wav2Vec2Model:
        """What hears: its ``config`` says where frames are, and whether it has to know the whole recording."""

    def inspect_audio(
        self, samples: Tensor, seed: int = 0, mask: bool = True, whole: Statistics | None = None
    ) -> Inspection:
        """``samples (n,)`` float32 at 16 kHz, of any length, frame by frame.

        ``whole``: of the recording that they are a part of; without it they are a whole one.
        """


@dataclass(frozen=True)
class Heard:
    """Held-out speech through a model: packed valid frames of all clips, on the CPU.

    ``context (F, D)``, ``clip (F,)`` the number of its clip in ``clips``, ``frame (F,)`` its number in the clip;
    ``shape`` says where frames are.
    """

    clips: Tensor
    context: Tensor
    clip: Tensor
    frame: Tensor
    shape: Wav2Vec2Config
    batches: tuple[SpeechBatch, ...] = field(repr=False)


class SpeechMethod(Method):
    """A method that learns from recordings."""

    kinds = ("speech",)
    parts: ClassVar[dict[type, str]] = {Inspection: ""}
    config: Any
    series = SPEECH_SERIES
    charts = SPEECH_CHARTS

    @classmethod
    def build(cls, config: Any, data: SpeechData, read_model: ReadModel | None = None) -> Self:
        """A fresh method; how long the data is decides what a sliding epoch is."""
        return cls(config, data.train.seconds)

    @classmethod
    def stored(cls, config: Any, state: Mapping[str, Any]) -> StoredModel:
        """The model within a checkpoint's ``state`` of such a method. Raises ValueError where there is no such."""
        raise ValueError(f"a model of {cls.title} has no counterpart in Hugging Face's format.")

    @classmethod
    @abstractmethod
    def inspector(cls, config: Any, state: Mapping[str, Any], device: torch.device) -> Inspector:
        """What shows recordings as a method with this ``state`` hears them; it needs no data and is not trained."""

    @property
    @abstractmethod
    def encoder(self) -> Wav2Vec2Model:
        """What hears."""

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return next(self.parameters()).device

    def batches(self, data: SpeechData, seed: int, rank: int = 0, ranks: int = 1) -> SpeechBatches:
        """Crops of all clips."""
        return SpeechBatches(
            data.train,
            seed,
            batch_seconds=self.config.batch_seconds,
            crop_seconds=self.config.crop_seconds,
            least_seconds=LEAST_SECONDS,
            device=self.device,
            rank=rank,
            ranks=ranks,
        )

    def items(self, batch: SpeechBatch) -> float:
        """Seconds of sound."""
        return batch.seconds

    @abstractmethod
    def context_of(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """``(B, n)``, ``(B,)`` -> context vectors ``(B, T, D)`` and counts ``(B,)``, in evaluation."""

    @torch.no_grad()
    def hear(self, split: SpeechSplit, seconds: float = PROBE_SECONDS) -> Heard:
        """Context vectors of some clips, evenly over the split, the same at every call."""
        batches = probe_batches(split, seconds)
        context, clip, frame = [], [], []
        for batch in batches:
            vectors, counts = self.context_of(batch.samples.to(self.device), batch.lengths.to(self.device))
            for row, count, number in zip(
                vectors.float().cpu(), counts.tolist(), batch.clips.tolist(), strict=True
            ):
                context.append(row[:count])
                clip.append(torch.full((count,), number))
                frame.append(torch.arange(count))
        return Heard(
            torch.cat([batch.clips for batch in batches]),
            torch.cat(context),
            torch.cat(clip),
            torch.cat(frame),
            self.encoder.config,
            tuple(batches),
        )

    def context_probes(self, data: SpeechData) -> tuple[dict[str, float], dict[str, float], Heard]:
        """What context vectors know: scalars, chance levels, and the held-out frames."""
        train, test = self.hear(data.train), self.hear(data.test)
        scalars = {
            "rankme_context": float(rankme(test.context)),
            "std_context": float(channel_std(test.context).mean()),
        }
        chance = {"noise_rankme_context": noise_rank(*test.context.shape)[0]}
        names = phone_names(data)
        if names:
            fit, held_out = (
                _some(phones_of(split, heard.clip, names, heard.shape))
                for split, heard in ((data.train, train), (data.test, test))
            )
            scalars |= _probe(
                "phone", train.context[fit[0]], fit[1], test.context[held_out[0]], held_out[1], len(names)
            )
            chance["chance_phone"] = _most_frequent(held_out[1])
        for name, labels in (("word", _words(data)), ("speaker", _speakers(data))):
            if labels is None:
                continue
            fit_x, fit_y = _clip_means(train, labels[0])
            test_x, test_y = _clip_means(test, labels[1])
            if len(fit_x) and len(test_x):
                scalars |= _probe(name, fit_x, fit_y, test_x, test_y, labels[2])
                chance[f"chance_{name}"] = _most_frequent(test_y)
        return scalars, chance, test


def probe_batches(split: SpeechSplit, seconds: float) -> list[SpeechBatch]:
    """Some clips, evenly over the split, each cropped at its beginning to six seconds; the same at every call."""
    lengths = split.starts.diff().clamp_max(int(PROBE_CROP_SECONDS * SAMPLE_RATE))
    long_enough = (lengths >= LEAST_SECONDS * SAMPLE_RATE).nonzero()[:, 0]
    if not len(long_enough):
        raise ValueError(
            f"no clip is {LEAST_SECONDS:g} s long: expected some of at least that; join short recordings, or take "
            "other data."
        )
    mean = float(lengths[long_enough].float().mean()) / SAMPLE_RATE
    wanted = max(1, min(len(long_enough), round(seconds / mean)))
    clips = long_enough[torch.linspace(0, len(long_enough) - 1, wanted).round().long()]
    clips = clips[lengths[clips].argsort()]
    return [collate(split, part, torch.zeros_like(part), lengths[part]) for part in clips.split(8)]


def phone_names(data: SpeechData) -> tuple[str, ...]:
    """All phones of the data, sorted; empty where it knows none."""
    found = {span.label for split in (data.train, data.test) for clip in split.phones for span in clip}
    return tuple(sorted(found))


def phones_of(split: SpeechSplit, clip: Tensor, names: tuple[str, ...], shape: Wav2Vec2Config) -> Tensor:
    """The phone of each frame: ``clip (F,)`` the clip of every frame, from its first on -> ``(F,)`` int64, -1 unknown.

    ``shape`` says where frames are.
    """
    number = {name: i for i, name in enumerate(names)}
    found = torch.full((len(clip),), -1)
    if not split.phones:
        return found
    for one in clip.unique().tolist():
        spans = split.phones[one]
        at = (clip == one).nonzero()[:, 0]
        if spans and len(at):
            starts, ends = (torch.tensor([getattr(span, end) for span in spans]) for end in ("start", "end"))
            labels = torch.tensor([number[span.label] for span in spans])
            found[at] = phone_of_frames(
                starts,
                ends,
                labels,
                len(at),
                frame_seconds=shape.frame_seconds,
                receptive_field=shape.receptive_field,
            )
    return found


def windows(samples: int, config: Wav2Vec2Config) -> list[tuple[Part, int, int]]:
    """Parts of a recording of so many samples, with the first and the end sample of what is heard for each."""
    hop, reach = config.frame_samples, config.receptive_field
    return [
        (part, part.begin * hop, (part.end - 1) * hop + reach) for part in parts(config.frames(samples), hop)
    ]


def _some(phones: Tensor) -> tuple[Tensor, Tensor]:
    """Frames with a known phone, at most :data:`PROBE_FRAMES`, evenly: their index and phone."""
    known = (phones >= 0).nonzero()[:, 0]
    if len(known) > PROBE_FRAMES:
        known = known[torch.linspace(0, len(known) - 1, PROBE_FRAMES).round().long()]
    return known, phones[known]


def _words(data: SpeechData) -> tuple[Tensor, Tensor, int] | None:
    if data.train.labels is None or data.test.labels is None or len(data.class_names) < 2:
        return None
    return data.train.labels, data.test.labels, len(data.class_names)


def _speakers(data: SpeechData) -> tuple[Tensor, Tensor, int] | None:
    """Speakers as classes; those of the held-out split that were never heard in training are left out (-1)."""
    names = sorted({name for name in data.train.speakers if name is not None})
    if len(names) < 2:
        return None
    number = {name: i for i, name in enumerate(names)}
    train, test = (
        torch.tensor(
            [-1 if name is None else number.get(name, -1) for name in split.speakers], dtype=torch.int64
        )
        for split in (data.train, data.test)
    )
    return train, test, len(names)


def _clip_means(heard: Heard, labels: Tensor) -> tuple[Tensor, Tensor]:
    """The mean context vector of each clip that has a label (-1: none), and the label."""
    order = heard.clips[labels[heard.clips] >= 0]
    means = [heard.context[heard.clip == clip].mean(0) for clip in order.tolist()]
    return (torch.stack(means) if means else heard.context[:0]), labels[order]


def _probe(name: str, x: Tensor, y: Tensor, test_x: Tensor, test_y: Tensor, classes: int) -> dict[str, float]:
    with torch.enable_grad():
        return linear_probes(x, test_x, {f"{name}_top1": (y, test_y, classes)})


def _most_frequent(labels: Tensor) -> float:
    return float(labels.bincount().max()) / len(labels) if len(labels) else float("nan")
