"""Views per second against lightly's SimCLRTransform, on the same images in one process.

    python tests/benchmarks/bench_augment.py [--rounds 5] [--images 512]

Both draw crop, flip, colour jitter, grayscale; blur off, as for CIFAR-10. Interleaved A B A B; medians.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from PIL import Image

from ssllab._torchvision import torchvision
from ssllab.data.catalogue import load
from ssllab.data.images.augment import two_views
from ssllab.data.images.augment_settings import AugmentConfig

assert torchvision, "torchvision must be imported through ssllab before lightly"
from lightly.transforms import SimCLRTransform  # noqa: E402


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--images", type=int, default=512)
    chosen = options.parse_args()
    images = load("photos").train.images[: chosen.images]
    pictures = [Image.fromarray(array) for array in images.permute(0, 2, 3, 1).numpy()]
    transform = SimCLRTransform(input_size=32, gaussian_blur=0.0, cj_strength=0.5)
    config, generator = AugmentConfig(), torch.Generator().manual_seed(0)

    def lightly() -> None:
        for picture in pictures:
            transform(picture)

    rates: dict[str, list[float]] = {"ssllab": [], "lightly": []}
    two_views(images, config, generator)
    for _ in range(chosen.rounds):
        for name, work in (("ssllab", lambda: two_views(images, config, generator)), ("lightly", lightly)):
            started = time.perf_counter()
            work()
            rates[name].append(2 * len(images) / (time.perf_counter() - started))
    print(f"two views of {len(images)} images of 32x32, {torch.get_num_threads()} threads")
    for name, values in rates.items():
        print(
            f"{name:<10}{statistics.median(values):>12,.0f} views/s  ({min(values):,.0f} to {max(values):,.0f})"
        )
    ratios = [a / b for a, b in zip(rates["ssllab"], rates["lightly"], strict=True)]
    print(f"ssllab / lightly: median {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}")


if __name__ == "__main__":
    main()
