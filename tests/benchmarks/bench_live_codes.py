"""From sound to code on the screen, and the quantizer's real-time factor.

    python tests/benchmarks/bench_live_codes.py [--seconds 30] [--preset small]

A microphone is played in real time: blocks of 20 ms fall due by the clock, a timer of the window takes what is there
to the desk, as the recorder's does. The delay of a frame is from the moment its last sample was there to the end of
the painting that shows it. The real-time factor is the quantizer's time on the same pieces, alone.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if not os.environ.get("DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import torch
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ssllab.audio.quantize import StreamingQuantizer
from ssllab.methods.speech_inspection import PretrainedInspector
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining
from ssllab.training.device import use_sensible_threads
from ssllab.training.run_store import Workspace
from ssllab.ui.app import application
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech.lanes import LanesPanel
from ssllab.ui.labs.speech.widgets.canvas import LanesCanvas
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.models import Chosen
from ssllab.ui.labs.speech.widgets.recording import LOOK_MILLISECONDS
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf
from ssllab.ui.labs.speech.widgets.threads import use_one_thread
from ssllab.ui.work import LongWork

RATE, HOP, REACH, BLOCK = 16_000, 320, 400, 320


def speech_like(seconds: float) -> np.ndarray:
    """Noise in syllables, float32: what is in it does not change the time."""
    generator = np.random.default_rng(0)
    sound = generator.normal(size=int(seconds * RATE)) * 0.1
    return (sound * np.abs(np.sin(np.arange(len(sound)) / RATE * 12))).astype(np.float32)


class Watch:
    """Notes when each painting of the canvas ends, and how many code frames it had."""

    def __init__(self, canvas: LanesCanvas) -> None:
        self.canvas = canvas
        self.seen: list[tuple[float, int]] = []
        paint = canvas.paintEvent

        def painted(event) -> None:
            paint(event)
            reading = canvas.desk.inspection
            self.seen.append((time.perf_counter(), reading.frames if reading is not None else 0))

        canvas.paintEvent = painted


def live(panel: LanesPanel, sound: np.ndarray) -> np.ndarray:
    """Delays (seconds) of all frames of ``sound``, played in real time."""
    desk, watch = panel.desk, Watch(panel.canvas)
    began = time.perf_counter()
    sent = 0

    def look() -> None:
        nonlocal sent
        there = min(len(sound), int((time.perf_counter() - began) * RATE) // BLOCK * BLOCK)
        if there > sent:
            desk.append_live(sound[sent:there])
            sent = there

    desk.begin_live()
    timer = QTimer(interval=LOOK_MILLISECONDS)
    timer.timeout.connect(look)
    timer.start()
    while sent < len(sound) or time.perf_counter() - began < len(sound) / RATE + 1:
        QApplication.processEvents()
        time.sleep(0.001)
    timer.stop()
    times, frames = (np.array(column) for column in zip(*watch.seen, strict=True))
    total = int(frames.max())
    shown = times[np.searchsorted(np.maximum.accumulate(frames), np.arange(1, total + 1))]
    due = began + (np.arange(total) * HOP + REACH) / RATE
    desk.end_live()
    return shown - due


def real_time_factor(model: Wav2Vec2ForPreTraining, sound: np.ndarray) -> tuple[float, float]:
    """Time of the quantizer on pieces as the window hands them over, by the time they last; in a thread as there.

    By the clock, and of the processor: the first says little on a machine that others use.
    """
    quantizer = StreamingQuantizer(model)
    piece = RATE * LOOK_MILLISECONDS // 1000

    def push_all() -> tuple[float, float]:
        use_one_thread()
        clock, processor = time.perf_counter(), time.thread_time()
        for first in range(0, len(sound), piece):
            quantizer.push(sound[first : first + piece])
        return time.perf_counter() - clock, time.thread_time() - processor

    with ThreadPoolExecutor(1) as pool:
        clock, processor = pool.submit(push_all).result()
    return clock / (len(sound) / RATE), processor / (len(sound) / RATE)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=30)
    options.add_argument("--preset", default="small", choices=sorted(PRESETS))
    chosen = options.parse_args()
    application()
    use_sensible_threads(window=True)
    torch.manual_seed(0)
    model = Wav2Vec2ForPreTraining(PRESETS[chosen.preset]).eval()
    sound = speech_like(chosen.seconds)
    bench = Bench(Workspace(Path(tempfile.mkdtemp())), "speech", LongWork())
    desk = Desk(bench, TakeShelf(bench))
    panel = LanesPanel(desk)
    desk.models.chosen = Chosen(PretrainedInspector(model), (chosen.preset,), chosen.preset)
    panel.resize(1000, 600)
    panel.show()
    real_time_factor(model, sound[: 2 * RATE])
    clock, processor = real_time_factor(model, sound)
    delay = 1000 * live(panel, sound)
    print(f"model: {chosen.preset}, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters")
    print(
        f"real-time factor of the quantizer: {clock:.3f}, of the processor {processor:.3f} (to reach: under 0.2)"
    )
    print(
        f"sound to code on the screen: p50 {np.percentile(delay, 50):.0f} ms, p95 {np.percentile(delay, 95):.0f} ms, "
        f"at most {delay.max():.0f} ms over {len(delay)} frames (to reach: p95 under 200 ms)"
    )
    desk.close()


if __name__ == "__main__":
    main()
