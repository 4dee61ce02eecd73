"""Which model answers: a real run while it trains, a shipped one, counts, a stored run; and what it writes by itself."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QFileDialog, QInputDialog

from ssllab.looks import Babble, Look
from ssllab.methods.causal_lm import CausalLM
from ssllab.methods.masked_lm import MaskedLM
from ssllab.methods.stored_language import write_stored
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.language.babble import BabblePanel
from ssllab.ui.labs.language.board import BoardPanel
from ssllab.ui.labs.language.widgets import models as models_module
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import COUNTS, SHIPPED, STORED, TRUTH, Chosen
from ssllab.ui.scene import Scene
from ssllab.ui.work import LongWork

from .conftest import SENTENCES, Counted, answer_with, settle

WAIT = 120_000
SMALL = {"unit": "char", "layers": 1, "heads": 1, "width": 8, "context": 16, "batch_size": 2}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "sentences.txt"
    path.write_text("\n".join(SENTENCES * 20))
    return path


@pytest.fixture
def live(tmp_path, qtbot, text):
    """A board on a bench whose data is loaded."""
    bench = Bench(
        Workspace(tmp_path), "language", LongWork(), data=str(text), device="cpu", settings=dict(SMALL)
    )
    board = BoardPanel(Desk(bench))
    qtbot.addWidget(board)
    board.resize(620, 460)
    board.show()
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None and bench.config is not None, timeout=WAIT)
    yield board
    board.desk.close()
    bench.close()


def train(qtbot, board):
    """One step, until its model answers."""
    bench, desk = board.bench, board.desk
    bench.step()
    wanted = bench.live_run.step + 1 if bench.live_run else 1
    qtbot.waitUntil(lambda: bench.live_run is not None and bench.live_run.step >= wanted, timeout=WAIT)

    def answered():
        board.draw(bench.scene())
        return desk.models.first is not None and desk.models.first.key[2:] == (bench.live_run.step,)

    desk.models.live._last = -1e9  # without waiting for the second to be over
    qtbot.waitUntil(answered, timeout=WAIT)
    settle(qtbot, desk)


def test_the_model_that_trains_answers_and_its_newer_copy_takes_its_place(qtbot, live):
    assert not live.bars["first"].candidates()
    live.sheet.write("The calico c")
    train(qtbot, live)
    first = live.desk.answer()
    assert "step 1" in live.heads["first"].text()
    assert len(live.bars["first"].candidates()) > 5
    train(qtbot, live)
    assert "step 2" in live.heads["first"].text()
    assert (live.desk.answer().logs != first.logs).any()
    live.bench.reset()
    assert live.desk.models.first is None or live.desk.models.first.key[0] != "run"


def test_asking_the_live_model_leaves_its_curve_as_it_is(qtbot, live):
    import torch

    train(qtbot, live)
    before = torch.random.get_rng_state()
    live.desk.models.live._asked = None
    live.desk.models.live._last = -1e9
    with qtbot.waitSignal(live.desk.models.live.changed, timeout=WAIT):
        live.draw(live.bench.scene())
    assert torch.equal(before, torch.random.get_rng_state())


def test_counts_of_the_same_text_stand_beside_it(qtbot, live):
    live.sheet.change(second=COUNTS)
    qtbot.waitUntil(lambda: live.desk.models.second is not None, timeout=WAIT)
    live.sheet.write("The cal")
    settle(qtbot, live.desk)
    assert live.bars["second"].candidates()[0].shown == "i"
    assert "KN-5" in live.heads["second"].text()
    assert not any(
        name == TRUTH for name, _ in live.desk.models.choices()
    )  # nobody knows the truth of this text
    live.sheet.change(second=TRUTH)
    qtbot.waitUntil(lambda: "unit word" in live.heads["second"].text(), timeout=WAIT)


def test_a_stored_run_of_the_lab_can_be_chosen(qtbot, live, tmp_path):
    train(qtbot, live)
    run_id = live.bench.live_run.stored.id
    live.bench.keep_checkpoint().result(60)
    live.bench.reset()
    qtbot.waitUntil(lambda: live.bench._left is None or live.bench._left.state == "stopped", timeout=WAIT)
    live.desk.models.list_runs()
    name = STORED + run_id
    qtbot.waitUntil(lambda: name in dict(live.desk.models.choices()), timeout=WAIT)
    title = dict(live.desk.models.choices())[name]
    assert title.startswith("Run: Next symbol (Transformer), on sentences.txt")
    assert "unit Characters" in title
    live.sheet.change(first=name)
    live.sheet.write("The c")
    qtbot.waitUntil(lambda: bool(live.bars["first"].candidates()), timeout=WAIT)
    live.sheet.change(first=STORED + "nothing")
    qtbot.waitUntil(lambda: "nothing" in live.heads["first"].text(), timeout=WAIT)


@pytest.fixture
def folders(tmp_path, words):
    """Models in Hugging Face's format: a causal one, a masked one, and one that lacks its weights."""
    for name, method in (("causal", CausalLM), ("masked", MaskedLM), ("broken", CausalLM)):
        config = method.Config.make({"context": 16, "width": 8, "heads": 2, "layers": 1})
        write_stored(method(config, words), tmp_path / name)
    (tmp_path / "broken" / "model.safetensors").unlink()
    return tmp_path


def choose(board, monkeypatch, which: str, entry: str, answer: str) -> None:
    """As a person does, who then answers what is asked."""
    bar = board.models_bar
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: answer)
    monkeypatch.setattr(QInputDialog, "getText", lambda *args: (answer, bool(answer)))
    box = bar.boxes[which]
    box.setCurrentIndex(box.findText(entry))
    box.activated.emit(box.currentIndex())


def test_models_of_folders_answer_side_by_side(qtbot, desk, folders, monkeypatch):
    board = BoardPanel(desk)
    qtbot.addWidget(board)
    board.show()
    board.sheet.write("The calico cat")
    for which, name in (("first", "causal"), ("second", "masked")):
        choose(board, monkeypatch, which, "Of a folder …", str(folders / name))
    qtbot.waitUntil(lambda: None not in (desk.models.first, desk.models.second), timeout=WAIT)
    settle(qtbot, desk)
    for which, name in (("first", "causal"), ("second", "masked")):
        assert len(board.bars[which].candidates()) > 5
        assert name in board.heads[which].text()
        assert board.models_bar.boxes[which].currentText() == name
    kept = board.sheet.to_json()
    board.sheet.take_json({})
    assert desk.models.second is None
    board.sheet.take_json(kept)  # as the window does when it opens again
    qtbot.waitUntil(lambda: desk.models.second is not None, timeout=WAIT)
    assert board.models_bar.boxes["second"].currentText() == "masked"
    choose(board, monkeypatch, "first", "Of a folder …", str(folders / "broken"))
    qtbot.waitUntil(lambda: "model.safetensors cannot be read" in board.heads["first"].text(), timeout=WAIT)
    before = board.sheet.state
    choose(board, monkeypatch, "first", "Of a folder …", "")  # nothing after all
    assert board.sheet.state == before
    assert board.models_bar.boxes["first"].currentText() == "broken"


def test_a_model_of_the_hub_is_fetched_and_answers(qtbot, desk, folders, monkeypatch, hub_server):
    hub_server.publish(folders / "masked", "some-lab/words")
    board = BoardPanel(desk)
    qtbot.addWidget(board)
    board.show()
    choose(board, monkeypatch, "second", "From the hub …", "some-lab/words")
    qtbot.waitUntil(lambda: desk.models.second is not None, timeout=WAIT)
    assert board.models_bar.boxes["second"].currentText() == "words"
    assert not desk.models.second.predictor.causal
    said = []
    monkeypatch.setattr(desk.bench, "say", lambda *words: said.append(words))
    choose(board, monkeypatch, "second", "From the hub …", "some-lab/nothing")
    qtbot.waitUntil(lambda: bool(said), timeout=WAIT)
    assert said[0][0] == "error"
    assert "no config.json of 'some-lab/nothing'" in said[0][1]
    assert board.models_bar.boxes["second"].currentText() == "words"


def test_before_a_run_the_shipped_model_answers_and_says_so(qtbot, desk, words, monkeypatch):
    monkeypatch.setattr(models_module, "_is_shipped", lambda name: name == "everyday-causal")
    monkeypatch.setattr(models_module, "_shipped", lambda name: (Counted(words), f"{name}, shipped"))
    board = BoardPanel(desk)
    qtbot.addWidget(board)
    board.show()
    qtbot.waitUntil(lambda: desk.models.first is not None, timeout=WAIT)
    board.sheet.write("The calico cat")
    settle(qtbot, desk)
    assert board.bars["first"].candidates()[0].shown == "sits"
    assert "everyday-causal, shipped" in board.heads["first"].text()
    assert board.models_bar.boxes["first"].currentText().startswith("No run yet")
    assert desk.models.first.key == (SHIPPED + "everyday-causal",)


def test_a_model_that_fails_says_why_in_a_line(qtbot, desk, words):
    class Broken(Counted):
        def next(self, ids):
            raise RuntimeError("out of memory\nand more")

        def after_each(self, ids):
            return self.next(ids)

    board = BoardPanel(desk)
    qtbot.addWidget(board)
    desk.models.first = Chosen(Broken(words), ("run", 1, 1), "step 1")
    desk.models.changed.emit()
    settle(qtbot, desk)
    assert board.heads["first"].text() == "out of memory"


def test_what_the_model_writes_stands_newest_on_top(qtbot, bench):
    panel = BabblePanel(bench)
    qtbot.addWidget(panel)
    panel.show()
    panel.draw(Scene("ready"))
    assert "Press Start" in panel.nothing.text()
    for step, text in ((0, "qx z"), (100, "the <cat>")):
        look = Look(step, (Babble(step, text),))
        panel.draw(Scene("running", look=look))
        panel.draw(Scene("running", look=look))  # the same again
    words = panel.text.toPlainText()
    assert words.index("step 100") < words.index("the <cat>") < words.index("step 0") < words.index("qx z")
    assert words.count("step") == 2
    panel.restyle()
    panel.reset()
    assert panel.nothing.isVisible()


def test_a_model_that_comes_when_the_window_is_closed_is_let_go(bench, words):
    desk = Desk(bench)
    desk.close()
    answer_with(desk, Counted(words))  # asking it would raise


def test_a_run_that_had_finished_when_it_was_taken_back_answers_and_is_judged(qtbot, tmp_path, text):
    bench = Bench(
        Workspace(tmp_path),
        "language",
        LongWork(),
        data=str(text),
        device="cpu",
        settings={"unit": "char"},
        method="ngram",
    )
    desk, gestures = Desk(bench), []
    bench.changed.connect(gestures.append)
    bench.begin()
    qtbot.waitUntil(lambda: bench.data is not None and bench.config is not None, timeout=WAIT)

    def ended():
        bench.poll()
        return bench.state == "finished"

    def answers():
        desk.models.follow()
        return desk.models.live.copied is not None

    bench.start()
    qtbot.waitUntil(ended, timeout=WAIT)
    qtbot.waitUntil(answers, timeout=WAIT)
    constants, step = bench.session.constants, bench.session.step
    bench.reset()
    assert desk.models.live.copied is None
    bench.go(gestures[-1].after, gestures[-1].before)
    qtbot.waitUntil(ended, timeout=WAIT)
    qtbot.waitUntil(answers, timeout=WAIT)
    assert (desk.models.live.copied.step, desk.models.first.key[2]) == (step, step)
    assert bench.session.constants == constants
    assert bench.session.verdict is not None
    desk.close()
    bench.close()
