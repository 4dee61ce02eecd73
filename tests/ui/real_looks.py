"""What panels draw in tests: looks, curves and probes of real short runs, made once in a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from ssllab.looks import Look
from ssllab.training.metrics import MetricsLog
from ssllab.ui.scene import Scene, Thumbnails

SMALL = {
    "simclr": {
        "batch_size": 16,
        "head_width": 32,
        "dimension": 16,
        "learning_rate": 0.001,
        "warmup_steps": 0,
    },
    "wav2vec2": {"batch_seconds": 2.0, "crop_seconds": 1.0, "codebook_size": 40, "distractors": 10},
    "hubert": {"batch_seconds": 2.0, "crop_seconds": 1.0, "units": 8},
    "ctc": {"batch_seconds": 2.0, "freeze_steps": 0},
}


@dataclass(frozen=True)
class RealRun:
    """A run of a few steps: a look after each of them and one before, a probe at the beginning and one at the end."""

    looks: tuple[Look, ...]
    metrics: MetricsLog
    probes: MetricsLog
    constants: dict[str, float]
    thumbnails: Thumbnails | None

    def scene(self, at: int = -1, **changes: Any) -> Scene:
        """What a panel draws after step ``at``; by default after the last one."""
        shown = {
            "look": self.looks[at],
            "metrics": self.metrics,
            "probes": self.probes,
            "constants": self.constants,
            "thumbnails": self.thumbnails,
        }
        return Scene("running", **(shown | changes))


@pytest.fixture(scope="session")
def real_looks(tone_data_with_phones, tiny_speech_model) -> Callable[..., RealRun]:
    """A real run of a method: ``real_looks("simclr", dimension=2)``. Forty digits on the map; tones for speech."""
    import torch

    from ssllab.data.images.digits import digits
    from ssllab.data.images.types import ImageData, ImageSplit
    from ssllab.methods.registry import method_class
    from ssllab.training.run_record import RunSettings
    from ssllab.training.trainer import Trainer
    from ssllab.ui.loading import thumbnails_of

    whole = digits(size=16)
    few = [ImageSplit(part.images[:n], part.labels[:n]) for part, n in ((whole.train, 120), (whole.test, 40))]
    images = ImageData(whole.name, whole.title, *few, class_names=whole.class_names)

    @cache
    def run(method: str, steps: int = 3, **config: Any) -> RealRun:
        speech = method_class(method).kinds == ("speech",)
        data = tone_data_with_phones if speech else images
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # such small tensors gain nothing from two
        small = SMALL[method] | ({"pretrained": str(tiny_speech_model)} if method == "ctc" else {})
        trainer = Trainer(RunSettings(method=method, config=small | config, data=data.name), data)
        metrics, probes = MetricsLog(), MetricsLog()
        probes.append(0, trainer.probe().scalars)
        looks = [trainer.look()]
        for step in range(steps):
            metrics.append(step, trainer.train_step())
            looks.append(trainer.look())
        last = trainer.probe()
        probes.append(steps, last.scalars)
        looks[-1] = trainer.look()  # with what the probe found
        torch.set_num_threads(threads)
        return RealRun(tuple(looks), metrics, probes, last.constants, thumbnails_of(data))

    return run
