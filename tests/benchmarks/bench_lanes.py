"""An hour of audio in the lanes: how long it takes to open, and a frame of panning and zooming at every zoom.

    python tests/benchmarks/bench_lanes.py [--minutes 60]

The hour lies on the disk as a take of 16 bit, with words, phones and codes of two groups throughout. Both the wall's
and the processor's time of a frame are printed: on a machine that others use the first says little.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from ssllab.audio import files
from ssllab.audio.takes import TakeStore
from ssllab.data.speech.types import Span
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.training.run_store import Workspace
from ssllab.ui.app import application
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech.lanes import LanesPanel
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.models import Chosen
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf, clip_of_take
from ssllab.ui.work import LongWork

RATE = 16_000


@dataclass
class Inspection:
    codes: np.ndarray
    confidence: np.ndarray
    latents: np.ndarray
    masked: np.ndarray
    similarity_true: np.ndarray
    similarity_distractors: np.ndarray
    log_probs: None = None


class RandomModel:
    """Codes that change every few frames; it costs nothing, for the lanes are measured."""

    encoder = SimpleNamespace(config=PRESETS["tiny"])  # where frames are

    def inspect_audio(self, samples, seed: int = 0, mask: bool = True, whole: None = None) -> Inspection:
        generator = np.random.default_rng(seed)
        frames = (len(samples) - 400) // 320 + 1
        codes = np.repeat(generator.integers(0, 320, (frames // 3 + 1, 2)), 3, 0)[:frames]
        confidence = generator.random((frames, 2), np.float32)
        masked = generator.random(frames // 10 + 1).repeat(10)[:frames] < 0.49
        true = np.where(masked, 0.6 + 0.1 * confidence[:, 0], np.nan)
        others = np.where(masked[:, None], 0.3 * generator.normal(size=(frames, 20)), np.nan)
        return Inspection(codes, confidence, confidence, masked, true, others)


def spin(seconds: float, until) -> float:
    """Let the window live until something is so; the seconds it took."""
    began = time.perf_counter()
    while not until() and time.perf_counter() - began < seconds:
        QApplication.processEvents()
        time.sleep(0.001)
    return time.perf_counter() - began


def hour(path: Path, minutes: float):
    """A take of that length on the disk: syllables of noise, minute by minute."""
    generator = np.random.default_rng(0)
    t = np.arange(60 * RATE) / RATE

    def blocks():
        for _ in range(round(minutes)):
            noise = generator.normal(size=len(t)).astype(np.float32)
            yield (0.2 * noise * np.abs(np.sin(12 * t))).astype(np.float32)

    files.write(path / "hour.wav", blocks())
    return TakeStore(path / "takes").import_file(path / "hour.wav")[0]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=60)
    chosen = options.parse_args()
    application()
    folder = Path(tempfile.mkdtemp())
    take = hour(folder, chosen.minutes)
    seconds = int(take.seconds)
    words = tuple(Span(0.4 * i, 0.4 * i + 0.35, f"word{i % 97}") for i in range(int(seconds / 0.4)))
    phones = tuple(Span(0.08 * i, 0.08 * (i + 1), "aeiou"[i % 5]) for i in range(int(seconds / 0.08)))
    bench = Bench(Workspace(folder), "speech", LongWork())
    panel = LanesPanel(Desk(bench, TakeShelf(bench)))
    desk, canvas = panel.desk, panel.canvas
    panel.resize(1280, 720)
    panel.show()
    spin(0.3, lambda: False)
    desk.models.chosen = Chosen(RandomModel(), ("random",), "random")
    began = time.perf_counter()
    desk.open(replace(clip_of_take(take), words=words, phones=phones))
    QApplication.processEvents()
    panel.repaint()
    print(
        f"opening {take.seconds / 60:.0f} minutes: first picture after {time.perf_counter() - began:.2f} s",
        end="",
    )
    spin(60, lambda: desk.sound.peaks.samples == len(desk.clip.samples))
    print(f", whole waveform after {time.perf_counter() - began:.2f} s", end="")
    spin(600, lambda: desk.sound.spectrogram.known.all())
    print(f", whole spectrogram after {time.perf_counter() - began:.0f} s")
    spin(600, lambda: desk.inspection.complete)
    print(
        f"{'in view':>10} {'panning (wall)':>22} {'(processor)':>14} {'zooming (wall)':>22} {'(processor)':>14}"
    )
    for span in (take.seconds, 600, 60, 10, 1):
        row = f"{span:>8.0f} s"
        for step in (
            lambda axis, span=span: axis.moved(0.01 * span, take.seconds),
            lambda axis: axis.zoomed(0.97, axis.left + 400, take.seconds),
        ):
            canvas.set_axis(replace(canvas.axis, start=0.3 * take.seconds, span=span))
            canvas.repaint()
            wall, processor = [], []
            for _ in range(40):
                canvas.axis = step(canvas.axis)
                canvas.redraw()
                clocks = time.perf_counter(), time.process_time()
                canvas.repaint()
                wall.append(1000 * (time.perf_counter() - clocks[0]))
                processor.append(1000 * (time.process_time() - clocks[1]))
            low, high = np.percentile(wall, (50, 95))
            row += f"    p50 {low:3.0f}, p95 {high:3.0f} ms    p50 {np.median(processor):3.0f} ms"
        print(row)
    desk.close()


if __name__ == "__main__":
    main()
