"""The lessons of Language keep what their texts promise, in short runs of small models.

What "by heart" and "counting" promise of the doctor is in ``tests/methods/test_sequence_doctor_on_real_runs.py``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice, pairwise

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.text.types import split_of
from ssllab.lessons import lessons
from ssllab.looks import Babble
from ssllab.methods.knowledge import pairs_known
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer
from tests.lesson_runs import run

LESSONS = {lesson.name: lesson for lesson in lessons("language")}
SMALL = {
    "width": 32,
    "layers": 1,
    "heads": 2,
    "batch_size": 16,
    "learning_rate": 5e-3,
    "warmup_steps": 10,
    "context": 32,
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def language(everyday_text):
    """A lesson on few sentences: ``language(name, steps, **more)``."""
    begun = {}

    def of(name, steps, *, first=80, **small):
        more = {"first": first, "small": {**SMALL, **small}, "probed": True, "begun": begun}
        return run("language", LESSONS[name], everyday_text, steps, **more)

    return of


def test_the_lines_stand_in_their_order_and_frequencies_come_first(language) -> None:
    seen = language("01-the-lines", 60)
    lines = [
        seen.probes_after[name]
        for name in ("uniform_loss", "unigram_loss", "bigram_loss", "kn5_loss", "true_entropy")
    ]
    assert lines == sorted(lines, reverse=True)
    assert seen.probes_after["held_out_loss"] < seen.probes_after["unigram_loss"]


def test_losses_of_words_and_characters_differ_by_more_than_their_bits_per_byte(language) -> None:
    words, characters = language("01-the-lines", 60), language("02-characters", 60)
    assert characters.probes_after["uniform_loss"] < 0.8 * words.probes_after["uniform_loss"]
    assert characters.after["loss"] < words.after["loss"]
    assert characters.probes_after["bits_per_byte"] > words.probes_after["bits_per_byte"]


def test_parts_of_words_leave_nothing_unknown(everyday_text) -> None:
    lesson = LESSONS["03-parts-of-words"]
    config = {**SMALL, **lesson.changes}
    made = Trainer(RunSettings(method="causal_lm", config=config, data="everyday"), everyday_text)
    assert len(made.method.units) <= lesson.changes["vocabulary"]
    assert made.method.units.unknown is None


def test_a_masked_model_leaves_the_unigram_line_later(everyday_text) -> None:
    losses = {}
    for method in ("causal_lm", "masked_lm"):
        made = Trainer(RunSettings(method=method, config=SMALL, data="everyday"), everyday_text)
        for _ in range(80):
            made.train_step()
        losses[method] = made.probe().scalars["held_out_loss"]
    assert losses["causal_lm"] < losses["masked_lm"] - 0.5


def test_with_a_context_of_one_the_losses_rise_and_with_eight_that_of_the_step_leaps_and_falls(
    language,
) -> None:
    one = language("05-context-of-1", 50)
    assert one.soon["loss"] > one.before["loss"] + 0.1
    assert one.probes_after["held_out_loss"] > one.probes_before["held_out_loss"] + 0.2
    eight = language("06-context-of-8", 80)
    assert eight.soon["loss"] > eight.before["loss"] + 0.2
    assert eight.after["loss"] < eight.soon["loss"] - 0.2


def test_agreement_comes_early_next_to_the_noun_and_late_across_a_clause_and_counts_never_learn_it() -> None:
    text = load("everyday", kinds=("text",))
    small = {**SMALL, "width": 64, "layers": 2, "learning_rate": 8e-3}
    found = {}
    for method, config, steps in (("causal_lm", small, 400), ("ngram", {}, 100)):
        made = Trainer(RunSettings(method=method, config=config, data="everyday"), text)
        for _ in range(steps):
            if not made.over:
                made.train_step()
        found[method] = pairs_known(made.method.eval().asked())
    near, far = "pairs_agreement", "pairs_agreement_across_a_relative_clause"
    assert found["causal_lm"][near] > 0.75
    assert found["causal_lm"][far] < found["causal_lm"][near] - 0.15
    assert found["ngram"][far] < 0.75 < found["ngram"][near]


def test_at_a_learning_rate_of_1_the_loss_leaps_and_the_doctor_says_so(language) -> None:
    seen = language("10-learning-rate", 40, first=50)
    assert seen.soon["loss"] > seen.before["loss"] + 1
    assert seen.verdict == "diverged"


def test_on_little_text_counting_is_ahead_of_a_small_transformer() -> None:
    lesson = LESSONS["08-counting-wins"]
    data = load(lesson.data, kinds=("text",))
    few = replace(data, train=split_of(islice(data.train.documents(), 12)))
    made = Trainer(RunSettings(method="causal_lm", config={**SMALL, **lesson.changes}, data=data.name), few)
    for _ in range(80):
        made.train_step()
    found = made.probe()
    assert found.constants["kn5_loss"] < found.constants["bigram_loss"] < found.constants["unigram_loss"]
    assert found.scalars["held_out_loss"] > found.constants["kn5_loss"] + 0.3


@pytest.fixture(scope="module")
def few_dna():
    data = load("dna", kinds=("text",))
    return replace(data, train=split_of(islice(data.train.documents(), 8)))


def test_single_bases_are_near_chance_and_in_threes_half_of_chance_is_gone(few_dna) -> None:
    lesson = LESSONS["12-dna"]
    made = {}
    for unit in (lesson.changes["unit"], "kmer"):
        config = {**SMALL, **lesson.changes, "unit": unit}
        settings = RunSettings(method="causal_lm", config=config, data=lesson.data)
        made[unit] = Trainer(settings, few_dna).method.constants(few_dna)
    bases, threes = made["char"], made["kmer"]
    assert bases["uniform_loss"] == pytest.approx(math.log(4), abs=0.001)
    assert abs(bases["unigram_below_chance"]) < 0.01
    assert 0.005 < bases["bigram_below_chance"] < 0.05 < bases["kn5_below_chance"] < 0.12
    assert threes["uniform_loss"] == pytest.approx(4.16, abs=0.01)
    assert 0.3 < threes["kn5_below_chance"] / threes["uniform_loss"] < 0.6


def test_a_transformer_leaves_the_chance_of_dna(few_dna) -> None:
    config = {**SMALL, **LESSONS["12-dna"].changes, "width": 64, "layers": 2, "heads": 4, "context": 64}
    settings = RunSettings(method="causal_lm", config=config | {"batch_size": 8}, data="dna")
    made = Trainer(settings, few_dna)
    seen = []
    for step in range(1, 161):
        made.train_step()
        if step in (100, 130, 160):
            seen.append(made.method.eval().losses(few_dna)["below_chance"])
            made.method.train()
    assert 0.003 < sum(seen) / len(seen) < made.method.constants(few_dna)["kn5_below_chance"]


def test_the_order_of_sounds_is_learnt_and_what_the_model_writes_of_them_can_be_heard() -> None:
    lesson = LESSONS["11-sound-units"]
    data = load(lesson.data, kinds=("text",))
    assert data.allows["unit"] == (lesson.changes["unit"],)
    train, test = (
        replace(split, starts=split.starts[:count], ends=split.ends[:count])
        for split, count in ((data.train, 80), (data.test, 10))
    )
    few = replace(data, train=train, test=test)
    made = Trainer(RunSettings(method="causal_lm", config={**SMALL, **lesson.changes}, data=data.name), few)
    early = made.look().part(Babble)
    for _ in range(120):
        made.train_step()
    found, late = made.probe(), made.look().part(Babble)
    lines = [found.constants[name] for name in ("uniform_loss", "unigram_loss", "bigram_loss")]
    assert lines == sorted(lines, reverse=True)
    assert found.scalars["held_out_loss"] < found.constants["unigram_loss"] - 1
    assert found.scalars["held_out_loss"] < found.constants["bigram_loss"] + 0.7
    assert len(early.sound) > 16_000 < len(late.sound)
    follows = {
        tuple(pair) for i in range(len(few.train)) for pair in pairwise(made.data.train.document(i).split())
    }

    def known(babble):  # how often a code follows one that it follows in the recordings
        pairs = list(pairwise(babble.text.split()))
        return sum(pair in follows for pair in pairs) / len(pairs)

    assert known(late) > known(early) + 0.4


def test_every_lesson_is_for_the_method_that_the_lab_opens_with() -> None:
    config = method_class("causal_lm").Config
    assert all(config.make(lesson.changes) for lesson in LESSONS.values())
