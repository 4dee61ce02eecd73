"""The recorder's panel before a virtual microphone: what is played into it lies in the takes and on the desk."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from ssllab.audio import devices, files
from ssllab.audio.errors import AudioError
from ssllab.audio.level import Level
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech import page as speech
from ssllab.ui.labs.speech.recorder import RecorderPanel
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.level_meter import FLOOR_DB, LevelMeter, decibels
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf
from ssllab.ui.work import LongWork

RATE = files.SAMPLE_RATE


@pytest.fixture
def open_panel(qtbot, tmp_path):
    panels = []

    def build():
        bench = Bench(Workspace(tmp_path / "workspace"), "speech", LongWork())
        panel = RecorderPanel(Desk(bench, TakeShelf(bench)))
        qtbot.addWidget(panel)
        panel.resize(620, 220)
        panel.show()
        panels.append(panel)
        qtbot.waitUntil(lambda: panel.devices.count() > 0, timeout=10000)
        return panel

    yield build
    for panel in panels:
        panel.recording.close()
        panel.recording._desk.close()
        panel.bench.long_work.close()


def press(qtbot, button):
    assert button.isEnabled(), button.text()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def reach(qtbot, panel, state):
    qtbot.waitUntil(lambda: panel.recording.state == state, timeout=10000)


def babble(seconds):
    """Sound that is like itself at one lag only: noise with the loudness of syllables."""
    random = np.random.default_rng(0)
    smooth = np.convolve(random.standard_normal(round(seconds * RATE)), np.ones(8) / 8, "same")
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(len(smooth)) / RATE)
    return (0.25 * syllables * smooth / smooth.std()).clip(-0.9, 0.9).astype(np.float32)


def best_match(heard, played):
    """Lag in samples at which ``played`` is most like a part of ``heard``, and the correlation there."""
    size = 1 << (len(heard) + len(played)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size)), size)
    lag = int(product[: len(heard) - len(played) + 1].argmax())
    part = heard[lag : lag + len(played)]
    return lag, float(part @ played / (np.linalg.norm(part) * np.linalg.norm(played)))


def test_what_is_played_is_recorded_by_the_button(qtbot, tmp_path, virtual_microphone, open_panel):
    played = babble(2.0)
    files.write(tmp_path / "played.wav", played)
    panel = open_panel()
    desk = panel.recording._desk
    qtbot.waitUntil(lambda: panel.rate.text().endswith("→ 16 kHz"), timeout=5000)

    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")
    player = virtual_microphone.play(tmp_path / "played.wav")
    qtbot.waitUntil(lambda: panel.meter.peak > -30, timeout=10000)
    qtbot.waitUntil(lambda: player.poll() is not None, timeout=20000)
    qtbot.wait(500)
    assert desk.live
    assert desk.clip.seconds > 2  # the lanes scroll while one speaks
    assert panel.elapsed.text() >= "0:02"
    press(qtbot, panel.stop_button)
    reach(qtbot, panel, "idle")

    qtbot.waitUntil(lambda: len(panel.shelf.takes) == 1, timeout=10000)
    (take,) = panel.shelf.takes
    assert not desk.live
    assert desk.clip.name == take.name
    heard = files.read(take.path)
    lag, similarity = best_match(heard, played)
    assert 0 <= lag < len(heard) - len(played)
    assert similarity > 0.95
    assert best_match(np.asarray(desk.clip.samples), played) == pytest.approx((lag, similarity), abs=1e-3)
    assert panel.recording.problem is None


def test_the_key_records_and_the_new_take_is_chosen(qtbot, tmp_path, virtual_microphone):
    bench = Bench(Workspace(tmp_path / "workspace"), "speech", LongWork())
    page = speech.page(bench)
    qtbot.addWidget(page)
    recorder, takes = page.docks["recorder"].panel, page.docks["takes"].panel
    desk = page.docks["lanes"].panel.desk
    try:
        desk.open_clip("before", babble(0.5))
        with qtbot.waitActive(page):
            page.show()
        page.show_panel("takes")
        qtbot.waitUntil(takes.isVisible, timeout=5000)
        qtbot.waitUntil(recorder.record_button.isEnabled, timeout=10000)
        control = Qt.KeyboardModifier.ControlModifier
        qtbot.keyClick(page, Qt.Key.Key_R, control)
        reach(qtbot, recorder, "recording")
        assert recorder.isVisible()  # whoever records sees the level
        qtbot.waitUntil(lambda: desk.clip.seconds > 0.3, timeout=10000)
        assert page.docks["lanes"].panel.canvas.axis.span == 10  # whatever part of a clip was in view before
        qtbot.keyClick(page, Qt.Key.Key_R, control)
        qtbot.waitUntil(lambda: len(takes.list.selected_ids()) == 1, timeout=10000)
        assert takes.shelf.take(takes.list.selected_ids()[0]).name == desk.clip.name
    finally:
        recorder.recording.close()
        desk.close()
        bench.long_work.close()


def test_nothing_is_written_while_paused(qtbot, virtual_microphone, open_panel):
    panel = open_panel()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")
    qtbot.waitUntil(lambda: panel.recording.recorder.seconds > 0.2, timeout=10000)
    press(qtbot, panel.pause_button)
    assert panel.words.text() == "Paused"
    qtbot.wait(100)
    before = panel.recording.recorder.seconds
    qtbot.wait(400)
    assert panel.recording.recorder.seconds == before
    press(qtbot, panel.pause_button)
    qtbot.waitUntil(lambda: panel.recording.recorder.seconds > before, timeout=10000)


def test_a_microphone_that_goes_leaves_what_was_recorded(qtbot, virtual_microphone, open_panel):
    panel = open_panel()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")
    qtbot.waitUntil(lambda: panel.recording.recorder.seconds > 0.5, timeout=10000)
    panel.recording.recorder._source.stop()  # the stream dies, as when the plug is pulled
    qtbot.waitUntil(lambda: len(panel.shelf.takes) == 1, timeout=15000)
    assert panel.shelf.takes[0].seconds > 0.4
    assert panel.line.isVisible()
    assert "unplugged" in panel.line_text.text()
    assert panel.record_button.isEnabled()


def test_the_level_is_shown_without_recording(qtbot, virtual_microphone, open_panel):
    panel = open_panel()
    press(qtbot, panel.level_button)
    reach(qtbot, panel, "listening")
    assert panel.recording.recorder.seconds == 0
    panel.hide()  # nobody looks: the microphone is let go
    reach(qtbot, panel, "idle")

    panel.show()
    press(qtbot, panel.level_button)
    panel.hide()  # before it is open
    qtbot.waitUntil(lambda: panel.recording.state != "opening", timeout=5000)
    reach(qtbot, panel, "idle")
    assert not panel.level_button.isChecked()
    assert not any(panel.shelf.folder.rglob("*.wav"))


def test_hearing_oneself_is_off_until_it_is_wished(qtbot, virtual_microphone, open_panel):
    panel = open_panel()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")
    recorder = panel.recording.recorder
    assert not recorder.monitoring
    panel.monitor.setChecked(True)
    qtbot.waitUntil(lambda: recorder.monitoring, timeout=5000)
    panel.monitor.setChecked(False)
    qtbot.waitUntil(lambda: not recorder.monitoring, timeout=5000)


def test_without_a_loudspeaker_nobody_hears_himself_but_the_recording_goes_on(
    qtbot, monkeypatch, virtual_microphone, open_panel
):
    def refuse():
        raise AudioError("No loudspeaker was found.")

    monkeypatch.setattr("ssllab.audio.recorder.Monitor", refuse)
    panel = open_panel()
    panel.monitor.setChecked(True)
    with qtbot.waitSignal(panel.bench.message, timeout=10000) as said:
        reach(qtbot, panel, "listening")
    assert said.args[:2] == ["warning", "No loudspeaker was found."]
    assert not panel.monitor.isChecked()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")


def test_the_window_goes_and_the_recording_stays(qtbot, virtual_microphone, open_panel):
    panel = open_panel()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "recording")
    qtbot.waitUntil(lambda: panel.recording.recorder.seconds > 0.3, timeout=10000)
    panel.recording.close()
    (take,) = panel.shelf.store().takes()
    assert take.seconds > 0.3


@pytest.mark.parametrize("line", ["No microphone was found. Plug one in.", "PortAudio is missing."])
def test_without_a_microphone_there_is_a_line_and_files(qtbot, monkeypatch, open_panel, line):
    def refuse(again=False):
        raise AudioError(line)

    monkeypatch.setattr(devices, "input_devices", refuse)
    panel = open_panel()
    assert panel.line_text.text() == line
    assert not panel.record_button.isEnabled()
    assert panel.refresh_button.isEnabled()
    with qtbot.waitSignal(panel.import_wanted):
        press(qtbot, panel.import_button)


def test_a_device_that_refuses_is_a_line_and_may_be_tried_again(qtbot, monkeypatch, open_panel):
    gone = devices.Device(0, "Gone", 1, 48_000, "ALSA")
    monkeypatch.setattr(devices, "input_devices", lambda again=False: [gone])
    panel = open_panel()
    press(qtbot, panel.record_button)
    reach(qtbot, panel, "idle")
    qtbot.waitUntil(panel.line.isVisible, timeout=5000)
    assert "\n" not in panel.line_text.text()
    assert panel.record_button.isEnabled()


def test_gain_is_said_in_decibels_and_reaches_the_recorder(qtbot, monkeypatch, open_panel):
    monkeypatch.setattr(devices, "input_devices", lambda again=False: [])
    panel = open_panel()
    panel.gain.setValue(6)
    assert panel.gain_value.text() == "+6 dB"
    assert panel.recording.gain == pytest.approx(1.995, abs=1e-3)
    other = open_panel()
    other.restore_view(panel.view_state())
    assert other.recording.gain == panel.recording.gain


def test_the_clipping_light_stays_until_it_is_clicked(qtbot):
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.resize(300, 40)
    meter.show_level(Level(peak=1.0, rms=0.5, held_peak=1.0, clipped=True))
    meter.show_level(Level(peak=0.1, rms=0.05, held_peak=0.5, clipped=False))
    assert meter.clipped
    assert meter.held == pytest.approx(-6.02, abs=0.01)
    qtbot.mouseClick(meter, Qt.MouseButton.LeftButton, pos=QPoint(295, 5))
    assert not meter.clipped


def test_bars_rise_at_once_and_fall_slowly(qtbot):
    meter = LevelMeter()
    qtbot.addWidget(meter)
    meter.show_level(Level(peak=0.5, rms=0.1, held_peak=0.5, clipped=False))
    assert (meter.peak, meter.rms) == pytest.approx((-6.02, -20.0), abs=0.01)
    meter.show_level(Level())
    assert meter.peak > -12
    assert decibels(0.0) == FLOOR_DB
