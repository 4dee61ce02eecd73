"""JEPA: predict the next frame's embedding, not its pixels (LeCun 2022), and what keeps that from collapsing.

Context frames are encoded, a predictor says what the next frame's embedding will be, and the energy is how far off it
is. With nothing else the easiest way to be right is to make everything one vector. Six remedies, one set of
parameters: whichever is chosen, at any time, training goes on with the same networks.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from ssllab.methods.base import StepResult
from ssllab.methods.clip_settings import ClipSettings
from ssllab.methods.clips import ClipMethod
from ssllab.methods.jepa_settings import RemedySettings
from ssllab.nn.frames import FrameEncoder, LatentPredictor, frame_latents
from ssllab.objectives.contrast import cross_entropy
from ssllab.objectives.energy import energy, energy_logits
from ssllab.objectives.sigreg import directions, sigreg
from ssllab.objectives.vicreg import covariance, variance
from ssllab.scalars import Series

# VICReg's loss is divided by this, so that the prediction error weighs as much under every remedy: Adam remembers how large
# gradients were, and would hardly move where they became 25 times smaller by a switch. Variance and covariance are means
# over the frames' places, where VICReg has half the sum and the sum over two views: the covariance weighs half as much.
INVARIANCE = 25.0


class JEPAConfig(ClipSettings, RemedySettings):
    """The remedy first: it is what this lab is about."""


class JEPA(ClipMethod):
    """A joint-embedding predictive architecture on frames."""

    name = "jepa"
    title = "JEPA"
    paper = "LeCun: A Path Towards Autonomous Machine Intelligence, 2022"
    Config = JEPAConfig
    config: JEPAConfig
    following: Tensor  # whether the target followed in the last step
    series: ClassVar[dict[str, Series]] = {
        "variance": Series("Variance term", "What dimensions lack of a spread of 1.", when="remedy=vicreg"),
        "covariance": Series("Covariance term", "Squared covariances of dimensions.", when="remedy=vicreg"),
        "predicted_change": Series(
            "Predicted change",
            "How far the prediction is from the last frame, of how far the next frame is: 0 copies it.",
            measured="probe",
        ),
        "statistic": Series("SIGReg", "How far from a normal distribution; about 1 at best.", when="remedy=sigreg"),
        "contrast": Series("InfoNCE", "Of the next frame among others.", "nats", when="remedy=contrastive"),
    }  # fmt: skip

    def __init__(self, config: JEPAConfig, size: int) -> None:
        super().__init__(config, size)
        self.predictor = LatentPredictor(config.context, config.dimension, config.predictor_width)
        self.target = FrameEncoder(size, config.width, config.dimension)
        self.target.load_state_dict(self.encoder.state_dict())
        self.target.requires_grad_(False)
        self.register_buffer("following", torch.tensor(False))

    @property
    def reader(self) -> nn.Module:
        """The target while it follows, else the encoder."""
        return self.target if self.config.remedy == "ema" and self.following else self.encoder

    def predict(self, latents: Tensor) -> Tensor:
        """The next latent: ``(N, C, D)`` -> ``(N, D)``."""
        return self.predictor(latents) if self.config.predictor else latents[:, -1]

    def step(self, clips: Tensor, generator: torch.Generator) -> StepResult:
        """One prediction a clip. ``clips: (B, C + 1, 3, H, W)`` in 0..1."""
        config = self.config
        z = frame_latents(self.encoder, clips)
        prediction = self.predict(z[:, :-1])
        error = energy(prediction, self._aim(clips, z)).mean()
        seen = {"prediction_error": error, "spread": z.detach().std(0, correction=0).mean()}
        loss = error
        if config.remedy == "contrastive":
            loss = seen["contrast"] = self._contrast(prediction, z, generator)
        elif config.remedy == "vicreg":
            # Of each frame's place in the clip by itself: over time alone clips could be told apart by nothing.
            times = z.unbind(1)
            seen["variance"] = torch.stack([variance(at) for at in times]).mean()
            seen["covariance"] = torch.stack([covariance(at) for at in times]).mean()
            loss = (
                config.invariance_weight * error
                + config.variance_weight * seen["variance"]
                + config.covariance_weight * seen["covariance"]
            ) / INVARIANCE
        elif config.remedy == "sigreg":
            along = directions(z.shape[2], config.slices, generator, z.device)
            seen["statistic"] = torch.stack([sigreg(at, along) for at in z.unbind(1)]).mean()
            loss = config.sigreg_weight * seen["statistic"] + (1 - config.sigreg_weight) * error
        return StepResult(
            loss, {"loss": loss.detach(), **{name: value.detach() for name, value in seen.items()}}
        )

    def _aim(self, clips: Tensor, z: Tensor) -> Tensor:
        """The next frame's embedding, as the remedy has it: ``(B, D)``."""
        if self.training:  # to measure a loss moves no weight
            self._follow()
        if self.config.remedy == "ema":
            with torch.no_grad():
                return self.reader(clips[:, -1])
        return z[:, -1].detach() if self.config.remedy == "stop_gradient" else z[:, -1]

    @torch.no_grad()
    def _follow(self) -> None:
        """target <- m target + (1 - m) encoder; where EMA was just switched on the target starts as a copy."""
        if self.config.remedy != "ema":
            self.following.fill_(False)
        elif self.following:
            for slow, fast in zip(self.target.parameters(), self.encoder.parameters(), strict=True):
                slow.lerp_(fast, 1 - self.config.target_momentum)
        else:
            self.target.load_state_dict(self.encoder.state_dict())
            self.following.fill_(True)

    def _contrast(self, prediction: Tensor, z: Tensor, generator: torch.Generator) -> Tensor:
        """InfoNCE among the next frame and frames of other clips."""
        clips, frames, _ = z.shape
        drawn = torch.randperm(clips * frames, generator=generator, device=z.device)[: self.config.negatives]
        own = drawn[None] // frames == torch.arange(clips, device=z.device)[:, None]
        return cross_entropy(
            energy_logits(prediction, z[:, -1], z.flatten(0, 1)[drawn], own, self.config.temperature)
        )

    def predicted(self, frames: Tensor, z: Tensor) -> dict[str, float]:
        """How far predictions move from the last frame."""
        prediction = self.predict(frame_latents(self.encoder, frames[:, :-1]).float())
        true = energy(z[:, -1], z[:, -2]).mean()
        return {"predicted_change": float(energy(prediction, z[:, -2]).mean() / true.clamp_min(1e-30))}

    def foreseen(self, context: Tensor, steps: int) -> Tensor:
        """Latents; those that are expected take the place of seen ones."""
        z = frame_latents(self.encoder, context)
        for _ in range(steps):
            z = torch.cat((z, self.predict(z[:, -context.shape[1] :])[:, None]), 1)
        return z[:, context.shape[1] :]

    def misfit(self, expected: Tensor, candidates: Tensor) -> Tensor:
        """Mean squared difference of the expected embedding and each candidate's."""
        return energy(expected[:, None], self.latents(candidates))
