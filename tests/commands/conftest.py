"""Data that the commands of the Speech lab train on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssllab.audio.files import write


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of noise with transcripts."""
    folder = tmp_path_factory.mktemp("spoken")
    noise = np.random.default_rng(1)
    lines = []
    for number in range(12):
        write(folder / f"{number}.wav", 0.1 * noise.normal(size=16_000 + 900 * number).astype(np.float32))
        lines.append(f"{number}.wav\tword {'abc'[number % 3]}")
    (folder / "transcripts.tsv").write_text("\n".join(lines) + "\n")
    return folder
