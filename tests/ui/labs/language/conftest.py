"""A desk with a small model that needs no training: what follows what in a few sentences, counted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from ssllab.methods.predictor import Predictor
from ssllab.text.units import END, learn
from ssllab.training.run_store import Workspace
from ssllab.ui.bench import Bench
from ssllab.ui.labs.language.widgets.desk import Desk
from ssllab.ui.labs.language.widgets.models import Chosen
from ssllab.ui.work import LongWork

SENTENCES = (
    "The calico cat sits on the sunny ledge.",
    "The calico cat sits on the warm porch.",
    "The old dog sits on the rug.",
)


class Counted(Predictor):
    """Two symbols at a time."""

    def __init__(self, units, sharpness=20.0):
        self.units, self.context = units, 64
        counts = np.full((len(units), len(units)), 1.0)
        for sentence in SENTENCES:
            ids = [END, *units.encode(sentence).tolist(), END]
            for first, second in pairwise(ids):
                counts[first, second] += sharpness
        self.logs = np.log(counts / counts.sum(1, keepdims=True)).astype(np.float32)

    def next(self, ids):
        return self.logs[ids[-1]]

    def window(self, ids):
        return self.logs[ids[:-1], ids[1:]]


class Hidden(Counted):
    """From both sides: what fits between its neighbours."""

    causal = False

    def __init__(self, units):
        super().__init__(units)
        self.mask = len(units)

    def at(self, ids, place):
        scores = np.zeros(len(self.units))
        if ids[place - 1] != self.mask:
            scores = scores + self.logs[ids[place - 1]]
        if place + 1 < len(ids) and ids[place + 1] != self.mask:
            scores = scores + self.logs[:, ids[place + 1]]
        return (scores - np.logaddexp.reduce(scores)).astype(np.float32)

    def at_each(self, ids):
        return np.stack([self.at(ids, place) for place in range(1, len(ids))])

    def next(self, ids):
        return self.logs[ids[-1]]


@pytest.fixture
def words():
    return learn("word", SENTENCES, size=100)


@pytest.fixture
def chars():
    return learn("char", SENTENCES)


@pytest.fixture
def bench(tmp_path, qtbot):
    made = Bench(Workspace(tmp_path), "language", LongWork())
    made.said = []
    made.message.connect(lambda *message: made.said.append(message))
    yield made
    made.close()


@pytest.fixture
def desk(bench, monkeypatch):
    """A desk without a model: nothing has shipped."""
    monkeypatch.setattr("ssllab.ui.labs.language.widgets.models._is_shipped", lambda name: False)
    made = Desk(bench)
    yield made
    made.close()


def answer_with(desk, predictor, step=1, which="first"):
    """Have that model answer, as the live run's at ``step``."""
    chosen = Chosen(predictor, ("run", 1, step), f"step {step:,}")
    setattr(desk.models, which, chosen)
    if which == "second":
        desk.sheet.change(second="counts")
    desk.models.settle = lambda: None
    desk.models.changed.emit()


def settle(qtbot, desk):
    """Until everything that was asked is answered."""
    qtbot.waitUntil(lambda: not desk._asking, timeout=20_000)
