"""wav2vec 2.0: a framework for self-supervised learning of speech representations (Baevski et al. 2020).

Latents of some frames are hidden from a Transformer; from what it makes of the rest it must tell the true quantized
latent of each hidden frame from distractors of the same utterance. A diversity loss keeps all codes in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from ssllab.data.speech.batches import SpeechBatch
from ssllab.diagnostics.codes import SlidingMean, SlidingUsage, perplexity
from ssllab.doctor.speech import RULES
from ssllab.looks import CodeUsage, JointUsage, Look, PhoneTable
from ssllab.methods.base import Probe, StepResult
from ssllab.methods.code_probes import CodedFrames, code_probes
from ssllab.methods.speech import MASKED_SHARE, SpeechMethod, probe_batches
from ssllab.methods.speech_inspection import PretrainedInspector
from ssllab.methods.speech_scalars import WAV2VEC2_SERIES
from ssllab.methods.stored import ReadModel, StoredModel, read_stored, take_weights
from ssllab.methods.wav2vec2_settings import Wav2Vec2Settings, model_config
from ssllab.nn.random import set_dropout
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.feature_encoder import frame_counts, frame_mask
from ssllab.nn.wav2vec2.files import Wav2Vec2 as Wav2Vec2File
from ssllab.nn.wav2vec2.masking import mask_spans
from ssllab.nn.wav2vec2.model import Context, Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.nn.wav2vec2.quantizer import Quantized, k_means_start, restart_dead
from ssllab.objectives.codebook_diversity import diversity_loss, entropy_loss
from ssllab.objectives.masked_contrast import (
    MaskedContrast,
    MaskedFrames,
    chance_loss,
    draw_distractors,
    masked_contrast,
    pack,
)

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData

RECENT_FRAMES = 4000  # perplexities are of so many masked frames, whatever the batch: 80 s of hidden sound
MOST_EPOCH_FRAMES = 40_000
K_MEANS_SECONDS = 120.0  # of speech: 6,000 frames for the first codes
RESTART_EVERY = 25  # steps between two restarts of dead codes


class Wav2Vec2(SpeechMethod):
    """The paper's section 3, with fairseq's constants."""

    name = "wav2vec2"
    title = "wav2vec 2.0"
    rules = RULES
    paper = "Baevski, Zhou, Mohamed, Auli: wav2vec 2.0, NeurIPS 2020"
    Config = Wav2Vec2Settings
    config: Wav2Vec2Settings
    parts: ClassVar[dict[type, str]] = {
        **SpeechMethod.parts, CodeUsage: "", JointUsage: "groups=2,3,4,5,6,7,8", PhoneTable: "phones"
    }  # fmt: skip
    series = WAV2VEC2_SERIES

    def __init__(
        self, config: Wav2Vec2Settings, train_seconds: float = 0.0, start: Wav2Vec2File | None = None
    ) -> None:
        super().__init__()
        self.config = config
        self.model = Wav2Vec2ForPreTraining(model_config(config, start.config if start else None))
        self._fresh_codes = start is None or not begin_from(self.model, start)
        epoch = int(train_seconds / self.model.config.frame_seconds * MASKED_SHARE)
        window = min(MOST_EPOCH_FRAMES, max(RECENT_FRAMES, epoch))
        self.epoch_usage = SlidingUsage(config.groups, config.codebook_size, window)
        self.recent_usage = SlidingUsage(config.groups, config.codebook_size, RECENT_FRAMES)
        self.soft_usage = SlidingMean(RECENT_FRAMES)
        self.phone_table: PhoneTable | None = None

    @classmethod
    def build(cls, config: Any, data: SpeechData, read_model: ReadModel | None = None) -> Self:
        """A fresh model, or one that goes on from what was trained before."""
        start = (read_model or read_stored)(config.start_from).model if config.start_from else None
        return cls(config, data.train.seconds, start)

    @classmethod
    def stored(cls, config: Wav2Vec2Settings, state: Mapping[str, Any]) -> StoredModel:
        """See :meth:`ssllab.methods.speech.SpeechMethod.stored`."""
        model = Wav2Vec2ForPreTraining(Wav2Vec2Config.from_dict(state["_extra_state"]["config"]))
        take_weights(model, state)
        return StoredModel(model.eval())

    @classmethod
    def inspector(
        cls, config: Wav2Vec2Settings, state: Mapping[str, Any], device: torch.device
    ) -> PretrainedInspector:
        """Codes, and the contrastive task as the settings in force have it."""
        model = cls.stored(config, state).model.to(device)
        assert isinstance(model, Wav2Vec2ForPreTraining)
        model.config = model_config(config, model.config)
        return PretrainedInspector(model)

    @property
    def encoder(self) -> Wav2Vec2Model:
        """See :meth:`ssllab.methods.speech.SpeechMethod.encoder`."""
        return self.model.wav2vec2

    @property
    def temperature(self) -> float:
        """Of the Gumbel softmax now: max(start x decay^n, floor)."""
        config = self.config
        return max(config.gumbel_temperature * config.gumbel_decay**self.updates, config.gumbel_floor)

    @torch.no_grad()
    def prepare(self, data: SpeechData) -> None:
        """K-means of the latents, where it is wanted and the codes are not those of a trained model."""
        if not (self.config.kmeans_init and self._fresh_codes) or self.config.quantizer == "fsq":
            return
        latents = []
        for batch in probe_batches(data.train, K_MEANS_SECONDS):
            heard = self.model.codes(batch.samples.to(self.device), batch.lengths.to(self.device))
            latents.append(heard.latents[frame_mask(heard.counts, heard.latents.shape[1])])
        # A generator of its own: what training draws must not depend on this switch.
        k_means_start(self.model.quantizer, torch.cat(latents), torch.Generator(self.device).manual_seed(0))

    def step(self, batch: SpeechBatch, generator: torch.Generator) -> StepResult:
        """Mask, context, quantize, contrast."""
        config, model = self.config, self.model
        set_dropout(model, config.dropout, config.layerdrop)
        model.quantizer.requires_grad_(not config.freeze_codes)
        counts = frame_counts(model.config, batch.lengths)
        masked = mask_spans(
            counts,
            model.config.frames(batch.samples.shape[1]),
            config.mask_probability,
            config.mask_length,
            generator,
        )
        frames = pack(masked)
        found = model.wav2vec2(
            batch.samples, batch.lengths, masked, generator, feature_gradient=config.feature_gradient
        )
        latents = frames.gather(found.latents)
        restarted = self._restart(latents[frames.valid], generator)
        quantized = model.quantize(latents, self.temperature, generator, config.gumbel_noise)
        contrast = self._contrast(found, quantized, frames, generator)
        probabilities = quantized.probabilities[frames.valid]
        contrastive, diversity = contrast.loss(), diversity_loss(probabilities)
        penalty = found.raw_latents[found.valid].float().square().mean()
        loss = contrastive + config.diversity_weight * diversity + config.feature_penalty * penalty
        if config.entropy_weight:
            loss = loss + config.entropy_weight * entropy_loss(probabilities)
        metrics = {
            "loss": loss.detach(),
            "contrastive_loss": contrastive.detach(),
            "chance_loss": torch.tensor(chance_loss(config.distractors), device=loss.device),
            "contrastive_chance": contrast.chance()[0].detach(),
            "contrastive_top1": contrast.accuracy(),
            "diversity_loss": diversity.detach(),
            "feature_penalty": penalty.detach(),
            "masked_share": masked.sum() / counts.sum().clamp_min(1),
            # By the best score, as in fairseq: what noise picks looks alive while one code wins everywhere.
            **self._count(probabilities.argmax(-1), probabilities, loss.device),
            "gumbel_temperature": torch.tensor(self.temperature, device=loss.device),
            "restarted": torch.tensor(float(restarted), device=loss.device),
        }
        return StepResult(loss, metrics)

    def _contrast(
        self, found: Context, quantized: Quantized, frames: MaskedFrames, generator: torch.Generator
    ) -> MaskedContrast:
        """The task at the masked frames: their context vectors, their quantized latents, and distractors."""
        return masked_contrast(
            self.model.project_hid(frames.gather(found.context)),
            self.model.project_q(quantized.vectors),
            quantized.codes,
            frames,
            draw_distractors(frames, self.config.distractors, generator),
            self.config.kappa,
        )

    @torch.no_grad()
    def _restart(self, latents: Tensor, generator: torch.Generator) -> int:
        config = self.config
        wanted = config.dead_code_restart and not config.freeze_codes and self.updates % RESTART_EVERY == 0
        if not wanted or len(self.recent_usage) < RECENT_FRAMES:
            return 0
        dead = (self.recent_usage.counts == 0).to(latents.device)
        return restart_dead(self.model.quantizer, dead, latents, generator)

    @torch.no_grad()
    def _count(self, codes: Tensor, probabilities: Tensor, device: torch.device) -> dict[str, Tensor]:
        """Take the codes of a step into the windows; the perplexities by name."""
        self.epoch_usage.push(codes)
        self.recent_usage.push(codes)
        self.soft_usage.push(probabilities.mean(0), len(codes))
        soft = self.soft_usage.mean
        assert soft is not None
        hard_groups, soft_groups = self.recent_usage.perplexities, perplexity(soft.double())
        found = {
            "code_perplexity": hard_groups.sum(),
            "prob_perplexity": soft_groups.sum(),
            "joint_perplexity": torch.tensor(self.recent_usage.joint_perplexity),
            "dead_codes": torch.tensor(self.epoch_usage.dead),
        }
        for i, (hard, smooth) in enumerate(zip(hard_groups, soft_groups, strict=True), 1):
            found |= {f"code_perplexity_{i}": hard, f"prob_perplexity_{i}": smooth}
        return {name: value.to(device) for name, value in found.items()}

    # Looking

    def context_of(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """See :meth:`ssllab.methods.speech.SpeechMethod.context_of`."""
        found = self.model.wav2vec2(samples, lengths)
        return found.context, found.counts

    def look(self, data: SpeechData, step: int) -> Look:
        """Usage now, and the phone table of the last probe."""
        usage, soft = self.epoch_usage, self.soft_usage.mean
        shares = usage.shares
        parts: list[object] = [
            CodeUsage(
                hard=shares.numpy(),
                soft=(torch.zeros_like(shares) if soft is None else soft.float()).numpy(),
                window_seconds=len(usage) * self.model.config.frame_seconds,
            )
        ]
        if self.config.groups > 1:
            parts.append(JointUsage(usage.joint.float().numpy()))
        if self.phone_table is not None:
            parts.append(self.phone_table)
        return Look(step, tuple(parts))

    @torch.no_grad()
    def probe(self, data: SpeechData) -> Probe:
        """Context vectors, codes and the task itself on held-out speech."""
        scalars, constants, heard = self.context_probes(data)
        found, self.phone_table = code_probes(self._codes_of, self.config.codebook_size, data, heard)
        task, chance = self._held_out_task(heard.batches)
        return Probe({**scalars, **found, **task}, {**constants, **chance, **self._constants()})

    def _codes_of(self, samples: Tensor, lengths: Tensor) -> CodedFrames:
        frames = self.model.codes(samples.to(self.device), lengths.to(self.device))
        return CodedFrames(frames.codes, frames.counts)

    def _held_out_task(self, batches: tuple[SpeechBatch, ...]) -> tuple[dict[str, float], dict[str, float]]:
        """The contrastive task on held-out clips with the same masks each time, best codes, no noise; and chance."""
        config, model = self.config, self.model
        generator = torch.Generator(self.device).manual_seed(0)
        sums, total = torch.zeros(4), 0
        for batch in (b.to(self.device) for b in batches):
            counts = frame_counts(model.config, batch.lengths)
            longest = model.config.frames(batch.samples.shape[1])
            masked = mask_spans(counts, longest, config.mask_probability, config.mask_length, generator)
            frames = pack(masked)
            found = model.wav2vec2(batch.samples, batch.lengths, masked)
            quantized = model.quantize(frames.gather(found.latents))
            contrast = self._contrast(found, quantized, frames, generator)
            count = len(contrast.logits)
            sums += torch.stack([contrast.loss(), contrast.accuracy(), *contrast.chance()]).cpu() * count
            total += count
        loss, accuracy, guess, guess_loss = (sums / max(total, 1)).tolist()
        return (
            {"heldout_contrastive_loss": loss, "heldout_top1": accuracy},
            {"chance_heldout_top1": guess, "heldout_chance_loss": guess_loss},
        )

    def _constants(self) -> dict[str, float]:
        groups, codes = self.config.groups, self.config.codebook_size
        return {
            "groups": float(groups),
            "group_floor": 1.0,
            "codes": float(codes),
            "code_floor": float(groups),
            "code_ceiling": float(groups * codes),
            "joint_of_one_group": float(codes),
            "joint_ceiling": float(codes**groups),
            "published_masked_share": MASKED_SHARE,
            "distractors": float(self.config.distractors),
        }

    # What a checkpoint keeps beyond weights: the windows decide which codes are dead

    def get_extra_state(self) -> dict[str, Any]:
        """The sliding windows, and the shapes of the model, which may be those of another that it began from."""
        return {
            "config": self.model.config.to_dict("Wav2Vec2ForPreTraining"),
            "epoch": self.epoch_usage.state(),
            "recent": self.recent_usage.state(),
            "soft": self.soft_usage.state(),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Go on with the windows of a checkpoint."""
        self.epoch_usage.load(state["epoch"])
        self.recent_usage.load(state["recent"])
        self.soft_usage.load(state["soft"])


def begin_from(model: Wav2Vec2ForPreTraining, start: Wav2Vec2File) -> bool:
    """Take over encoder and context network, and the rest where it is of the same shapes; whether its codes were."""
    body = start if isinstance(start, Wav2Vec2Model) else start.wav2vec2
    model.wav2vec2.load_state_dict(body.state_dict())
    if not isinstance(start, Wav2Vec2ForPreTraining):
        return False
    own = model.state_dict()
    known = {name: t for name, t in start.state_dict().items() if name in own and own[name].shape == t.shape}
    model.load_state_dict({**own, **known})
    codes = {name for name in own if name.startswith("quantizer.")}
    return model.config.quantizer == start.config.quantizer and codes <= set(known)
