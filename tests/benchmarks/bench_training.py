"""End to end against lightly's own modules, and against the bare step: images per second, in one run.

    python tests/benchmarks/bench_training.py [--rounds 5] [--steps 10] [--device cpu] [--encoder conv]
        [--precision float32]

Ratios are taken pair by pair (A B A B ...), so that a machine whose speed drifts does not matter.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from PIL import Image

from ssllab._torchvision import torchvision
from ssllab.data.catalogue import load
from ssllab.methods.simclr import SimCLRConfig
from ssllab.nn.encoders import build_encoder
from ssllab.nn.heads import build_head
from ssllab.training.optimizers import build_optimizer
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

assert torchvision, "torchvision must be imported through ssllab before lightly"
from lightly.loss import NTXentLoss  # noqa: E402
from lightly.transforms import SimCLRTransform  # noqa: E402


class PILImages(torch.utils.data.Dataset):
    """The same images as lightly's users have them: one PIL picture at a time, transformed on access."""

    def __init__(self, images: torch.Tensor) -> None:
        arrays = images.permute(0, 2, 3, 1).numpy()
        self.pictures = [Image.fromarray(array) for array in arrays]
        self.transform = SimCLRTransform(input_size=images.shape[-1], gaussian_blur=0.0, cj_strength=0.5)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int):
        return self.transform(self.pictures[index])


class Lightly:
    """lightly's transform, DataLoader and loss around the same encoder, head and optimizer."""

    def __init__(self, images: torch.Tensor, config: SimCLRConfig, device: torch.device) -> None:
        self.device = device
        encoder = build_encoder(config.encoder, images.shape[-1])
        head = build_head(
            config.head, encoder.dimension, config.head_width, config.head_layers, config.dimension
        )
        self.model = torch.nn.Sequential(encoder, head).to(device)
        self.optimizer = build_optimizer(self.model, config)
        self.loss = NTXentLoss(temperature=config.temperature)
        self.loader = torch.utils.data.DataLoader(
            PILImages(images), batch_size=config.batch_size, shuffle=True, drop_last=True
        )
        self.batches = iter(self.loader)

    def step(self) -> None:
        """One step as in lightly's SimCLR example."""
        try:
            views = next(self.batches)
        except StopIteration:
            self.batches = iter(self.loader)
            views = next(self.batches)
        z0, z1 = (self.model(view.to(self.device)) for view in views)
        loss = self.loss(z0, z1)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


class Bare:
    """The step on one fixed batch of ready views: what any pipeline would reach if data cost nothing."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        images = trainer.data.train.images[: trainer.config.batch_size]
        self.views = torch.cat(trainer.method.views(images, trainer.generator))

    def step(self) -> None:
        """Forward, loss, backward, update; no augmentation, no measurements."""
        from ssllab.objectives.nt_xent import nt_xent
        from ssllab.training.device import autocast

        trainer = self.trainer
        with autocast(trainer.device, trainer.precision):
            _, z = trainer.method.embed(self.views)
            loss = nt_xent(*z.chunk(2), trainer.config.temperature)
        trainer.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        trainer.optimizer.step()
        loss.item()


def seconds(step, count: int) -> float:
    """Seconds of ``count`` steps."""
    started = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--steps", type=int, default=10)
    options.add_argument("--lightly-steps", type=int, default=2)
    options.add_argument("--device", default="cpu")
    options.add_argument("--encoder", default="conv")
    options.add_argument("--batch-size", type=int, default=256)
    options.add_argument(
        "--precision", default="float32", help="of ssllab and the bare step; lightly's is float32"
    )
    chosen = options.parse_args()
    data = load("photos")
    config = {"encoder": chosen.encoder, "batch_size": chosen.batch_size}
    settings = RunSettings(
        method="simclr", config=config, data="photos", device=chosen.device, precision=chosen.precision
    )
    ours, other = Trainer(settings, data), Trainer(settings, data)
    bare = Bare(other)
    lightly = Lightly(data.train.images, ours.config, ours.device)
    rates: dict[str, list[float]] = {"ssllab": [], "bare step": [], "lightly": []}
    for step, count in ((ours.train_step, 3), (bare.step, 3), (lightly.step, 1)):
        seconds(step, count)
    for _ in range(chosen.rounds):
        for name, step, count in (
            ("ssllab", ours.train_step, chosen.steps),
            ("bare step", bare.step, chosen.steps),
            ("lightly", lightly.step, chosen.lightly_steps),
        ):
            rates[name].append(count * chosen.batch_size / seconds(step, count))
    print(
        f"{chosen.encoder}, batch {chosen.batch_size}, {chosen.device}, {ours.precision}, {torch.get_num_threads()} threads"
    )
    print(f"{'':<12}{'images/s (median)':>18}{'min':>10}{'max':>10}")
    for name, values in rates.items():
        print(f"{name:<12}{statistics.median(values):>18,.0f}{min(values):>10,.0f}{max(values):>10,.0f}")
    for name in ("lightly", "bare step"):
        ratios = [a / b for a, b in zip(rates["ssllab"], rates[name], strict=True)]
        print(
            f"ssllab / {name}: median {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}"
        )


if __name__ == "__main__":
    main()
