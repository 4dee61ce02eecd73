"""Units of sound are listened to: what a model writes by itself, what is taken on the board, and the whole text."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import Qt, QUrl

from ssllab.audio import files, player
from ssllab.audio.errors import AudioError
from ssllab.audio.takes import TakeStore
from ssllab.looks import Babble, Look
from ssllab.text.codes import Codes
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.language.babble import BabblePanel
from ssllab.ui.labs.language.board import BoardPanel
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import PRESS_START
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork
from tests.conftest import tones

from .conftest import Counted, answer_with, settle

WAIT = 120_000


class Loudspeaker:
    """Stands in for the sound card: what was played, and whether it is still heard."""

    played: list[np.ndarray]
    refusal = ""

    def __init__(self):
        self.playing, self.position, self.problem = False, None, None

    def play(self, samples, rate, **how):
        if self.refusal:
            raise AudioError(self.refusal)
        self.played.append(samples)
        self.playing, self.position = True, 0.0

    def stop(self):
        self.playing = False


@pytest.fixture
def loudspeaker(monkeypatch):
    made = type("Made", (Loudspeaker,), {"played": []})
    monkeypatch.setattr(player, "Player", made)
    return made


@pytest.fixture
def codes():
    sounds = [np.full(400, 1000 * (code + 1), np.int16) for code in range(6)]
    return Codes.of(
        (6,),
        "shipped",
        "abcd",
        centres=np.zeros((6, 2), np.float32),
        frames=np.arange(6, dtype=np.int32)[:, None],
        samples=np.concatenate(sounds),
        starts=np.arange(0, 2401, 400),
        fade=10,
    )


@pytest.fixture
def babble(qtbot, bench):
    panel = BabblePanel(bench)
    qtbot.addWidget(panel)
    panel.resize(360, 240)
    panel.show()
    return panel


def wrote(panel, step, level=None):
    sound = None if level is None else np.full(3200, level, np.int16)
    panel.draw(Scene("running", look=Look(step, (Babble(step, "c1 c2", sound),))))


def test_what_is_written_in_codes_can_be_played_and_stopped(qtbot, babble, loudspeaker):
    wrote(babble, 10, 1000)
    wrote(babble, 20, 2000)
    assert babble.sound_row.isVisible()
    assert "choppy by nature" in babble.choppy.text()
    qtbot.mouseClick(babble.play_button, Qt.MouseButton.LeftButton)
    assert np.allclose(loudspeaker.played[-1], 2000 / 32768)  # the newest
    assert babble.play_button.text() == "Stop (step 20)"
    qtbot.mouseClick(babble.play_button, Qt.MouseButton.LeftButton)
    assert not babble.playback.playing
    assert babble.play_button.text() == "Play"
    babble.text.anchorClicked.emit(QUrl("10"))
    assert np.allclose(loudspeaker.played[-1], 1000 / 32768)
    babble.reset()
    assert not babble.playback.playing


def test_words_have_no_sound(babble):
    wrote(babble, 10)
    assert not babble.sound_row.isVisible()
    assert "play" not in babble.text.toPlainText()


def test_only_the_newest_keep_their_sound(babble):
    for step in range(60):
        wrote(babble, step, 1000)
    kept = [one.sound is not None for one in babble._babbled]
    assert (sum(kept), len(kept)) == (40, 60)
    assert kept[:40] == [True] * 40


def test_a_computer_without_sound_says_so_in_a_line(qtbot, babble, bench, loudspeaker):
    loudspeaker.refusal = "There is no loudspeaker."
    wrote(babble, 10, 1000)
    qtbot.mouseClick(babble.play_button, Qt.MouseButton.LeftButton)
    assert bench.said[-1][:2] == ("warning", "There is no loudspeaker.")
    assert babble.play_button.text() == "Play"


@pytest.fixture
def board(qtbot, desk):
    panel = BoardPanel(desk)
    qtbot.addWidget(panel)
    panel.resize(620, 460)
    panel.show()
    return panel


def test_a_code_that_is_taken_is_heard_with_those_before_it(qtbot, board, codes, loudspeaker):
    answer_with(board.desk, Counted(codes, sharpness=0))
    qtbot.keyClicks(board.editor, "c0 c3 ")
    settle(qtbot, board.desk)
    board.desk.take(codes.encode("c5")[0])
    settle(qtbot, board.desk)
    assert board.sheet.state.text == "c0 c3 c5"
    heard = np.rint(loudspeaker.played[-1] * 32768)
    assert [heard[at] for at in (200, 580, 960)] == [1000, 4000, 6000]


def test_the_text_on_the_board_is_played_where_its_symbols_are_sounds(
    qtbot, board, codes, words, loudspeaker
):
    answer_with(board.desk, Counted(words))
    assert not board.sampling_bar.listen_button.isVisible()
    answer_with(board.desk, Counted(codes, sharpness=0), step=2)
    button = board.sampling_bar.listen_button
    assert button.isVisible()
    qtbot.keyClicks(board.editor, "c1 c1 nothing c2")
    settle(qtbot, board.desk)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    heard = np.rint(loudspeaker.played[-1] * 32768)
    assert [heard[at] for at in (200, 580)] == [2000, 3000]  # repeats once, what is no code not at all
    assert len(heard) == 2 * 400 - 20
    assert button.text() == "Stop"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Play"


def test_without_a_loudspeaker_one_is_told_who_pressed_play_and_not_at_each_code(
    qtbot, board, bench, codes, loudspeaker
):
    loudspeaker.refusal = "There is no loudspeaker."
    answer_with(board.desk, Counted(codes, sharpness=0))
    qtbot.keyClicks(board.editor, "c0 c3 ")
    settle(qtbot, board.desk)
    board.desk.take(codes.encode("c5")[0])
    settle(qtbot, board.desk)
    assert board.sheet.state.text == "c0 c3 c5"
    assert not bench.said
    qtbot.mouseClick(board.sampling_bar.listen_button, Qt.MouseButton.LeftButton)
    assert bench.said[-1][:2] == ("warning", "There is no loudspeaker.")


@pytest.fixture
def live(tmp_path, qtbot):
    """A board on a bench whose data are the samples and the takes, of which there are none yet."""
    settings = {
        "unit": "code",
        "clusters": 50,
        "layers": 1,
        "heads": 1,
        "width": 8,
        "context": 16,
        "batch_size": 2,
    }
    bench = Bench(
        Workspace(tmp_path / "ws"),
        "language",
        LongWork(),
        data="sound_units",
        device="cpu",
        settings=settings,
    )
    board = BoardPanel(Desk(bench))
    qtbot.addWidget(board)
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None and bench.config is not None, timeout=WAIT)
    yield board
    board.desk.close()
    bench.close()


def test_a_take_that_was_recorded_since_is_there_when_a_run_begins_anew(qtbot, live, tmp_path):
    bench = live.bench
    assert bench.data.train.own == 0
    assert bench.config.unit == "code"
    noise = np.random.default_rng(0)
    files.write(tmp_path / "own.wav", tones("abcabc", noise) / np.float32(32768))
    TakeStore(bench.workspace.path / "takes").import_file(tmp_path / "own.wav")
    bench.reset()
    qtbot.waitUntil(lambda: bench.state == "ready" and bench.data.train.own == 1, timeout=WAIT)
    assert bench.config.unit == "code"


def test_before_a_run_no_shipped_model_speaks_of_sounds(live):
    assert live.desk.models.first is None
    assert live.desk.models.why["first"] == PRESS_START
    assert live.desk.pins[0] == "c0"
