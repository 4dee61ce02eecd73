"""A person's own method in the window: chosen, trained, saved anew, broken, mended, written from the menu."""

import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog

from ssllab.assets import asset
from ssllab.methods import registry
from ssllab.methods.own import OwnMethods
from ssllab.ui.app import build_window

TEMPLATE = asset("templates", "method.py").read_text()


@pytest.fixture
def said(monkeypatch):
    """Every line that was said, with its detail."""
    from ssllab.ui.bench import Bench

    lines = []
    say = Bench.say

    def listen(bench, level, text, detail=""):
        lines.append((level, text, detail))
        say(bench, level, text, detail)

    monkeypatch.setattr(Bench, "say", listen)
    return lines


@pytest.fixture
def opened(qtbot, tmp_path):
    """``opened(method)``: the window with digits, ready."""
    windows = []

    def open_window(method=None):
        (tmp_path / "window.ini").write_text("[contrast]\ndata=digits\n")
        window = build_window(tmp_path, lab="contrast", method=method, device="cpu")
        qtbot.addWidget(window)
        window.show()
        qtbot.waitUntil(lambda: window.bench.state == "ready", timeout=60_000)
        window.bench.set("batch_size", 16)
        windows.append(window)
        return window

    yield open_window
    for window in windows:
        window.close()


def train(qtbot, window, steps=2):
    window.bench.start()
    qtbot.waitUntil(lambda: window.bench.session is not None, timeout=30_000)
    session = window.bench.session
    qtbot.waitUntil(lambda: session.step >= steps or session.failure is not None, timeout=60_000)
    window.draw()
    return session


def save(path: Path, text: str) -> None:
    time.sleep(0.02)  # a file system's clock has ticks
    path.write_text(text)


def test_saved_anew_it_is_read_at_the_next_reset_and_an_error_is_a_line(
    qtbot, opened, said, methods_folder
) -> None:
    path = methods_folder / "mine.py"
    path.write_text(TEMPLATE)
    window = opened("my_method")
    bench = window.bench
    toolbar = window.lab.toolbar
    assert toolbar.method_box.currentData() == "my_method"
    assert "spread" in window.lab.controls.rows
    assert "temperature" not in window.lab.controls.rows
    offered = {action.text() for action in window.lab.actions_to_show()}
    assert {"Embedding map", "Dimensions used"} <= offered
    assert not any("icroscope" in title for title in offered)
    bench.set("spread", 2.0)
    session = train(qtbot, window)
    assert {"closeness", "uniformity"} <= set(session.metrics.names)
    assert session.run.info.settings.method_file.path == str(path)
    first = bench.methods["my_method"]
    extra = '    extra: Annotated[float, Control("More.")] = 5.0\n    spread: Annotated'
    save(path, TEMPLATE.replace("    spread: Annotated", extra))
    assert bench.methods["my_method"] is first
    window.reset_action.trigger()
    bench.start()  # at once, while it is read: it trains what was saved
    qtbot.waitUntil(lambda: bench.session is not None, timeout=30_000)
    assert (bench.config.extra, bench.config.spread, bench.config.batch_size) == (5.0, 2.0, 16)
    assert bench.session.settings.config["extra"] == 5.0
    assert "extra" in window.lab.controls.rows

    good = bench.methods["my_method"]
    save(path, f"{TEMPLATE}\n1 / 0\n")
    said.clear()
    window.reset_action.trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    level, line, detail = said[0]
    assert (level, line) == ("error", f"{path}, line 42: ZeroDivisionError: division by zero")
    assert "Traceback" in detail
    assert bench.methods["my_method"] is good
    said.clear()
    train(qtbot, window)  # the last good one trains on
    window.reset_action.trigger()
    assert said == []  # it is not said again

    save(path, TEMPLATE.replace("(potentials)", "(potentials + 1)"))
    window.reset_action.trigger()
    session = train(qtbot, window)
    assert session.failure.bad_input
    assert session.failure.message.startswith(f"{path}, line 37: TypeError")
    qtbot.waitUntil(lambda: any("line 37" in line for _, line, _ in said), timeout=10_000)
    save(path, TEMPLATE)
    assert train(qtbot, window).failure is None  # Start after an error begins anew, with what was saved


def test_a_broken_file_in_the_folder_is_said_and_the_lab_opens(qtbot, opened, said, methods_folder) -> None:
    (methods_folder / "bad.py").write_text("\nx = (\n")
    (methods_folder / "taken.py").write_text(TEMPLATE.replace("my_method", "moco"))
    window = opened()
    (error,) = [text for level, text, _ in said if level == "error"]
    assert error == f"{methods_folder / 'bad.py'}, line 2: SyntaxError: '(' was never closed (and 1 more)"
    assert window.bench.method_name == "simclr"
    assert window.bench.methods["moco"].__module__ == "ssllab.methods.moco"
    assert train(qtbot, window).failure is None


def test_new_method_writes_the_template_and_chooses_it(
    qtbot, opened, said, methods_folder, monkeypatch
) -> None:
    window = opened()
    suggested = []

    def choose(parent, title, place, *_, **__):
        suggested.append(place)
        return place, ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    methods_folder.rmdir()
    window.new_method_action.trigger()
    qtbot.waitUntil(lambda: window.bench.method_name == "my_method", timeout=30_000)
    assert suggested == [str(methods_folder / "my_method.py")]
    assert len((methods_folder / "my_method.py").read_text().splitlines()) == 40
    assert train(qtbot, window).failure is None
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (suggested[0], ""))
    said.clear()
    window.new_method_action.trigger()
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert "already" in said[0][1]


def test_a_run_is_resumed_only_where_its_file_is(qtbot, opened, said, tmp_path, monkeypatch) -> None:
    path = tmp_path / "mine.py"
    path.write_text(TEMPLATE)
    registry.add_file(path)
    window = opened("my_method")
    run = train(qtbot, window).run.info.id
    window.close()
    monkeypatch.setattr(registry, "_own", OwnMethods())  # the next start of the program

    window = opened()
    assert window.bench.method_name == "simclr"
    window.benches.set_overlays([run])
    qtbot.waitUntil(lambda: run in window.bench.overlays, timeout=30_000)
    said.clear()
    window.benches.resume(run)
    qtbot.waitUntil(lambda: bool(said), timeout=30_000)
    assert f"came from {path}, which is used only when it is named" in said[0][1]
    save(path, TEMPLATE.replace("mul(-2)", "mul(-3)"))
    registry.add_file(path)
    said.clear()
    window.benches.resume(run)
    qtbot.waitUntil(lambda: window.bench.session is not None and bool(said), timeout=60_000)
    assert window.bench.method_name == "my_method"
    assert any(level == "warning" and "has changed since" in text for level, text, _ in said)


def test_a_workspace_of_somebody_else_executes_nothing(qtbot, tmp_path) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "methods").mkdir()
    evil = tmp_path / "methods" / "evil.py"
    evil.write_text(f"open({str(marker)!r}, 'w').close()\n{TEMPLATE}")
    (tmp_path / "window.ini").write_text(f"[contrast]\ndata=digits\nmethod={evil}\n")
    window = build_window(tmp_path, lab="contrast", device="cpu")
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.bench.state == "ready", timeout=60_000)
    assert window.bench.method_name == "simclr"
    window.close()
    assert not marker.exists()
