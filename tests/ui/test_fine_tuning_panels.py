"""Transcription and label efficiency by their real widgets: what is drawn, clicked and heard."""

from __future__ import annotations

import os
from dataclasses import replace
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl

from ssllab.data.catalogue import load
from ssllab.experiments.label_efficiency import Cell, Outcome
from ssllab.looks import Transcript, Transcripts
from ssllab.methods.ctc import CTC
from ssllab.methods.registry import methods
from ssllab.text.word_error import error_rates
from ssllab.training import stored_models
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_store import Workspace
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech.label_efficiency import LABEL_EFFICIENCY
from ssllab.ui.labs.speech.transcription import TranscriptionPanel
from ssllab.ui.labs.speech.widgets.clip import Clip
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.heard_text import coloured
from ssllab.ui.labs.speech.widgets.library import clip_of
from ssllab.ui.labs.speech.widgets.models import RECOGNISER, RUN, Chosen
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf
from ssllab.ui.panels.lessons import LessonsPanel
from ssllab.ui.panels.sweep import SweepPanel
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork


@pytest.fixture
def bench(qtbot, tmp_path, tone_data, tiny_speech_model):
    bench = Bench(Workspace(tmp_path), "speech", LongWork(), method="ctc", data="tones")
    bench.data, bench.data_name = tone_data, "tones"
    settings = {"pretrained": str(tiny_speech_model), "batch_seconds": 2, "freeze_steps": 0}
    bench.config = CTC.Config.make(settings)
    yield bench
    bench.close()


def efficiency(bench):
    return SweepPanel(bench, LABEL_EFFICIENCY)


def on_a_desk(bench):
    return TranscriptionPanel(Desk(bench, TakeShelf(bench)))


@pytest.fixture
def show(qtbot, bench):
    def make(panel_class, width=420, height=300):
        panel = panel_class(bench)
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    yield make
    theme.apply("light")


@pytest.fixture
def scene(real_looks):
    """What a real run of CTC heard, with rates that fall."""
    probes = MetricsLog()
    for step, rate in ((0, 1.0), (20, 0.7), (40, 0.25)):
        probes.append(step, {"wer": rate, "cer": rate / 2, "wer_beam": rate / 3, "cer_beam": rate / 4})
    return real_looks("ctc").scene(probes=probes)


def test_rates_and_clips_are_shown_and_a_narrow_panel_shows_the_one_chosen(show, qtbot, scene) -> None:
    panel = show(on_a_desk)
    panel.draw(scene)
    assert panel.plot.values()["wer"].startswith("25")
    assert panel.plot.isVisible()
    assert not panel.clips.isVisible()
    qtbot.mouseClick(panel.clips_button, Qt.MouseButton.LeftButton)
    assert panel.clips.isVisible()
    assert not panel.plot.isVisible()
    text = panel.clips.toPlainText()
    written = scene.part(Transcripts)
    assert "At step 3" in text
    for said in (*written.names, *written.references):
        assert said in text
    assert panel.view_state()["clips"] is True
    panel.resize(1400, 500)
    assert panel.clips.isVisible()
    assert panel.plot.isVisible()
    panel.reset()
    assert written.references[0] not in panel.clips.toPlainText()


def test_differences_are_marked_by_form_and_colour() -> None:
    found = coloured("WE HAD A FAIR COP INDEED", "WE HAT A COP INDEED NOW")
    assert found.count("<b ") == found.count("<u ") == found.count("<s ") == 1
    assert ">HAT</b>" in found
    assert ">FAIR</s>" in found
    assert ">NOW</u>" in found
    assert "&lt;" in coloured("A", "<")
    assert "nothing" in coloured("", "")


def test_a_clips_name_puts_it_on_the_desk(show) -> None:
    panel = show(on_a_desk)
    panel.desk.list_clips()
    panel.clips.anchorClicked.emit(QUrl("clip:2"))
    assert panel.desk.clip.name == "clip-2"
    assert panel.desk.clip.key == "tones/test/2"


class Writer:
    """Stands for a fine-tuned model; keeps what it was asked."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def inspect_audio(self, samples, seed=0, mask=True, whole=None):
        raise AssertionError("not asked here")

    def transcribe(self, samples) -> Transcript:
        self.heard.append(len(samples))
        return Transcript("A BAT", "A BAD CAB")


def test_the_take_on_the_desk_is_transcribed_by_the_model_chosen_there(show, qtbot) -> None:
    panel = show(on_a_desk)
    desk, writer = panel.desk, Writer()
    desk.reader.read = lambda clip, inspector, quietly: None
    desk.open(Clip("take", np.zeros(8000, np.float32), text="a bad cap"))
    desk.models.chosen = Chosen(writer, ("x",), "x")
    panel.transcriber.changed.emit()
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.transcriber.transcript is not None)
    assert writer.heard == [8000]
    assert panel.heard.text() == coloured("A BAD CAP", "A BAD CAB")
    desk.models.name = "another"
    desk.models.changed.emit()
    assert panel.transcriber.transcript is None  # it would be taken for the other model's
    assert not panel.heard.isVisible()
    panel.transcriber.transcribe()
    qtbot.waitUntil(lambda: panel.transcriber.transcript is not None)
    desk.open(Clip("another", np.zeros(100, np.float32)))
    assert panel.transcriber.transcript is None
    assert not panel.heard.isVisible()


def test_what_was_heard_of_a_clip_that_left_the_desk_is_not_shown_under_the_next(show, qtbot) -> None:
    panel = show(on_a_desk)
    desk = panel.desk
    desk.reader.read = lambda clip, inspector, quietly: None
    desk.open(Clip("first", np.zeros(8000, np.float32)))
    desk.models.chosen = Chosen(Writer(), ("x",), "x")
    panel.transcriber.transcribe()
    desk.open(Clip("second", np.zeros(8000, np.float32)))
    qtbot.waitUntil(lambda: not panel.transcriber.busy)
    assert panel.transcriber.transcript is None
    assert panel.button.isEnabled()


def test_where_no_model_can_write_the_shipped_recogniser_does_and_that_is_said(show, qtbot) -> None:
    panel = show(on_a_desk)
    desk = panel.desk
    spoken = load("spoken", kinds=("speech",)).test
    clip = clip_of(spoken, 1, "spoken/test/1")
    desk.open(clip)
    qtbot.waitUntil(lambda: desk.models.chosen is not None, timeout=30_000)
    assert not hasattr(
        desk.models.chosen.inspector, "transcribe"
    )  # at first launch the desk has one of codes
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.transcriber.transcript is not None, timeout=30_000)
    said, heard = clip.text.upper(), panel.transcriber.transcript.beam
    assert error_rates([said], [heard]).wer < 0.5
    assert coloured(said, heard) in panel.heard.text()
    assert "a small model of twenty minutes" in panel.heard.text()
    desk.models.choose(RECOGNISER)  # where its letters have a lane
    qtbot.waitUntil(lambda: desk.models.chosen is not None, timeout=30_000)
    qtbot.waitUntil(lambda: desk.inspection is not None and desk.inspection.complete, timeout=30_000)
    assert desk.inspection.log_probs is not None
    panel.transcriber.transcript = None
    qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.transcriber.transcript is not None, timeout=30_000)
    assert panel.transcriber.transcript.beam == heard
    assert "a small model of twenty minutes" in panel.heard.text()


def test_the_panel_is_there_before_anything_learns_to_write_and_says_when_rates_come(show, bench) -> None:
    bench.methods = methods()
    bench.method_name = "wav2vec2"
    panel = show(on_a_desk)
    panel.draw(Scene("ready"))
    assert panel.nothing.isVisible()
    assert not panel.plot.isVisible()
    assert not panel.rates_button.isVisible()
    bench.method_name = "ctc"
    panel.draw(Scene("ready"))
    assert panel.plot.isVisible()
    assert not panel.nothing.isVisible()


def test_the_live_run_writes_with_what_it_has_learned_by_now(show, bench, qtbot, monkeypatch) -> None:
    panel = show(on_a_desk)
    desk, copied = panel.desk, Writer()
    desk.open(Clip("said", np.zeros(8000, np.float32)))
    qtbot.waitUntil(lambda: desk.models.chosen is not None, timeout=30_000)  # the shipped one
    desk.models.chosen = Chosen(copied, (RUN, 1, 0), "step 0")
    monkeypatch.setattr(bench, "methods", methods())
    asked = []
    built = stored_models.inspector_of
    monkeypatch.setattr(stored_models, "inspector_of", lambda copy: asked.append(copy.step) or built(copy))
    bench.step()
    qtbot.waitUntil(lambda: bench.live_run.step == 1, timeout=30_000)
    panel.transcriber.transcribe()
    qtbot.waitUntil(lambda: panel.transcriber.transcript is not None, timeout=30_000)
    assert (copied.heard, asked) == ([], [1])


def test_a_method_brings_its_own_defaults_and_a_lesson_the_method_it_is_for(
    show, bench, qtbot, monkeypatch
) -> None:
    bench.methods = methods()
    monkeypatch.setattr(bench, "start", lambda: None)
    bench.set("mask_probability", 0.7)
    bench.set_method("wav2vec2")
    usual = bench.methods["wav2vec2"].Config()
    assert bench.config.mask_probability == 0.7  # a person's choice goes along
    assert bench.config.mask_length == usual.mask_length != CTC.Config().mask_length
    bench.set_method("ctc")
    assert bench.config.mask_length == CTC.Config().mask_length
    panel = show(LessonsPanel)
    panel.choice.setCurrentIndex([lesson.name for lesson in panel.lessons].index("04-no-noise"))
    qtbot.mouseClick(panel.set_up_button, Qt.MouseButton.LeftButton)
    assert bench.method_name == "wav2vec2"
    assert bench.config.gumbel_noise is False


def test_while_the_microphone_is_on_the_last_seconds_are_written_down(show, qtbot) -> None:
    panel = show(on_a_desk)
    desk, writer = panel.desk, Writer()
    desk.live_codes = SimpleNamespace(
        begin=lambda i: None, push=lambda s: None, end=lambda: None, reading=None
    )
    qtbot.waitUntil(
        lambda: desk.models.chosen is not None, timeout=30_000
    )  # the shipped one, read in a thread
    desk.models.chosen = Chosen(writer, ("x",), "x")
    desk.begin_live()
    desk.append_live(np.zeros(16_000 * 20, np.float32))
    qtbot.waitUntil(lambda: writer.heard != [], timeout=5000)
    assert writer.heard[0] == 12 * 16_000
    qtbot.waitUntil(lambda: "A BAD CAB" in panel.heard.text())
    panel.hide()
    qtbot.waitUntil(lambda: not panel.transcriber.busy)
    count = len(writer.heard)
    qtbot.wait(1000)
    assert len(writer.heard) == count


def test_the_curve_is_run_by_its_button_and_can_be_cancelled(show, bench, qtbot) -> None:
    panel = show(efficiency)
    panel.steps.setValue(2)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert not panel.run_button.isEnabled()
    qtbot.waitUntil(lambda: panel.runs is not None and panel.run_button.isEnabled(), timeout=60_000)
    assert panel.runs.failure is None
    assert len(panel.runs.results) == 2  # half a minute of speech: all of it, pre-trained and from scratch
    table = panel.picture.columns()
    assert len(table["minutes"]) == 1
    assert np.isfinite(table["pretrained wer"]).all()
    assert "2 of 2 runs" in panel.note.text()
    another_day = show(efficiency)
    qtbot.waitUntil(lambda: "2 of 2 runs" in another_day.note.text(), timeout=10_000)
    assert "2 steps on" in another_day.note.text()
    np.testing.assert_equal(another_day.picture.columns(), table)
    panel.steps.setValue(50_000)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    first = panel.runs
    qtbot.waitUntil(lambda: panel.runs is not first, timeout=10_000)
    qtbot.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.run_button.isEnabled(), timeout=30_000)
    assert not panel.runs.results


def test_kept_results_that_are_damaged_are_left_out_in_a_line(show, bench, qtbot) -> None:
    said = []
    bench.message.connect(lambda level, text, detail: said.append((level, text)))
    kept = bench.workspace.path / "experiments" / "efficiency.json"
    kept.parent.mkdir(parents=True)
    for count, content in enumerate(("{", "[]", '{"about": "x", "results": [[{"minutes": 1}, {}]]}'), 1):
        kept.write_text(content)
        panel = show(efficiency)
        qtbot.waitUntil(lambda count=count: len(said) == count, timeout=10_000)
        assert said[-1][0] == "warning"
        assert str(kept) in said[-1][1]
        assert panel.picture.columns() == {}


def test_a_cancel_counts_before_the_first_step_and_what_is_missing_is_said(show, bench, qtbot) -> None:
    panel = show(efficiency)
    said = []
    bench.message.connect(lambda level, text, detail: said.append(text))
    bench.method_name, bench.config = "wav2vec2", methods()["wav2vec2"].Config()
    panel.run()
    assert "needs a method" in said.pop()
    bench.methods = methods()
    panel.steps.setValue(50_000)
    panel.run()
    qtbot.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    assert panel.runs is None
    qtbot.waitUntil(panel.run_button.isEnabled, timeout=60_000)
    assert not panel.runs.results
    assert "from the shipped model" in panel.note.text()
    bench.data = replace(bench.data, train=replace(bench.data.train, texts=(None,) * len(bench.data.train)))
    panel.run()
    assert "needs transcripts" in said.pop()
    assert not said


def test_the_picture_reads_minutes_and_rates(show) -> None:
    panel = show(efficiency)
    results = {
        Cell(0.0, False): Outcome(18.0, 0.6, 0.3, 0.5, 0.2),
        Cell(1.0, False): Outcome(1.0, 1.0, 0.8, 0.9, 0.7),
        Cell(1.0, True): Outcome(1.0, 0.5, 0.2, 0.4, 0.1),
    }
    panel.picture.show_results(results)
    assert panel.picture.values() == {"pretrained": "40.00 %", "scratch": "50.00 %"}
    _, text, values, dots = panel.picture.readout(0.2)
    assert text.startswith("1")
    assert values == {"pretrained": "40.00 %", "scratch": "90.00 %"}
    assert len(dots) == 2
    panel.picture.choice.setCurrentIndex(panel.picture.choice.findData("cer_beam"))
    assert panel.picture.values()["pretrained"].startswith("10")
    state = panel.view_state()
    other = show(efficiency)
    other.restore_view(state)
    assert other.picture.measure == "cer_beam"
    theme.apply("dark")
    panel.restyle()
