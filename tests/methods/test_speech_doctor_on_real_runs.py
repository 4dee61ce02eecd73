"""The doctor of speech at the bedside: a codebook made to collapse, cured while it trains, and one left in peace."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.lessons import lessons
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

SMALL = {"batch_seconds": 3.0, "crop_seconds": 1.5, "codebook_size": 40}
LESSONS = {lesson.name: lesson.changes for lesson in lessons("speech")}


@dataclass
class Patient:
    """A run and its logs, as a session keeps them."""

    trainer: Trainer
    metrics: MetricsLog = field(default_factory=MetricsLog)
    last_change: int = 0

    def train(self, steps):
        for _ in range(steps):
            self.metrics.append(self.trainer.step + 1, self.trainer.train_step())
        return self

    def take(self, changes):
        for key, value in changes.items():
            self.trainer.set(key, value)
        self.last_change = self.trainer.step
        return self

    @property
    def verdict(self):
        constants = {"codes": float(self.trainer.config.codebook_size)}
        return self.trainer.method.diagnose(self.metrics, MetricsLog(), constants, self.last_change)

    def last(self, name):
        return self.metrics.last(name)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Two threads of so small a model wait for each other more than they work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data():
    return load("spoken")


def patient(data, **config):
    return Patient(Trainer(RunSettings(method="wav2vec2", data="spoken", config={**SMALL, **config}), data))


def test_the_collapse_of_the_lesson_is_named_and_its_cure_cures(data):
    sick = patient(data, **LESSONS["01-break-it"]).train(100)
    assert sick.verdict.state == "codebook collapse", sick.verdict
    # The doctor undoes the lesson, from its beginning; the lesson's cure needs no step back.
    defaults = {name: spec.default for name, spec in sick.trainer.config.controls().items()}
    assert sick.verdict.changes.items() <= defaults.items()
    undone = {**LESSONS["01-break-it"], **sick.verdict.changes}
    assert {name for name, value in undone.items() if value != defaults[name]} <= {"dead_code_restart"}
    assert sick.verdict.rewind_to == 0
    # What makes it a trap: the loss is perfect.
    assert sick.last("contrastive_loss") < 0.1
    assert sick.last("contrastive_top1") > 0.95
    before = sick.last("code_perplexity")
    assert before < 6
    sick.take(LESSONS["03-cure-it"]).train(110)
    assert not sick.verdict.sick, sick.verdict
    assert sick.last("code_perplexity") > 3 * before


@pytest.mark.parametrize(
    "settings",
    [
        {"diversity_weight": 0.0, "gumbel_temperature": 0.5},
        {"gumbel_noise": False},
        {"freeze_codes": True},
        {"learning_rate": 1.0},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_run_made_sick_on_purpose_is_named(data, settings):
    # Without the entropy loss, which the paper does not have and which would keep codes alive.
    sick = patient(data, entropy_weight=0.0, **settings).train(160)
    assert sick.verdict.state == "codebook collapse", sick.verdict
    # Few of the 80 codes are left; how near to 0 the loss is by then hangs on the last digits.
    assert sick.last("code_perplexity") < 10


def test_codes_come_alive_in_a_fresh_run_and_the_doctor_is_silent(data):
    healthy = patient(data).train(1)
    first = healthy.last("code_perplexity")
    states = [healthy.train(20).verdict for _ in range(6)]
    # Of 80: a random codebook begins with the few codes that lie near the data.
    assert first < 10
    assert healthy.last("code_perplexity") > 25
    assert not any(verdict.sick for verdict in states), states
    assert states[-1].state == "healthy"
