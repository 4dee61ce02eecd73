"""Make one of the language models that ship with the program of a run that is finished.

    python tools/ship_language_model.py RUN NAME

Of the run's last checkpoint the settings, the symbols and the weights go into resources/models/NAME/, the weights in 16
bits: they are read back as float32. The card, README.md, is written by hand.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch

from ssllab.training import checkpoint
from ssllab.training.run_store import Workspace

MODELS = Path(__file__).parents[1] / "resources/models"


def halved(tree: Any) -> Any:
    """The tree with its numbers of 32 bits in 16."""
    if isinstance(tree, dict):
        return {key: halved(value) for key, value in tree.items()}
    return tree.half() if isinstance(tree, torch.Tensor) and tree.is_floating_point() else tree


def main() -> None:
    """Write the files."""
    place, name = sys.argv[1:]
    run = Workspace(Path(place).parent).open(place)
    last, settings = run.checkpoints()[-1], run.info.settings
    assert settings is not None
    tree, _ = checkpoint.load(last.stem)
    kept = {"config": tree["config"], "model": halved(tree["model"])}
    meta = {"method": settings.method, "step": last.step, "seed": settings.seed}
    stem = MODELS / name / "model"
    checkpoint.save(stem, kept, meta)
    size = sum(file.stat().st_size for file in stem.parent.iterdir())
    print(f"{stem.parent}: {settings.method}, step {last.step:,}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
