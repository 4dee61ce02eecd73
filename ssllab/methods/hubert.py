"""HuBERT: self-supervised speech representation learning by masked prediction of hidden units (Hsu et al. 2021).

Sound is clustered by k-means, first by its MFCCs, later by what a middle layer of the model itself makes of it. The
model must predict the clusters of hidden frames from the rest. No quantizer learns, so no codebook can collapse.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ssllab.controls import Control
from ssllab.data.speech.batches import SpeechBatch
from ssllab.diagnostics.codes import SlidingUsage, perplexity
from ssllab.doctor.speech import RULES
from ssllab.looks import CodeUsage, Inspection, Look, PhoneTable
from ssllab.methods.base import Probe, StepResult
from ssllab.methods.code_probes import CodedFrames, code_probes
from ssllab.methods.mfcc import mfcc
from ssllab.methods.speech import MASKED_SHARE, Heard, SpeechMethod, probe_batches, windows
from ssllab.methods.speech_scalars import HUBERT_SERIES
from ssllab.methods.speech_settings import PretrainingConfig
from ssllab.methods.stored import ReadModel, StoredModel, read_stored, take_weights
from ssllab.nn.random import set_dropout
from ssllab.nn.wav2vec2.config import PRESETS, Wav2Vec2Config
from ssllab.nn.wav2vec2.feature_encoder import frame_counts
from ssllab.nn.wav2vec2.files import Wav2Vec2 as Wav2Vec2File
from ssllab.nn.wav2vec2.masking import mask_spans
from ssllab.nn.wav2vec2.model import Wav2Vec2Model
from ssllab.nn.wav2vec2.statistics import Statistics, statistics_of

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData

WINDOW_FRAMES = 4000
TEMPERATURE = 0.1  # of the cosines between context vectors and unit embeddings, equation 3
CLUSTER_SECONDS = 600.0  # of speech that k-means sees
MFCC_WIDTH = 39


class HuBERTSettings(PretrainingConfig):
    """How many units, and when they are made anew."""

    mask_probability: Annotated[
        float,
        Control(
            "Share of frames that would be hidden if spans never overlapped.",
            low=0.05,
            high=0.95,
            live=True,
            group="Masking",
            paper="HuBERT: p = 0.08 starts, times M = 10",
        ),
    ] = 0.5
    units: Annotated[
        int,
        Control(
            "Clusters of k-means: the classes that are predicted.",
            low=2,
            high=2000,
            log=True,
            group="Units",
            paper="HuBERT section IV-B: 100 of MFCCs, 500 of the sixth layer",
        ),
    ] = 100
    recluster_every: Annotated[
        int,
        Control(
            "Steps after which the units are made anew from a middle layer of the model as it is then: HuBERT's next "
            "iteration. 0 stays with MFCCs.",
            low=0,
            high=1_000_000,
            unit="steps",
            live=True,
            group="Units",
            paper="HuBERT section III-D: 250,000 steps",
        ),
    ] = 0
    visible_weight: Annotated[
        float,
        Control(
            "Weight of the same prediction at frames that are not hidden: 0 is the paper's choice, and robust to bad "
            "units.",
            low=0.0,
            high=1.0,
            live=True,
            group="Units",
            paper="HuBERT equation 2: 1 - alpha",
        ),
    ] = 0.0


class HuBERT(SpeechMethod):
    """Sections III-A to III-D of the paper, on the same encoder as wav2vec 2.0."""

    name = "hubert"
    title = "HuBERT"
    rules = RULES
    paper = "Hsu, Bolte, Tsai, Lakhotia, Salakhutdinov, Mohamed: HuBERT, TASLP 2021"
    Config = HuBERTSettings
    config: HuBERTSettings
    mfcc_centres: Tensor
    layer_centres: Tensor
    iteration: Tensor
    parts: ClassVar[dict[type, str]] = {**SpeechMethod.parts, CodeUsage: "", PhoneTable: "phones"}
    series = HUBERT_SERIES

    def __init__(self, config: HuBERTSettings, start: Wav2Vec2File | None = None) -> None:
        super().__init__()
        self.config = config
        shapes = start.config if start else PRESETS[config.preset]
        preset = replace(shapes, mask_time_prob=config.mask_probability)
        self.model = Wav2Vec2Model(preset)
        if start is not None:
            body = start if isinstance(start, Wav2Vec2Model) else start.wav2vec2
            self.model.load_state_dict(body.state_dict())
        self.final_proj = nn.Linear(preset.hidden_size, preset.proj_codevector_dim)
        self.unit_embedding = nn.Parameter(torch.rand(config.units, preset.proj_codevector_dim))
        self.teacher = copy.deepcopy(self.model).requires_grad_(False)
        self.register_buffer("mfcc_centres", torch.zeros(config.units, MFCC_WIDTH))
        self.register_buffer("layer_centres", torch.zeros(config.units, preset.hidden_size))
        self.register_buffer("iteration", torch.zeros((), dtype=torch.int64))
        self.layer = max(1, preset.num_hidden_layers // 2)  # the paper's sixth of twelve
        self.predicted = SlidingUsage(1, config.units, WINDOW_FRAMES)
        self.targets = SlidingUsage(1, config.units, WINDOW_FRAMES)
        self.phone_table: PhoneTable | None = None
        self._train: SpeechData | None = None

    @classmethod
    def build(cls, config: Any, data: SpeechData, read_model: ReadModel | None = None) -> Self:
        """A fresh model, or one that goes on from what was trained before."""
        return cls(
            config, (read_model or read_stored)(config.start_from).model if config.start_from else None
        )

    @classmethod
    def stored(cls, config: HuBERTSettings, state: Mapping[str, Any]) -> StoredModel:
        """See :meth:`ssllab.methods.speech.SpeechMethod.stored`."""
        model = Wav2Vec2Model(Wav2Vec2Config.from_dict(state["_extra_state"]["config"]))
        take_weights(model, state)
        return StoredModel(model.eval())

    @classmethod
    def inspector(cls, config: HuBERTSettings, state: Mapping[str, Any], device: torch.device) -> Self:
        """The method itself, which nobody trains."""
        method = cls(config, cls.stored(config, state).model)
        method.load_state_dict(state)
        return method.to(device)

    @property
    def encoder(self) -> Wav2Vec2Model:
        """See :meth:`ssllab.methods.speech.SpeechMethod.encoder`."""
        return self.model

    @torch.no_grad()
    def prepare(self, data: SpeechData) -> None:
        """The first units: k-means of MFCCs."""
        self._train = data
        frames = []
        for batch in probe_batches(data.train, CLUSTER_SECONDS):
            rows, counts = self._mfcc(batch.samples, batch.lengths)
            frames += [row[:count] for row, count in zip(rows, counts.tolist(), strict=True)]
        self.mfcc_centres.copy_(k_means(torch.cat(frames), self.config.units))

    def step(self, batch: SpeechBatch, generator: torch.Generator) -> StepResult:
        """Hide, predict, compare with the units."""
        config, model = self.config, self.model
        set_dropout(model, config.dropout, config.layerdrop)
        if config.recluster_every and self.updates and self.updates % config.recluster_every == 0:
            self._recluster()
        counts = frame_counts(model.config, batch.lengths)
        longest = model.config.frames(batch.samples.shape[1])
        masked = mask_spans(counts, longest, config.mask_probability, config.mask_length, generator)
        found = model(
            batch.samples, batch.lengths, masked, generator, feature_gradient=config.feature_gradient
        )
        units = self.units_of(batch.samples, batch.lengths)
        visible = found.valid & ~masked
        logits = self.logits(found.context[masked])
        unit_loss = F.cross_entropy(logits, units[masked])
        penalty = found.raw_latents[found.valid].float().square().mean()
        loss = unit_loss + config.feature_penalty * penalty
        if config.visible_weight and bool(visible.any()):
            loss = loss + config.visible_weight * F.cross_entropy(
                self.logits(found.context[visible]), units[visible]
            )
        guess = logits.argmax(-1)
        self.predicted.push(guess[:, None])
        self.targets.push(units[masked][:, None])
        device = loss.device
        return StepResult(loss, {
            "loss": loss.detach(),
            "unit_loss": unit_loss.detach(),
            "chance_loss": torch.tensor(math.log(config.units), device=device),
            "unit_chance": self.targets.shares.max().to(device),
            "unit_top1": (guess == units[masked]).float().mean(),
            "code_perplexity": self.predicted.perplexities[0].to(device),
            "target_perplexity": self.targets.perplexities[0].to(device),
            "masked_share": masked.sum() / counts.sum().clamp_min(1),
            "feature_penalty": penalty.detach(),
            "iteration": self.iteration.float(),
        })  # fmt: skip

    def logits(self, context: Tensor) -> Tensor:
        """Cosines of projected context vectors ``(..., D)`` with the units' embeddings over 0.1 (equation 3)."""
        projected = F.normalize(self.final_proj(context).float(), dim=-1)
        return projected @ F.normalize(self.unit_embedding.float(), dim=-1).T / TEMPERATURE

    @torch.no_grad()
    def units_of(self, samples: Tensor, lengths: Tensor) -> Tensor:
        """The units to predict: ``(B, n)``, ``(B,)`` -> ``(B, T)`` int64."""
        if int(self.iteration) == 0:
            return nearest(self._mfcc(samples, lengths)[0].to(samples.device), self.mfcc_centres)
        return nearest(self.teacher(samples, lengths, until=self.layer).context, self.layer_centres)

    def _mfcc(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        shape = self.model.config
        return mfcc(samples, lengths, window=shape.receptive_field, hop=shape.frame_samples)

    @torch.no_grad()
    def _recluster(self) -> None:
        """The next iteration: the model of now becomes the teacher, its middle layer is clustered."""
        assert self._train is not None
        self.teacher.load_state_dict(self.model.state_dict())
        frames = []
        for batch in probe_batches(self._train.train, CLUSTER_SECONDS):
            found = self.teacher(
                batch.samples.to(self.device), batch.lengths.to(self.device), until=self.layer
            )
            frames.append(found.context[found.valid].float().cpu())
        self.layer_centres.copy_(k_means(torch.cat(frames), self.config.units))
        self.iteration += 1

    # Looking

    def context_of(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """See :meth:`ssllab.methods.speech.SpeechMethod.context_of`."""
        found = self.model(samples, lengths)
        return found.context, found.counts

    def look(self, data: SpeechData, step: int) -> Look:
        """Units predicted and to be predicted, and the phone table of the last probe."""
        seconds = len(self.predicted) * self.model.config.frame_seconds
        usage = CodeUsage(self.predicted.shares.numpy(), self.targets.shares.numpy(), seconds)
        return Look(step, (usage,) if self.phone_table is None else (usage, self.phone_table))

    @torch.no_grad()
    def probe(self, data: SpeechData) -> Probe:
        """Context vectors, predicted units, and the task itself on held-out speech."""
        scalars, constants, heard = self.context_probes(data)
        found, self.phone_table = code_probes(self._predicted_units, self.config.units, data, heard)
        task, chance = self._held_out_task(heard)
        units = self.config.units
        constants |= chance | {
            "groups": 1.0,
            "codes": float(units),
            "code_floor": 1.0,
            "code_ceiling": float(units),
            "published_masked_share": MASKED_SHARE,
        }
        return Probe({**scalars, **found, **task}, constants)

    def _predicted_units(self, samples: Tensor, lengths: Tensor) -> CodedFrames:
        found = self.model(samples, lengths)
        return CodedFrames(self.logits(found.context).argmax(-1)[..., None], found.counts)

    def _held_out_task(self, heard: Heard) -> tuple[dict[str, float], dict[str, float]]:
        """The task on held-out clips, and what a guess that knows how frequent the units are has."""
        generator = torch.Generator(self.device).manual_seed(0)
        losses, hits, total = 0.0, 0.0, 0
        met = torch.zeros(self.config.units, dtype=torch.float64)
        for batch in (b.to(self.device) for b in heard.batches):
            counts = frame_counts(self.model.config, batch.lengths)
            longest = self.model.config.frames(batch.samples.shape[1])
            masked = mask_spans(
                counts, longest, self.config.mask_probability, self.config.mask_length, generator
            )
            logits = self.logits(self.model(batch.samples, batch.lengths, masked).context[masked])
            units = self.units_of(batch.samples, batch.lengths)[masked]
            losses += float(F.cross_entropy(logits, units, reduction="sum"))
            hits, total = hits + float((logits.argmax(-1) == units).sum()), total + len(units)
            met += units.cpu().bincount(minlength=self.config.units)
        total = max(total, 1)
        return (
            {"heldout_unit_loss": losses / total, "heldout_top1": hits / total},
            {
                "chance_heldout_top1": float(met.max()) / total,
                "heldout_chance_loss": float(perplexity(met).clamp_min(1).log()),
            },
        )

    @torch.no_grad()
    def inspect_audio(
        self, samples: Tensor, seed: int = 0, mask: bool = True, whole: Statistics | None = None
    ) -> Inspection:
        """The units that the model names when nothing is hidden, as one group; latents are context vectors."""
        total = self.model.config.frames(len(samples))
        codes, confidence = torch.zeros((total, 1), dtype=torch.int64), torch.zeros((total, 1))
        latents = torch.zeros((total, self.model.config.hidden_size))
        whole = whole or statistics_of(self.model, [samples])
        for part, begin, end in windows(len(samples), self.model.config):
            found = self.model(samples[None, begin:end].to(self.device), whole=whole)
            wanted = slice(part.first - part.begin, part.last - part.begin)
            context = found.context[:, wanted]
            best = self.logits(context)[0].softmax(-1).cpu().max(-1, keepdim=True)
            at = slice(part.first, part.last)
            codes[at], confidence[at], latents[at] = best.indices, best.values, context[0].float().cpu()
        return Inspection(codes.numpy(), confidence.numpy(), latents.numpy())

    def get_extra_state(self) -> dict[str, Any]:
        """The sliding windows, and the shapes of the model, which may be those of another that it began from."""
        shapes = self.model.config.to_dict("Wav2Vec2Model")
        return {"config": shapes, "predicted": self.predicted.state(), "targets": self.targets.state()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with the windows of a checkpoint."""
        self.predicted.load(state["predicted"])
        self.targets.load(state["targets"])


def nearest(x: Tensor, centres: Tensor) -> Tensor:
    """Index of the nearest centre: ``(..., D)``, ``(C, D)`` -> ``(...)`` int64."""
    return (2 * x.float() @ centres.T - centres.square().sum(1)).argmax(-1)


def k_means(x: Tensor, clusters: int) -> Tensor:
    """Centres ``(clusters, D)`` of ``x (N, D)``, the same at every call. Raises ValueError for too few points."""
    from sklearn.cluster import MiniBatchKMeans

    if len(x) < clusters:
        raise ValueError(
            f"units = {clusters}: expected at most the {len(x)} frames of the data; choose fewer units or more data."
        )
    fitted = MiniBatchKMeans(clusters, batch_size=4096, n_init=1, max_iter=30, random_state=0).fit(x.numpy())
    return torch.from_numpy(fitted.cluster_centers_).float()
