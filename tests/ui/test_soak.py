"""Some thousand steps with the window open, drawing and being played with."""

import gc
import os
import sys
import threading
from pathlib import Path

import pytest

from ssllab.ui.app import build_window

STEPS = 2000


def resident_mb():
    """Memory of this process; None where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return None


@pytest.fixture
def window(qtbot, tmp_path):
    (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
    made = build_window(tmp_path, device="cpu")
    made.resize(1280, 800)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.bench.state == "ready", timeout=60_000)
    yield made
    made.close()


def test_thousands_of_steps_with_the_window_open(qtbot, window):
    """Nothing leaks, nothing dies, every change arrives, every panel draws. On Python 3.11 a wrong binding
    would eat the reference count of None at every redraw."""
    bench = window.bench
    bench.set_many({"batch_size": 4, "encoder": "conv", "dimension": 16, "head_width": 32})
    bench.start()
    qtbot.waitUntil(lambda: bench.session is not None and bench.session.step > 100, timeout=60_000)
    panels = window.lab.panels
    threads = threading.active_count()
    start_mb, start_none = None, None
    for part in range(1, 21):
        target = 100 + part * (STEPS - 100) // 20
        qtbot.waitUntil(lambda target=target: bench.session.step >= target, timeout=60_000)
        bench.set("temperature", (0.05, 0.1, 0.5, 5.0)[part % 4])
        bench.set("jitter", part % 2 == 0)
        window.lab.show_panel(panels[part % len(panels)].id)
        window.lab.docks["map"].panel.anchor.set(part)
        if part in (5, 10, 15):
            window.theme_action.trigger()
        if part == 8:
            gc.collect()  # what earlier tests left behind must not go, and take its references along, later
            start_mb, start_none = resident_mb(), sys.getrefcount(None)
    session = bench.session
    assert session.failure is None
    assert session.step >= STEPS
    changes = [event for event in session.events if event.kind == "set" and event.key == "jitter"]
    assert len(changes) >= 18
    assert len(session.metrics) == session.step
    gc.collect()
    assert threading.active_count() <= threads + 2
    assert abs(sys.getrefcount(None) - start_none) < 20_000
    if start_mb is not None:
        assert resident_mb() - start_mb < 150
