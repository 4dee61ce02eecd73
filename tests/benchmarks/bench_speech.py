"""Pre-training wav2vec 2.0 against transformers' own class: seconds of audio per second, and equal losses.

    python tests/benchmarks/bench_speech.py [--rounds 3] [--steps 2] [--clips 8] [--seconds 2]

Same shapes (the ``small`` preset with V = 320 and K = 100), same weights, same audio, AdamW in both. Theirs draws masks
and negatives with its own numpy functions, as its users do. Ratios are taken pair by pair (A B A B ...).
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

import ssllab._torchvision  # noqa: F401  transformers imports torchvision
from ssllab.data.catalogue import load
from ssllab.data.speech.batches import SpeechBatch
from ssllab.methods.wav2vec2 import Wav2Vec2
from ssllab.nn.wav2vec2 import files
from ssllab.objectives.masked_contrast import draw_distractors, masked_contrast, pack
from ssllab.training.optimizers import build_optimizer

import transformers  # isort: skip
from transformers.models.wav2vec2.modeling_wav2vec2 import (  # isort: skip
    _compute_mask_indices,
    _sample_negative_indices,
)

SETTINGS = {
    "preset": "small", "codebook_size": 320, "mask_probability": 0.65, "mask_length": 10, "distractors": 100,
    "kmeans_init": False, "feature_gradient": 1.0, "feature_penalty": 0.0,
}  # fmt: skip


class Ours:
    """The method's own step."""

    def __init__(self, samples: torch.Tensor) -> None:
        torch.manual_seed(0)
        self.method = Wav2Vec2(Wav2Vec2.Config.make(SETTINGS), 600.0).train()
        self.optimizer = build_optimizer(self.method, self.method.config)
        self.generator = torch.Generator().manual_seed(0)
        count = len(samples)
        lengths = torch.full((count,), samples.shape[1])
        self.batch = SpeechBatch(samples, lengths, torch.arange(count), torch.zeros(count, dtype=torch.int64))

    def step(self) -> None:
        """Forward, backward, update."""
        loss = self.method.step(self.batch, self.generator).loss
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()


class Theirs:
    """The same weights in transformers' class."""

    def __init__(self, ours: Wav2Vec2, samples: torch.Tensor) -> None:
        with tempfile.TemporaryDirectory() as folder:
            files.write(ours.model, Path(folder))
            self.model = transformers.Wav2Vec2ForPreTraining.from_pretrained(folder).train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)
        self.samples = samples

    def step(self) -> None:
        """Mask, draw negatives, forward, backward, update: as in its example script."""
        frames = int(self.model._get_feat_extract_output_lengths(self.samples.shape[1]))
        shape = (len(self.samples), frames)
        masked = _compute_mask_indices(shape, 0.65, 10, min_masks=2)
        negatives = _sample_negative_indices(shape, 100, masked)
        masked = torch.from_numpy(masked)
        found = self.model(
            self.samples, mask_time_indices=masked, sampled_negative_indices=torch.from_numpy(negatives)
        )
        self.optimizer.zero_grad(set_to_none=True)
        (found.loss / masked.sum()).backward()
        self.optimizer.step()


@torch.no_grad()
def losses(
    ours: Wav2Vec2, theirs: transformers.Wav2Vec2ForPreTraining, samples: torch.Tensor
) -> tuple[float, float]:
    """Contrastive losses per frame on the same masks and negatives, in evaluation."""
    model, generator = ours.model.eval(), torch.Generator().manual_seed(1)
    frames_in_all = model.config.frames(samples.shape[1])
    masked = torch.rand(len(samples), frames_in_all, generator=generator) < 0.5
    frames = pack(masked)
    distractors = draw_distractors(frames, 100, generator)
    negatives = torch.zeros((*masked.shape, 100), dtype=torch.long)
    for b in range(len(samples)):
        at = frames.index[b][frames.valid[b]]
        negatives[b, at] = frames.index[b][distractors[b][frames.valid[b]]] + b * frames_in_all
    found = model.wav2vec2(samples, masked=masked)
    quantized = model.quantize(frames.gather(found.latents))
    contrast = masked_contrast(
        model.project_hid(frames.gather(found.context)), model.project_q(quantized.vectors), quantized.codes,
        frames, distractors,
    )  # fmt: skip
    expected = theirs.eval()(samples, mask_time_indices=masked, sampled_negative_indices=negatives)
    return float(contrast.loss()), float(expected.contrastive_loss) / int(masked.sum())


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=2)
    options.add_argument("--clips", type=int, default=8)
    options.add_argument("--seconds", type=float, default=2.0)
    chosen = options.parse_args()
    split = load("spoken", kinds=("speech",)).train
    length = int(chosen.seconds * 16_000)
    long_enough = [i for i in range(len(split)) if split.starts[i + 1] - split.starts[i] >= length]
    samples = torch.stack([split.samples(i)[:length] for i in long_enough[: chosen.clips]])
    ours = Ours(samples)
    theirs = Theirs(ours.method, samples)
    mine, expected = losses(ours.method, theirs.model, samples)
    ours.method.train(), theirs.model.train()
    parameters = sum(p.numel() for p in ours.method.parameters()) / 1e6
    print(
        f"{parameters:.1f} M parameters, {chosen.clips} x {chosen.seconds:g} s, {torch.get_num_threads()} threads"
    )
    print(
        f"contrastive loss with the same weights, masks and negatives: {mine:.5f} ours, {expected:.5f} theirs"
    )
    rates: dict[str, list[float]] = {"ssllab": [], "transformers": []}
    for side in (ours, theirs):
        side.step()  # warm
    for _ in range(chosen.rounds):
        for name, side in (("ssllab", ours), ("transformers", theirs)):
            started = time.perf_counter()
            for _ in range(chosen.steps):
                side.step()
            rates[name].append(chosen.steps * samples.numel() / 16_000 / (time.perf_counter() - started))
    ratios = [a / b for a, b in zip(rates["ssllab"], rates["transformers"], strict=True)]
    for name, found in rates.items():
        print(f"{name:13} {statistics.median(found):6.1f} s of audio per second")
    print(f"ratio         {statistics.median(ratios):6.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
