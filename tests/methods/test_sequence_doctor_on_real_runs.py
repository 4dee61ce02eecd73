"""The doctor of language at the bedside: small runs made sick on purpose, one a state, and healthy ones it lets alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ssllab.data.text.types import TextData, split_of
from ssllab.methods.registry import method_class
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

TINY = {
    "unit": "char",
    "context": 16,
    "width": 32,
    "layers": 1,
    "heads": 2,
    "batch_size": 16,
    "learning_rate": 3e-3,
}
NOUNS = (
    "cat",
    "dog",
    "bird",
    "horse",
    "child",
    "man",
    "woman",
    "teacher",
    "farmer",
    "fox",
    "hen",
    "cow",
    "goat",
    "king",
)
VERBS = ("sees", "likes", "hears", "finds", "helps", "wants", "calls", "feeds", "meets", "leads")


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sentences(count, seed):
    """Lines that have an order, and chance."""
    dice = np.random.default_rng(seed)
    return [f"the {dice.choice(NOUNS)} {dice.choice(VERBS)} the {dice.choice(NOUNS)}." for _ in range(count)]


def text(train, test):
    return TextData("made", "Made", split_of([" ".join(train)]), split_of([" ".join(test)]))


@pytest.fixture(scope="module")
def plenty():
    return text(sentences(3000, 0), sentences(80, 1))


@pytest.fixture(scope="module")
def little():
    return text(sentences(5, 0), sentences(80, 1))


class Patient:
    """A run and its logs, as a session keeps them."""

    def __init__(self, data, method="causal_lm", **config):
        fields = method_class(method).Config.model_fields
        settings = {key: value for key, value in {**TINY, **config}.items() if key in fields}
        self.trainer = Trainer(RunSettings(method=method, config=settings, data=data.name), data)
        self.metrics, self.probes, self.last_change = MetricsLog(), MetricsLog(), 0
        self.probe()

    def probe(self):
        found = self.trainer.probe()
        self.constants = found.constants
        self.probes.append(self.trainer.step, found.scalars)
        return self

    def train(self, steps, every=50):
        for _ in range(steps):
            if self.trainer.over:
                break
            self.metrics.append(self.trainer.step + 1, self.trainer.train_step())
            if self.trainer.step % every == 0:
                self.probe()
        return self if self.trainer.step % every == 0 else self.probe()

    def take(self, key, value):
        old, _ = self.trainer.set(key, value)
        self.trainer.method.changes = [SimpleNamespace(step=self.trainer.step, key=key, old=old)]
        self.last_change = self.trainer.step
        return self

    @property
    def verdict(self):
        method = self.trainer.method
        return method.diagnose(self.metrics, self.probes, self.constants, self.last_change)


def gibberish(count, seed):
    """Lines of words that nobody ever wrote: what is copied is copied from here."""
    dice = np.random.default_rng(seed)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return [" ".join("".join(dice.choice(letters, 5)) for _ in range(5)) + "." for _ in range(count)]


def chant(count, seed):
    """One word over and over, then another."""
    dice = np.random.default_rng(seed)
    return [" ".join([str(dice.choice(NOUNS))] * 40) for _ in range(count)]


def test_a_run_that_learns_is_let_alone(plenty):
    patient = Patient(plenty)
    states = [patient.train(50).verdict for _ in range(4)]
    assert not any(verdict.sick for verdict in states), states
    assert states[-1].state == "healthy"
    assert any("unigram" in line for line in states[-1].evidence)


@pytest.mark.parametrize("method", ["masked_lm", "lstm_lm"])
def test_so_are_other_models(plenty, method):
    assert Patient(plenty, method).train(150).verdict.state in ("healthy", "warming up")


def test_a_small_text_is_overfitted_and_the_step_is_named(little):
    verdict = Patient(little, learning_rate=1e-2).train(250).verdict
    assert verdict.state == "overfitting", verdict
    assert 0 < verdict.rewind_to < 250
    assert f"step {verdict.rewind_to}" in " ".join((verdict.title, *verdict.evidence))
    assert verdict.changes == {"dropout": 0.2}


def test_a_text_known_by_heart_is_quoted():
    data = text(gibberish(12, 0), gibberish(80, 1))
    patient = Patient(data, learning_rate=1e-2, context=32).train(300, every=100)
    verdict = patient.verdict
    assert verdict.state == "memorising", verdict
    copied = patient.trainer.method.quotes["copied"]
    assert copied in data.train.document(0)
    assert any(copied in line for line in verdict.evidence)


def test_what_says_the_same_over_and_over_is_named_unless_its_text_does():
    sick = Patient(text(chant(300, 0), sentences(80, 1)), unit="word", learning_rate=1e-2)
    sick.train(120, every=60)
    assert sick.verdict.state == "repetition loop", sick.verdict
    assert any("It wrote" in line for line in sick.verdict.evidence)
    same = Patient(text(chant(300, 0), chant(80, 1)), unit="word", learning_rate=1e-2).train(120, every=60)
    assert same.verdict.state != "repetition loop"


@pytest.mark.parametrize(
    ("control", "value", "cure"),
    [("dropout", 0.9, 0.2), ("learning_rate", 0.3, 1e-3)],
)
def test_what_drowns_the_context_leaves_frequencies(plenty, control, value, cure):
    verdict = Patient(plenty, warmup_steps=10, **{control: value}).train(150).verdict
    assert verdict.state == "unigram only", verdict
    assert verdict.changes == {control: cure}


def test_a_rate_far_too_low_leaves_it_under_trained(plenty):
    verdict = Patient(plenty, learning_rate=1e-5).train(130).verdict
    assert verdict.state == "under-trained", verdict
    assert verdict.changes == {"learning_rate": 1e-3}
    assert verdict.rewind_to is None  # nothing was harmed


def test_a_rate_far_too_high_in_mid_run_is_undone_from_before(plenty):
    patient = Patient(plenty, warmup_steps=10).train(60, every=60).take("learning_rate", 10.0).train(40)
    verdict = patient.verdict
    assert verdict.state == "diverged", verdict
    assert verdict.changes == {"learning_rate": 3e-3}
    assert verdict.rewind_to == 60


def test_counting_is_healthy_and_single_symbols_are_named(plenty):
    assert Patient(plenty, "ngram", chunk=16).train(20, every=3).verdict.state == "healthy"
    verdict = Patient(plenty, "ngram", chunk=16, order=1).train(20, every=3).verdict
    assert verdict.state == "unigram only"
    assert verdict.changes == {"order": 5}
