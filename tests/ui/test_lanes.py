"""The lanes and what is found in them, by real widgets, mouse, wheel and keys; the model is a made-up one."""

from __future__ import annotations

import itertools
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from ssllab.audio import files as audio
from ssllab.audio.errors import AudioError
from ssllab.audio.log_mel import log_mel
from ssllab.audio.player import Player
from ssllab.audio.takes import TakeStore
from ssllab.data.speech import textgrid
from ssllab.data.speech.types import Span, SpeechData, SpeechSplit
from ssllab.methods.registry import methods
from ssllab.methods.speech_inspection import PretrainedInspector
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining
from ssllab.training import stored_models
from ssllab.training.run_store import Workspace
from ssllab.ui import theme
from ssllab.ui.bench import Bench
from ssllab.ui.labs.speech.lanes import LanesPanel
from ssllab.ui.labs.speech.occurrences import OccurrencesPanel
from ssllab.ui.labs.speech.widgets.axis import TimeAxis, clock
from ssllab.ui.labs.speech.widgets.clip import FRAME_SECONDS, RATE, Clip
from ssllab.ui.labs.speech.widgets.code_lanes import CodeLane, code_spans
from ssllab.ui.labs.speech.widgets.colours import code_colours, image_of, ramp
from ssllab.ui.labs.speech.widgets.curve_lanes import column_maxima, column_means
from ssllab.ui.labs.speech.widgets.desk import Desk
from ssllab.ui.labs.speech.widgets.index import ClipCodes, Index, labels_in
from ssllab.ui.labs.speech.widgets.library import clips_of
from ssllab.ui.labs.speech.widgets.models import RUN, Chosen
from ssllab.ui.labs.speech.widgets.places import COSINE, DISTANCE, LENGTH, PlacesModel, PlacesTable
from ssllab.ui.labs.speech.widgets.reading import Reading, dominant
from ssllab.ui.labs.speech.widgets.sound_lanes import heights
from ssllab.ui.labs.speech.widgets.spectrogram import Spectrogram
from ssllab.ui.labs.speech.widgets.take_shelf import TakeShelf, clip_of_take, grid_of
from ssllab.ui.labs.speech.widgets.threads import use_one_thread
from ssllab.ui.message_bar import MessageBar
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork

GROUPS, CODES = 2, 40
SMALL = replace(PRESETS["tiny"], conv_dim=(8,) * 7, hidden_size=16, intermediate_size=16)


@dataclass
class Inspection:
    codes: np.ndarray
    confidence: np.ndarray
    masked: np.ndarray | None
    similarity_true: np.ndarray | None
    similarity_distractors: np.ndarray | None
    latents: np.ndarray
    log_probs: np.ndarray | None = None
    alphabet: tuple = ()
    blank: int = 0


class PitchModel:
    """Says of each frame which of its lowest bands is strongest, so that equal tones have equal codes."""

    def __init__(self, characters: bool = False) -> None:
        self.asked: list[int] = []
        self.characters = characters

    encoder = SimpleNamespace(config=PRESETS["tiny"])  # where frames are

    def inspect_audio(
        self, samples: torch.Tensor, seed: int = 0, mask: bool = True, whole: None = None
    ) -> Inspection:
        self.asked.append(len(samples))
        mel = log_mel(samples.numpy(), RATE)
        frames = len(mel)
        first = mel[:, :CODES].argmax(1)
        codes = np.stack([first, (first * 7) % CODES], 1)
        masked = np.arange(frames) % 20 < 10 if mask else np.zeros(frames, bool)
        true = np.where(masked, 0.8, np.nan).astype(np.float32)
        others = np.where(masked[:, None], np.linspace(-0.5, 0.5, 11), np.nan).astype(np.float32)
        log_probs = None
        if self.characters:
            log_probs = np.full((frames, 3), np.log(0.05), np.float32)
            log_probs[np.arange(frames), np.where(np.arange(frames) % 5 == 0, 2, 0)] = np.log(0.9)
        confidence = np.full((frames, GROUPS), 0.5, np.float32)
        return Inspection(codes, confidence, masked, true, others, mel, log_probs, ("<pad>", "|", "A"))


def tones(*pitches: float, seconds: float = 0.5) -> np.ndarray:
    """Tones one after another, as int16; a pitch of 0 is silence."""
    t = np.arange(int(seconds * RATE)) / RATE
    return (8000 * np.concatenate([np.sin(2 * np.pi * pitch * t) for pitch in pitches])).astype(np.int16)


SONGS = ((300, 900, 300, 1800), (900, 300, 500, 900), (1800, 500, 300, 900))
PHONES = tuple(Span(0.5 * i, 0.5 * (i + 1), "aeio"[i]) for i in range(4))


def split(songs: tuple[tuple[int, ...], ...]) -> SpeechSplit:
    sounds = [tones(*song) for song in songs]
    starts = np.concatenate([[0], np.cumsum([len(sound) for sound in sounds])])
    count = len(songs)
    return SpeechSplit(
        torch.from_numpy(np.concatenate(sounds)),
        torch.from_numpy(starts),
        tuple(f"song {i}" for i in range(count)),
        ("la la",) * count,
        (None,) * count,
        phones=(PHONES,) * count,
    )


DATA = SpeechData("songs", "Songs", train=split(SONGS[1:]), test=split(SONGS[:1]))


@pytest.fixture
def bench(tmp_path, qtbot):
    made = Bench(Workspace(tmp_path), "speech", LongWork())
    made.said = []
    made.desk = Desk(made, TakeShelf(made))  # as the page makes it
    made.message.connect(lambda *message: made.said.append(message))
    yield made
    made.desk.close()
    made.close()


def give_model(desk, model=None, key=("one",)):
    """The made-up model as the chosen one."""
    desk.models.chosen = Chosen(model or PitchModel(), key, "made up")
    desk.models.changed.emit()


@pytest.fixture
def panel(bench, qtbot):
    give_model(bench.desk)
    bench.data = DATA
    widget = LanesPanel(bench.desk)
    qtbot.addWidget(widget)
    widget.resize(900, 640)
    widget.show()
    bench.desk.list_clips()
    read(widget, qtbot)
    return widget


def read(panel, qtbot):
    desk = panel.desk
    qtbot.waitUntil(
        lambda: (
            desk.inspection is not None and desk.inspection.complete and desk.sound.spectrogram.known.all()
        ),
        timeout=20000,
    )
    qtbot.wait(120)  # what was found in the background is drawn together


def wheel(canvas, x, y, turned, across=0):
    place = QPointF(x, y)
    event = QWheelEvent(
        place,
        QPointF(canvas.mapToGlobal(place.toPoint())),
        QPoint(),
        QPoint(across, turned),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)


def area_of(canvas, key, group=0):
    return next(
        area for lane, area in canvas.placed() if lane.key == key and getattr(lane, "group", group) == group
    )


def place_of(canvas, key, seconds, group=0):
    return QPoint(int(canvas.axis.x(seconds)), int(area_of(canvas, key, group).center().y()))


# Time


def test_zoom_keeps_the_time_under_the_pointer_and_stays_in_the_clip():
    axis = TimeAxis(2.0, 4.0, left=100, width=400)
    at = axis.seconds(250)
    near = axis.zoomed(3.0, 250, 60.0)
    assert near.seconds(250) == pytest.approx(at)
    assert near.span == pytest.approx(4.0 / 3)
    assert axis.zoomed(1e-6, 250, 60.0) == TimeAxis(0.0, 60.0, 100, 400)
    assert axis.moved(-100.0, 60.0).start == 0.0
    assert axis.moved(100.0, 60.0).end == pytest.approx(60.0)


def test_ticks_stand_on_round_times_far_enough_apart():
    for span in (0.05, 0.7, 9.3, 61.0, 599.0, 3600.0, 40000.0):
        axis = TimeAxis(1.234, span, left=0, width=800)
        ticks, step = axis.ticks(70)
        assert 1 <= len(ticks) <= 12
        assert step / axis.per_pixel >= 70
        assert all(axis.start - 1e-9 <= tick <= axis.end + 1e-9 for tick in ticks)


@pytest.mark.parametrize(
    ("seconds", "step", "text"),
    [
        (0, 1, "0:00"),
        (59.96, 0.1, "1:00.0"),
        (61.234, 0.01, "1:01.23"),
        (3599.7, 1, "1:00:00"),
        (5, 10, "0:05"),
    ],
)
def test_times_are_minutes_and_seconds(seconds, step, text):
    assert clock(seconds, step) == text


# Colours


def test_a_code_keeps_its_colour_however_many_there_are_and_text_can_be_read_on_it():
    for dark, ink in ((False, theme.LIGHT.text), (True, theme.DARK.text)):
        colours = code_colours(0, 320, dark)
        np.testing.assert_array_equal(code_colours(0, 40, dark), colours[:40])
        assert len(np.unique(colours, axis=0)) > 250
        contrast = [_contrast(QColor(*colour.tolist()), QColor(ink)) for colour in colours]
        assert min(contrast) > 4.5
    assert not np.array_equal(code_colours(0, 40, False), code_colours(1, 40, False))


def _contrast(one, other):
    def luminance(colour):
        parts = [
            part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in colour.getRgbF()
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_louder_is_darker_on_light_and_lighter_on_dark_ground():
    light, dark = ramp(False).astype(int).sum(1), ramp(True).astype(int).sum(1)
    assert (np.diff(light) <= 0).all()
    assert (np.diff(dark) >= 0).all()


def test_an_image_has_the_given_pixels():
    pixels = np.random.default_rng(0).integers(0, 255, (3, 5, 3), dtype=np.uint8)
    image = image_of(pixels)
    assert isinstance(image, QImage)
    assert list(image.pixelColor(4, 2).getRgb()[:3]) == pixels[2, 4].tolist()


# Numbers


def test_the_dominant_code_of_blocks_equals_counting():
    codes = np.random.default_rng(1).integers(-1, 4, 103).astype(np.int32)
    for size in (1, 2, 8, 64):
        found = dominant(codes, size)
        for block, value in enumerate(found):
            part = codes[block * size : (block + 1) * size]
            known = part[part >= 0]
            counts = np.bincount(known, minlength=4) if len(known) else None
            assert value == (counts.argmax() if counts is not None else -1)


def test_columns_hold_means_and_maxima_and_nothing_beyond_the_clip():
    values = np.array([1.0, 3.0, np.nan, 5.0, np.nan, np.nan, 2.0, 2.0])
    edges = np.array([-2, 0, 2, 4, 6, 8, 10]) * FRAME_SECONDS + 1e-9
    np.testing.assert_allclose(column_means(values, edges, FRAME_SECONDS), [np.nan, 2, 5, np.nan, 2, np.nan])
    np.testing.assert_allclose(column_maxima(values, edges, FRAME_SECONDS), [np.nan, 3, 5, np.nan, 2, np.nan])
    near = np.arange(5) * FRAME_SECONDS / 2
    np.testing.assert_allclose(column_means(values, near, FRAME_SECONDS), [1, 1, 3, 3])


def test_a_long_clip_is_read_block_by_block_from_the_view_outwards_as_if_whole():
    sound = np.concatenate([tones(*np.random.default_rng(2).integers(200, 2000, 100))])
    clip, model = Clip("long", sound), PitchModel()
    whole = model.inspect_audio(torch.from_numpy(clip.sound(0, len(sound))))
    reading = Reading(len(sound))
    first = reading.next_stretch(45.0)
    assert first.first <= 45.0 / FRAME_SECONDS < first.last
    while (stretch := reading.next_stretch(45.0)) is not None:
        reading.put(stretch, model.inspect_audio(torch.from_numpy(clip.sound(stretch.start, stretch.end))))
    np.testing.assert_array_equal(reading.codes, whole.codes)
    assert reading.frames == len(whole.codes)


def test_a_spectrogram_put_in_blocks_or_grown_piecewise_is_the_same():
    mel = np.random.default_rng(0).normal(size=(2500, 80)).astype(np.float16)
    blocks = Spectrogram(2500)
    for block in (2, 0, 1):
        blocks.put(block, mel[block * 1024 : (block + 1) * 1024])
    grown = Spectrogram(0)
    for first in range(0, 2500, 7):
        grown.extend(mel[first : first + 7])
    for k in range(4):
        count = -(-2500 // 4**k)
        np.testing.assert_allclose(
            blocks.levels[k][:count].astype(float), grown.levels[k][:count].astype(float), atol=2e-3
        )
    assert blocks.known.all()


def test_frequencies_stand_where_their_tones_are_and_a_near_view_tells_when_they_begin():
    where = heights()
    for text, hertz in (("0.5", 500), ("1", 1000), ("2", 2000), ("4", 4000)):
        clip = Clip("tone", np.concatenate([np.zeros(8000, np.int16), tones(hertz)]))
        spectrogram = Spectrogram(49)
        spectrogram.put(0, log_mel(clip.sound(0, 16000), RATE))
        times = 0.45 + 0.0005 * np.arange(200)
        for picture in (spectrogram.view(times), spectrogram.near_view(clip, times)):
            assert 1 - picture[:, -1].argmax() / 80 == pytest.approx(where[text], abs=0.03)
        loud = times[picture.max(0) > 200]
        assert loud[0] == pytest.approx(0.5, abs=0.005)
    assert next(iter(where)) == "8 kHz"
    assert where["8 kHz"] == 1


def test_phones_of_a_stretch_are_those_it_shares_half_of():
    assert labels_in(PHONES, 0.1, 0.3) == "a"
    assert labels_in(PHONES, 0.3, 1.1) == "e"
    assert labels_in(PHONES, 0.2, 1.3) == "a e i"
    assert labels_in((), 0.0, 1.0) == ""


def test_places_of_an_index_are_times_within_their_clips_with_their_words_and_phones(qtbot):
    listed = clips_of(DATA)
    codes = [np.zeros((n, 1), np.int32) for n in (10, 0, 20)]
    codes[2][5:8] = 3
    index = Index(listed, [ClipCodes(c, np.zeros((len(c), 2), np.float16), FRAME_SECONDS) for c in codes])
    (place,) = index.occurrences(0, 3)
    assert place.clip is listed[2]
    assert (place.start, place.end) == pytest.approx((0.1, 0.16))
    table = PlacesTable(PlacesModel())
    table.rows.show([place], DISTANCE)
    heads = [table.rows.headerData(column, Qt.Orientation.Horizontal) for column in range(5)]
    assert heads == ["Clip", "Time", "Words", "Phones", DISTANCE]
    assert table.rows.data(table.rows.index(0, 3)) == "a"
    assert table.isColumnHidden(2)  # where no words have times
    listed = [replace(clip, words=(Span(0.0, 0.09, "la"), Span(0.1, 0.4, "lu"))) for clip in listed]
    index = Index(listed, [ClipCodes(c, np.zeros((len(c), 2), np.float16), FRAME_SECONDS) for c in codes])
    (place,) = index.occurrences(0, 3)
    table.rows.show([place], DISTANCE)
    assert table.rows.data(table.rows.index(0, 2)) == "lu"
    assert not table.isColumnHidden(2)


# The panel


def test_without_a_model_there_are_sound_and_words_only(bench, qtbot):
    bench.data = DATA
    widget = LanesPanel(bench.desk)
    qtbot.addWidget(widget)
    widget.resize(700, 500)
    widget.show()
    widget.desk.open_clip("alone", tones(300), text="one tone")
    assert [lane.key for lane in widget.canvas.shown()] == ["waveform", "spectrogram", "words"]
    widget.grab()


def test_the_empty_panel_invites(bench, qtbot):
    widget = LanesPanel(bench.desk)
    qtbot.addWidget(widget)
    widget.resize(500, 300)
    assert "Record" in widget.canvas.empty_text
    widget.grab()
    widget.draw(Scene(state="ready"))


def test_the_first_clip_lies_on_the_desk_and_every_lane_has_its_place(panel):
    assert panel.desk.clip.name == "song 0"
    placed = panel.canvas.placed()
    keys = [lane.key for lane, _ in placed]
    assert keys == [
        *("waveform", "spectrogram", "words", "phones", "masked"),
        *("codes", "codes", "confidence", "similarity"),
    ]
    for (_, above), (_, below) in itertools.pairwise(placed):
        assert above.bottom() < below.top()
        assert above.left() == below.left()
    assert placed[-1][1].bottom() <= panel.canvas.height()


def test_code_lanes_show_the_colour_of_the_code(panel):
    canvas = panel.canvas
    lane = next(lane for lane in canvas.shown() if isinstance(lane, CodeLane))
    code = lane.code_at(0.25)
    place = place_of(canvas, "codes", 0.25)
    image = canvas.grab().toImage()
    area = area_of(canvas, "codes")
    shown = image.pixelColor(place.x(), int(area.top()) + 2)
    assert list(shown.getRgb()[:3]) == code_colours(0, CODES, False)[code].tolist()


def drag(qtbot, canvas, one, other, y, button=Qt.MouseButton.LeftButton, keys=Qt.KeyboardModifier.NoModifier):
    """From time ``one`` to time ``other``, at a height of ``y`` pixels."""
    start, end = (QPoint(int(canvas.axis.x(time)), y) for time in (one, other))
    qtbot.mousePress(canvas, button, keys, start)
    qtbot.mouseMove(canvas, end)
    qtbot.mouseRelease(canvas, button, keys, end)


@pytest.mark.parametrize(
    ("y", "button"), [(5, Qt.MouseButton.LeftButton), (100, Qt.MouseButton.MiddleButton)]
)
def test_the_wheel_zooms_at_the_pointer_and_the_ruler_or_the_middle_button_pans(panel, qtbot, y, button):
    canvas = panel.canvas
    x = int(canvas.axis.x(1.0))
    wheel(canvas, x, 100, 600)
    assert canvas.axis.span < 1.0
    assert canvas.axis.seconds(x) == pytest.approx(1.0, abs=0.01)
    start = canvas.axis.start
    drag(qtbot, canvas, 1.0, 1.0 - 120 * canvas.axis.per_pixel, y, button)
    assert canvas.axis.start == pytest.approx(
        start + 120 * canvas.axis.per_pixel, abs=2 * canvas.axis.per_pixel
    )
    assert panel.desk.selection is None
    qtbot.mouseClick(panel.whole_button, Qt.MouseButton.LeftButton)
    assert (canvas.axis.start, canvas.axis.span) == pytest.approx((0.0, 2.0))


@pytest.mark.parametrize(("one", "other"), [(0.5, 1.5), (1.5, 0.5)])
def test_a_drag_selects_shift_moves_the_nearer_end_and_a_click_clears(panel, qtbot, one, other):
    canvas, near = panel.canvas, 2 * panel.canvas.axis.per_pixel
    drag(qtbot, canvas, one, other, 100)
    assert panel.desk.selection == pytest.approx((0.5, 1.5), abs=near)
    canvas.grab()
    drag(qtbot, canvas, 1.3, 1.7, 100, keys=Qt.KeyboardModifier.ShiftModifier)
    assert panel.desk.selection == pytest.approx((0.5, 1.7), abs=near)
    place = QPoint(int(canvas.axis.x(0.7)), 100)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, place)
    assert panel.desk.selection == pytest.approx((0.7, 1.7), abs=near)
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.axis.span == pytest.approx(1.3, abs=0.02)
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert panel.desk.selection is None
    drag(qtbot, canvas, one, other, 100)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert panel.desk.selection is None


def test_a_click_on_a_code_picks_it_and_a_second_one_lets_go(panel, qtbot):
    canvas = panel.canvas
    lane = next(lane for lane in canvas.shown() if isinstance(lane, CodeLane) and lane.group == 1)
    place = place_of(canvas, "codes", 0.7, group=1)
    expected = lane.code_at(canvas.axis.seconds(place.x()))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert panel.desk.picked == (1, expected)
    canvas.grab()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert panel.desk.picked is None


def test_the_crosshair_reads_every_lane(panel, qtbot):
    canvas = panel.canvas
    values = {lane.title: lane.value(0.25) for lane in canvas.shown()}
    reading = panel.desk.inspection
    assert values["Phones"] == "a"
    assert values["Codes 1"] == str(reading.codes[12, 0])
    assert values["Confidence"] == "0.50 · 0.50"
    assert values["Similarity"] == ""  # this frame was not masked
    similarity = next(lane for lane in canvas.shown() if lane.title == "Similarity")
    assert similarity.value(0.41) == "0.80 / 0.00"
    qtbot.mouseMove(canvas, place_of(canvas, "spectrogram", 0.25))
    canvas.grab()
    spectrogram = next(lane for lane in canvas.shown() if lane.key == "spectrogram")
    assert spectrogram.value(0.25) == ""
    assert [spectrogram.level(heights()[text]) for text in ("0", "1", "8 kHz")] == [
        "0 Hz",
        "1000 Hz",
        "8000 Hz",
    ]


def test_a_lane_is_put_away_and_stays_away(panel, bench, qtbot):
    panel._fill_menu()
    action = next(action for action in panel.lanes_menu.actions() if action.text() == "Codes")
    action.setChecked(False)
    assert "codes" not in [lane.key for lane in panel.canvas.shown()]
    state = panel.view_state()
    other = LanesPanel(bench.desk)
    qtbot.addWidget(other)
    other.restore_view(state)
    assert other.canvas.hidden == {"codes"}
    other.restore_view({"hidden": 7})
    assert other.canvas.hidden == {"codes"}


def test_characters_of_a_fine_tuned_model_have_a_lane(panel, qtbot):
    give_model(panel.desk, PitchModel(characters=True), ("two",))
    read(panel, qtbot)
    lane = next(lane for lane in panel.canvas.shown() if lane.key == "characters")
    assert lane.value(0.01) == "A 0.90"
    assert lane.value(0.03) == "blank 0.90"
    panel.grab()


def test_another_clip_is_chosen_in_the_box(panel, qtbot):
    row = panel.chooser.clips.findText("song 1", Qt.MatchFlag.MatchStartsWith)
    panel.chooser.clips.setCurrentIndex(row)
    panel.chooser.clips.activated.emit(row)
    assert panel.desk.clip.key == "songs/train/1"
    assert panel.chooser.clips.currentIndex() == row


def test_clips_of_other_data_take_the_place_of_those_that_are_gone(panel, bench, qtbot):
    bench.data = replace(DATA, name="other")
    panel.desk.list_clips()
    assert panel.desk.clip.key == "other/test/0"
    panel.desk.open_clip("my own", tones(300))
    bench.data = DATA
    panel.desk.list_clips()
    assert panel.desk.clip.name == "my own"
    assert panel.chooser.clips.placeholderText() == "my own"


def test_a_folder_without_a_model_is_refused_in_a_line(panel, bench, tmp_path, monkeypatch, qtbot):
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    other = panel.chooser.models.count() - 1
    panel.chooser.models.setCurrentIndex(other)
    panel.chooser.models.activated.emit(other)
    assert panel.desk.models.name == str(tmp_path)
    assert panel.chooser.models.currentData() == str(tmp_path)
    qtbot.waitUntil(lambda: bool(bench.said), timeout=20000)
    level, line, _ = bench.said[-1]
    assert level == "error"
    assert str(tmp_path) in line
    assert panel.desk.inspection is None


def test_a_model_in_a_folder_and_a_recogniser_read_the_clip(panel, tmp_path, qtbot):
    torch.manual_seed(0)
    for name, kind in (("codes", Wav2Vec2ForPreTraining), ("text", Wav2Vec2ForCTC)):
        files.write(kind(SMALL), tmp_path / name)
    panel.desk.models.choose(str(tmp_path / "codes"))
    qtbot.waitUntil(lambda: panel.desk.models.chosen is not None, timeout=20000)
    read(panel, qtbot)
    assert panel.desk.inspection.groups == SMALL.num_codevector_groups
    panel.desk.models.choose(str(tmp_path / "text"))
    qtbot.waitUntil(lambda: panel.desk.models.chosen is not None, timeout=20000)
    read(panel, qtbot)
    assert [lane.key for lane in panel.canvas.shown()] == [
        *("waveform", "spectrogram", "words", "phones", "characters")
    ]
    panel.grab()


def choose_of_hub(panel, name, monkeypatch):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: (name, bool(name)))
    row = panel.chooser.models.findText("From the hub …")
    panel.chooser.models.setCurrentIndex(row)
    panel.chooser.models.activated.emit(row)


def test_a_model_of_the_hub_is_fetched_with_progress_and_reads_the_clip(
    panel, bench, tmp_path, hub_server, monkeypatch, qtbot
):
    bar = MessageBar(bench.long_work)
    qtbot.addWidget(bar)
    seen = []
    bench.long_work.advanced.connect(lambda share, text: seen.append((share, text)))
    files.write(Wav2Vec2ForPreTraining(SMALL), tmp_path / "codes")
    hub_server.publish(tmp_path / "codes", "some-lab/codes")
    before = panel.desk.models.name
    choose_of_hub(panel, "some-lab/codes", monkeypatch)
    assert not bar.progress.isHidden()
    assert panel.chooser.models.currentData() == before
    qtbot.waitUntil(lambda: panel.desk.models.name == "some-lab/codes", timeout=20000)
    qtbot.waitUntil(lambda: panel.desk.models.chosen is not None, timeout=20000)
    assert bar.progress.isHidden()
    assert seen[-1][0] == 1.0
    assert panel.chooser.models.currentData() == "some-lab/codes"
    assert panel.chooser.models.itemText(panel.chooser.models.count() - 1) == "Other model …"
    read(panel, qtbot)
    assert panel.desk.inspection.groups == SMALL.num_codevector_groups


def test_fetching_from_the_hub_can_be_cancelled_and_says_what_failed(
    panel, bench, tmp_path, hub_server, monkeypatch, qtbot
):
    files.write(Wav2Vec2ForPreTraining(SMALL), tmp_path / "codes")
    hub_server.publish(tmp_path / "codes", "some-lab/codes")
    before = panel.desk.models.name
    choose_of_hub(panel, "", monkeypatch)  # the question was cancelled
    assert panel.chooser.models.currentData() == before
    assert hub_server.asked == []
    choose_of_hub(panel, "some-lab/codes", monkeypatch)
    choose_of_hub(panel, "some-lab/codes", monkeypatch)
    assert bench.said[-1][1].startswith("Other work is still under way")
    bench.long_work.cancel()
    assert bench.said[-1][1] == "some-lab/codes was not fetched; the next time goes on from there."
    qtbot.waitUntil(lambda: not bench.long_work.busy, timeout=20000)
    assert panel.desk.models.name == before
    choose_of_hub(panel, "some-lab/absent", monkeypatch)
    qtbot.waitUntil(lambda: bench.said[-1][0] == "error", timeout=20000)
    assert "no config.json of 'some-lab/absent'" in bench.said[-1][1]
    assert panel.chooser.models.currentData() == before


def test_where_no_run_is_there_yet_the_box_says_why_there_are_no_codes(panel):
    panel._choose_model(RUN)
    assert panel.chooser.models.currentText() == "Live run, press Start"


def test_the_live_run_is_read_as_it_was_until_its_codes_of_now_are_asked_for(
    panel, bench, qtbot, tone_data, tiny_speech_model
):
    bench.data, bench.methods = tone_data, methods()
    start = {"start_from": str(tiny_speech_model), "groups": 2, "codebook_size": 8, "batch_seconds": 2}
    bench.config = bench.methods["wav2vec2"].Config.make(start)
    bench.step()
    qtbot.waitUntil(lambda: bench.live_run.step == 1, timeout=30_000)
    panel._choose_model(RUN)
    qtbot.waitUntil(lambda: panel.desk.models.chosen is not None)
    assert panel.desk.models.chosen.words == "step 1"
    assert not panel.chooser.refresh_button.isEnabled()
    bench.step()
    qtbot.waitUntil(lambda: bench.live_run.step == 2, timeout=30_000)
    panel.draw(Scene(state="running"))
    assert panel.desk.models.chosen.words == "step 1"
    assert panel.chooser.refresh_button.isEnabled()
    panel.chooser.refresh_button.click()
    qtbot.waitUntil(lambda: panel.desk.models.chosen.words == "step 2")
    assert panel.chooser.models.currentText() == "Live run, step 2"


def test_a_take_stands_in_the_box_and_opens_from_there(panel, bench, qtbot, tmp_path):
    audio.write(tmp_path / "hello.wav", tones(300).astype(np.float32) / 32768)
    (take,) = TakeStore(bench.workspace.path / "takes").import_file(tmp_path / "hello.wav")
    bench.desk.shelf.refresh()
    qtbot.waitUntil(lambda: panel.chooser.clips.findText("hello", Qt.MatchFlag.MatchStartsWith) > 0)
    row = panel.chooser.clips.findText("hello", Qt.MatchFlag.MatchStartsWith)
    panel.chooser.clips.setCurrentIndex(row)
    panel.chooser.clips.activated.emit(row)
    assert panel.desk.clip.key == f"take/{take.id}"
    np.testing.assert_allclose(panel.desk.clip.sound(0, 8000), tones(300) / 32768, atol=1e-3)


def test_both_themes_and_a_large_font_draw(panel, qtbot):
    points = QApplication.font().pointSizeF()
    gutter = panel.canvas.gutter()
    try:
        for name, size in (("dark", points), ("light", 2 * points)):
            theme.apply(name, size)
            panel.restyle()
            panel.grab()
        assert panel.canvas.gutter() > 1.5 * gutter
    finally:
        theme.apply("light", points)


def test_with_nothing_to_play_on_it_is_said_in_a_line(panel, bench, monkeypatch):
    def refuse(*args, **options):
        raise AudioError("No loudspeaker was found. Plug one in.")

    monkeypatch.setattr(Player, "play", refuse)
    panel.player.play_button.click()
    assert bench.said[-1][:2] == ("warning", "No loudspeaker was found. Plug one in.")
    assert not panel.desk.playback.playing


class SilentPlayer:
    """A player that plays at once what it is told, for as long as the test wants."""

    def __init__(self):
        self.playing, self.position, self.problem = False, None, None
        self.played = []

    def play(self, samples, rate, *, loop=False, speed=1.0):
        self.playing, self.position = True, 0.0
        self.played.append((len(samples) / rate, loop, speed))

    def stop(self):
        self.playing = False


@pytest.fixture
def player(panel):
    made = SilentPlayer()
    panel.desk.playback._player = made
    return made


def test_the_player_plays_the_selection_and_the_cursor_moves_through_the_lanes(panel, player, qtbot):
    panel.desk.select((0.5, 1.25))
    panel.player.loop_button.click()
    panel.player.speed_slider.setValue(50)
    panel.player.play_button.click()
    assert player.played == [(0.75, True, 0.5)]
    player.position = 0.4
    qtbot.waitUntil(lambda: panel.desk.cursor == pytest.approx(0.9))
    panel.grab()
    panel.player.play_button.click()
    assert panel.desk.cursor is None


def test_a_double_click_plays_from_there_and_the_page_turns(panel, player, qtbot):
    canvas = panel.canvas
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=place_of(canvas, "spectrogram", 1.2))
    assert player.played[0][0] == pytest.approx(0.8, abs=2 * canvas.axis.per_pixel)
    canvas.set_axis(TimeAxis(0.0, 0.2, canvas.axis.left, canvas.axis.width))
    player.position = 0.3
    qtbot.waitUntil(lambda: canvas.axis.start <= 1.5 <= canvas.axis.end)


# While the microphone is on


def test_lanes_follow_the_sound_while_it_is_recorded(panel, qtbot):
    desk, canvas = panel.desk, panel.canvas
    desk.begin_live()
    sound = tones(300, 900, 500, seconds=5.0).astype(np.float32) / 32768
    for piece in np.split(sound, 150):
        desk.append_live(piece)
    assert desk.clip.seconds == 15.0
    assert canvas.axis.end == pytest.approx(15.0)
    np.testing.assert_array_equal(desk.clip.samples, sound)
    np.testing.assert_allclose(
        desk.sound.spectrogram.levels[0][: desk.sound.spectrogram.frames], log_mel(sound), atol=0.1
    )
    canvas.grab()
    desk.end_live()
    assert not desk.live
    assert (canvas.axis.start, canvas.axis.span) == pytest.approx((0.0, 15.0))
    read(panel, qtbot)


def test_codes_follow_the_sound_and_are_those_of_the_whole_recording(panel, qtbot):
    desk = panel.desk
    torch.manual_seed(0)
    give_model(desk, PretrainedInspector(Wav2Vec2ForPreTraining(SMALL)), ("small",))
    desk.begin_live()
    sound = tones(300, 900, 500).astype(np.float32) / 32768
    for piece in np.split(sound, 25):
        desk.append_live(piece)
        qtbot.wait(1)
    frames = (len(sound) - 400) // 320 + 1
    qtbot.waitUntil(lambda: desk.inspection is not None and desk.inspection.frames == frames, timeout=10000)
    live = desk.inspection
    assert [lane.key for lane in panel.canvas.shown()] == [
        *("waveform", "spectrogram", "codes", "codes", "confidence")
    ]
    panel.canvas.grab()
    desk.end_live()
    read(panel, qtbot)
    np.testing.assert_array_equal(live.codes, desk.inspection.codes)
    np.testing.assert_allclose(live.confidence, desk.inspection.confidence, atol=1e-5)
    assert desk.inspection.masked.any()


def test_live_sound_of_another_rate_is_refused(panel):
    with pytest.raises(ValueError, match="16000"):
        panel.desk.begin_live(44100)


# Occurrences


@pytest.fixture
def found(panel, bench, qtbot):
    widget = OccurrencesPanel(bench.desk)
    qtbot.addWidget(widget)
    widget.resize(460, 500)
    widget.show()
    return widget


def searched(panel, qtbot):
    qtbot.waitUntil(lambda: panel.desk.search.complete(panel.desk.models.chosen), timeout=20000)


def test_a_span_brings_its_panel_forward_once_whatever_model_reads_it_afterwards(
    panel, found, qtbot, monkeypatch
):
    came = []
    monkeypatch.setattr(found, "_come_forward", lambda: came.append(found._query))
    panel.desk.select((0.5, 1.0))
    qtbot.waitUntil(lambda: len(came) == 1, timeout=5000)
    give_model(panel.desk, PitchModel(), ("two",))
    read(panel, qtbot)
    qtbot.waitUntil(lambda: found._query is not None and found._query.model == ("two",), timeout=5000)
    panel.desk.select((1.0, 1.5))
    qtbot.waitUntil(lambda: len(came) == 2, timeout=5000)
    # While a run is followed the question stays, though each look at the run is another model.
    panel.desk.models.following = True
    panel.desk.models.name = RUN
    give_model(panel.desk, PitchModel(), (RUN, 1, 10))
    read(panel, qtbot)
    qtbot.waitUntil(lambda: found._query is not None and found._query.model[0] == RUN, timeout=5000)
    query = found._query
    give_model(panel.desk, PitchModel(), (RUN, 1, 20))
    read(panel, qtbot)
    qtbot.wait(400)
    assert found._query is query
    assert len(came) == 2


def test_a_clicked_code_is_found_in_all_clips_and_counted(panel, found, qtbot):
    desk = panel.desk
    code = int(desk.inspection.codes[12, 0])  # in the tone of 300 Hz
    desk.pick((0, code))
    searched(panel, qtbot)
    places = found.places.places
    whole = [place for place in places if place.end - place.start > 0.4]
    times = [(place.clip.name, place.clip.group, round(2 * place.start)) for place in whole]
    assert times == [
        *(("song 0", "test", 0), ("song 0", "test", 2)),
        *(("song 0", "train", 1), ("song 1", "train", 2)),
    ]
    assert [place.phones for place in whole] == ["a", "i", "e", "i"]
    assert f"Code {code}" in found.headline.text()
    assert "in 3 of 3 clips" in found.headline.text()
    assert len(places) == found.places.rowCount()
    found.grab()


def test_the_nearest_spans_of_a_selection_are_its_tone_elsewhere(panel, found, qtbot):
    panel.desk.select((0.55, 0.95))  # in the tone of 900 Hz
    qtbot.waitUntil(lambda: bool(found._nearest), timeout=20000)
    assert found.mode == DISTANCE
    wanted = {("song 0", "train", 0), ("song 0", "train", 3), ("song 1", "train", 3)}
    for mode in (DISTANCE, COSINE):
        found.mode_buttons[mode].click()
        best = found.places.places[:3]
        assert {(place.clip.name, place.clip.group, int(2 * place.start + 0.05)) for place in best} == wanted
    assert best[0].score > 0.99
    found.grab()
    assert found.table.columnWidth(3) > 100  # a span lies on many phones
    found.mode_buttons[LENGTH].click()
    panel.desk.pick((0, int(panel.desk.inspection.codes[12, 0])))
    assert found.table.columnWidth(3) < 100  # a code on one or two


class LaterModel(PitchModel):
    """The same run at a later step: every code has another number."""

    def inspect_audio(self, *args, **more) -> Inspection:
        found = super().inspect_audio(*args, **more)
        return replace(found, codes=(found.codes + 5) % CODES)


def test_a_span_of_a_run_that_went_on_is_compared_with_clips_as_the_same_step_read_them(panel, found, qtbot):
    desk = panel.desk
    desk.pick((0, 1))
    searched(panel, qtbot)  # by a stored model
    desk.models.name = RUN
    desk.models.following = True
    give_model(desk, PitchModel(), (RUN, 1, 10))
    read(panel, qtbot)
    desk.select((0.55, 0.95))
    qtbot.waitUntil(lambda: found._query is not None and found._query.state == (RUN, 1, 10), timeout=5000)
    assert "not been read yet" in found.headline.text()  # another model did
    found.search_button.click()
    searched(panel, qtbot)
    give_model(desk, LaterModel(), (RUN, 1, 20))
    read(panel, qtbot)
    desk.select((0.6, 0.9))
    qtbot.waitUntil(lambda: found._query is not None and found._query.state == (RUN, 1, 20), timeout=5000)
    qtbot.waitUntil(lambda: bool(found._nearest), timeout=20000)
    assert found.places.places[0].score == 0.0  # by another step's codes every frame would differ
    assert "The clips were read at made up." in found.headline.text()


def test_a_stored_model_is_searched_at_once_though_the_live_run_was_followed_before(panel, found, qtbot):
    panel.desk.models.following = True
    assert not panel.desk.models.following  # what is on the disk learns nothing more
    panel.desk.pick((0, 1))
    searched(panel, qtbot)


def test_a_click_on_a_place_opens_its_clip_marks_and_plays_it(panel, found, player, qtbot):
    panel.desk.pick((0, int(panel.desk.inspection.codes[12, 0])))
    searched(panel, qtbot)
    row = next(i for i, place in enumerate(found.places.places) if place.clip.key == "songs/train/1")
    index = found.places.index(row, 0)
    qtbot.mouseClick(
        found.table.viewport(), Qt.MouseButton.LeftButton, pos=found.table.visualRect(index).center()
    )
    place = found.places.places[row]
    assert panel.desk.clip.key == "songs/train/1"
    assert panel.desk.marked == (place.start, place.end)
    assert panel.canvas.axis.start <= place.start <= place.end <= panel.canvas.axis.end
    assert player.played[0][0] == pytest.approx(place.end - place.start + 0.24, abs=0.05)


def test_places_are_played_one_after_another(panel, found, player, qtbot):
    panel.desk.pick((0, int(panel.desk.inspection.codes[12, 0])))
    searched(panel, qtbot)
    found.play_button.click()
    for row in range(len(found.places.places)):
        assert found.table.currentIndex().row() == row
        player.playing = False
        qtbot.waitUntil(
            lambda row=row: panel.desk.playback.row != row or not panel.desk.playback.playing, timeout=3000
        )
    assert len(player.played) == len(found.places.places)
    assert found.play_button.text() == "Play all"


def test_reading_all_clips_can_be_cancelled_and_taken_up_again(panel, found, qtbot):
    model = PitchModel()
    give_model(panel.desk, model, ("three",))
    read(panel, qtbot)
    panel.desk.search.read_all(panel.desk.models.chosen)
    panel.desk.search.reading.cancel()
    qtbot.waitUntil(lambda: not panel.desk.search.reading.busy)
    panel.desk.pick((0, 1))
    assert not panel.desk.search.reading.busy  # it was refused, so it does not begin by itself
    assert not found.search_button.isHidden()
    found.search_button.click()
    searched(panel, qtbot)
    assert found.search_button.isHidden()


def test_another_model_has_other_codes(panel, found, qtbot):
    panel.desk.pick((0, int(panel.desk.inspection.codes[12, 0])))
    searched(panel, qtbot)
    first = panel.desk.search.index
    give_model(panel.desk, PitchModel(), ("four",))
    searched(panel, qtbot)
    assert panel.desk.search.index is not first


def test_torch_takes_one_thread_for_the_desk_and_all_for_the_others():
    before = torch.get_num_threads()
    torch.set_num_threads(2)

    def limited():
        use_one_thread()
        return torch.get_num_threads()

    try:
        for work, expected in ((limited, 1), (torch.get_num_threads, 2)):
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(work).result() == expected
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# Praat


def test_a_textgrid_comes_in_by_a_drop_and_goes_out_with_the_codes(
    panel, bench, tmp_path, qtbot, monkeypatch
):
    desk, path = panel.desk, tmp_path / "from praat.TextGrid"
    words = (Span(0.2, 0.7, "lu"), Span(0.7, 1.1, "la"))
    textgrid.write(path, {"words": words, "phones": (Span(0.2, 0.5, "l"),), "tone": (Span(0, 1, "H"),)}, 2.0)
    assert panel.drop(path)
    assert desk.clip.words == words
    assert bench.said[-1][:2] == (
        "info",
        "2 words and 1 phone from from praat.TextGrid. Tiers that are not shown: tone.",
    )
    desk.open_listed(desk.clips[1])
    assert desk.clip.words == ()
    desk.open_listed(desk.clips[0])
    assert desk.clip.words == words  # they stay with their clip
    read(panel, qtbot)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out"), ""))
    panel._save_grid()
    found = textgrid.read(tmp_path / "out.TextGrid")
    assert (found.words, [span.label for span in found.phones]) == (words, ["l"])
    assert found.others == ("codes 1", "codes 2")
    codes = desk.inspection.codes[:, 0]
    spans = code_spans(codes, FRAME_SECONDS)
    again = [int(span.label) for span in spans for _ in range(round((span.end - span.start) / FRAME_SECONDS))]
    assert again == codes.tolist()
    path.write_text("nothing of the kind")
    assert panel.drop(path)
    assert (bench.said[-1][0], bench.said[-1][2]) == ("error", "")
    assert "no TextGrid" in bench.said[-1][1]
    textgrid.write(path, {"words": words}, 7.0)
    panel.drop(path)
    assert bench.said[-1][0] == "warning"
    assert "is it of this recording?" in bench.said[-1][1]
    assert not panel.drop(tmp_path / "sound.wav")
    panel._fill_menu()
    assert "Read TextGrid …" in [action.text() for action in panel.lanes_menu.actions()]


def test_the_times_of_a_take_are_kept_beside_it_and_its_words_are_its_transcript(bench, qtbot, tmp_path):
    audio.write(tmp_path / "said.wav", tones(300, 900).astype(np.float32) / 32768)
    TakeStore(bench.desk.shelf.folder).import_file(tmp_path / "said.wav")
    desk = bench.desk
    desk.shelf.open()
    qtbot.waitUntil(lambda: bool(desk.shelf.takes), timeout=20000)
    desk.open_listed(desk.clips[0])
    times = textgrid.Grid(1.0, words=(Span(0.0, 0.5, "low"), Span(0.5, 1.0, "high")))
    desk.annotate(times)
    qtbot.waitUntil(lambda: not desk.shelf.busy, timeout=20000)
    (take,) = TakeStore(desk.shelf.folder).takes()
    assert take.transcript == "low high"
    assert clip_of_take(take).words == times.words
    grid_of(take.path).write_text("damaged")
    assert clip_of_take(take).words == ()


# One model after another


def test_a_picked_code_is_let_go_with_its_model(panel, monkeypatch, qtbot):
    desk = panel.desk
    desk.pick((0, 3))
    desk.models.changed.emit()
    assert desk.picked == (0, 3)  # the same model
    desk.models.name = "/another"
    give_model(desk, PitchModel(), ("two",))
    assert desk.picked is None  # there the number is another sound
    desk.models.name = RUN
    desk.bench.live = SimpleNamespace(number=1, step=10)
    monkeypatch.setattr(type(desk.bench), "live_run", property(lambda bench: bench.live))
    desk.pick((0, 3))
    give_model(desk, PitchModel(), (RUN, 1, 10))
    desk.bench.live.step = 20
    give_model(desk, PitchModel(), (RUN, 1, 20))
    assert desk.picked == (0, 3)  # the run that learned on
    desk.bench.live = SimpleNamespace(number=2, step=0)
    give_model(desk, PitchModel(), (RUN, 2, 0))
    assert desk.picked is None


def test_the_lanes_follow_the_run_once_asked_and_stay_while_they_are_read_anew(panel, monkeypatch, qtbot):
    desk, bench = panel.desk, panel.bench
    live = SimpleNamespace(number=1, step=10)
    monkeypatch.setattr(type(bench), "live_run", property(lambda _: live))
    copies = []

    def copy_model():
        copies.append(live.step)
        done = Future()
        done.set_result(SimpleNamespace(step=live.step))
        return done

    monkeypatch.setattr(bench, "copy_model", copy_model)
    monkeypatch.setattr(stored_models, "inspector_of", lambda copy: PitchModel())
    desk.models.choose(RUN)
    qtbot.waitUntil(lambda: desk.models.chosen is not None, timeout=20000)
    read(panel, qtbot)
    assert panel.chooser.follow_button.isVisible()
    live.step = 20
    panel._fetch_newer()
    assert copies == [10]  # not asked
    qtbot.mouseClick(panel.chooser.follow_button, Qt.MouseButton.LeftButton)
    lanes, seen = [lane.key for lane in panel.canvas.shown()], []
    desk.inspection_changed.connect(lambda: seen.append([lane.key for lane in panel.canvas.shown()]))
    qtbot.waitUntil(lambda: desk.models.chosen.key == (RUN, 1, 20), timeout=20000)
    live.step = 30
    qtbot.waitUntil(lambda: desk.models.chosen.key == (RUN, 1, 30), timeout=20000)
    read(panel, qtbot)
    assert copies == [10, 20, 30]
    assert seen
    assert all(keys == lanes for keys in seen)
    state = panel.view_state()
    assert state["follow"] is True
    qtbot.mouseClick(panel.chooser.follow_button, Qt.MouseButton.LeftButton)
    live.step = 40
    panel._fetch_newer()
    assert copies == [10, 20, 30]
    panel.restore_view(state)
    assert panel.chooser.follow_button.isChecked()


def test_the_sound_of_a_deleted_take_leaves_the_desk(bench, qtbot, tmp_path):
    audio.write(tmp_path / "said.wav", tones(300, 900).astype(np.float32) / 32768)
    TakeStore(bench.desk.shelf.folder).import_file(tmp_path / "said.wav")
    desk = bench.desk
    assert bench.data is None
    desk.shelf.open()
    qtbot.waitUntil(lambda: bool(desk.shelf.takes), timeout=20000)
    desk.open_listed(desk.clips[0])
    desk.shelf.delete([desk.shelf.takes[0].id], lambda: None)
    qtbot.waitUntil(lambda: not desk.shelf.takes and not desk.shelf.busy, timeout=20000)
    assert desk.clip is None
    assert desk.sound.clip is None


def test_the_textgrid_beside_an_imported_file_comes_along(bench, qtbot, tmp_path):
    words = (Span(0.0, 0.5, "low"), Span(0.5, 1.0, "high"))
    for name in ("good", "bad"):
        audio.write(tmp_path / f"{name}.wav", tones(300, 900).astype(np.float32) / 32768)
    textgrid.write(tmp_path / "good.TextGrid", {"words": words}, 1.0)
    (tmp_path / "bad.TextGrid").write_text("nothing of the kind")
    shelf = bench.desk.shelf
    shelf.import_files([tmp_path / "good.wav", tmp_path / "bad.wav"])
    qtbot.waitUntil(lambda: len(shelf.takes) == 2, timeout=20000)
    take = next(take for take in shelf.takes if take.name == "good")
    assert take.transcript == "low high"
    assert clip_of_take(take).words == words
    qtbot.waitUntil(
        lambda: any("bad.TextGrid is no TextGrid" in text for _, text, _ in bench.said), timeout=5000
    )
