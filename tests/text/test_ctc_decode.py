"""Decoding: against the enumeration of every path, and against the clock."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import product

import numpy as np
import pytest

from ssllab.text.alphabet import Alphabet
from ssllab.text.ctc_decode import beam_search, collapse, cut_at_pauses, greedy
from ssllab.text.ngram import CharacterModel, WordModel

SMALL = Alphabet(("<pad>", "|", "A", "B"))


def posteriors(frames: int, size: int, seed: int, sharpness: float = 1.0) -> np.ndarray:
    logits = np.random.default_rng(seed).normal(size=(frames, size)) * sharpness
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


def every_text(log_probs: np.ndarray) -> dict[tuple[int, ...], float]:
    """log P(text) by adding up all paths, as the definition says."""
    mass: defaultdict[tuple[int, ...], float] = defaultdict(float)
    for path in product(range(log_probs.shape[1]), repeat=len(log_probs)):
        mass[tuple(collapse(path))] += float(np.exp(log_probs[range(len(path)), path].sum()))
    return {text: float(np.log(p)) for text, p in mass.items()}


def test_collapse_merges_before_it_drops_blanks() -> None:
    assert collapse([0, 1, 1, 0, 1, 2, 2, 0]) == [1, 1, 2]
    assert greedy(np.log(np.eye(3)[[0, 1, 1, 0, 1, 2]] + 1e-9)) == [1, 1, 2]
    assert greedy(np.empty((0, 3))) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_wide_beam_adds_up_every_path(seed: int) -> None:
    log_probs = posteriors(5, 4, seed)
    exact = every_text(log_probs)
    found = beam_search(log_probs, width=10_000)
    assert {h.classes: h.acoustic for h in found} == pytest.approx(exact)
    assert np.logaddexp.reduce([h.acoustic for h in found]) == pytest.approx(0, abs=1e-9)
    assert found[0].classes == max(exact, key=exact.__getitem__)


@pytest.mark.parametrize("kind", [CharacterModel, WordModel])
@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 1.0), (2.0, 0.0), (0.0, 0.7)])
def test_fusion_is_the_weighed_sum_for_every_text(kind: type, alpha: float, beta: float) -> None:
    language = kind(["AB A", "B", "AB"], SMALL, 3)
    log_probs = posteriors(5, 4, 7)
    expected = {}
    for text, acoustic in every_text(log_probs).items():
        state, logs, units = language.start, 0.0, 0.0
        for symbol in text:
            step, counted = language.scores(state)
            logs, units = logs + step[symbol], units + counted[symbol]
            state = language.next(state, symbol)
        last, counted_last = language.end(state)
        expected[text] = acoustic + alpha * (logs + last) + beta * (units + counted_last)
    found = beam_search(log_probs, width=10_000, language=language, alpha=alpha, beta=beta)
    assert {h.classes: h.score for h in found} == pytest.approx(expected)
    assert found[0].classes == max(expected, key=expected.__getitem__)


def test_the_sum_over_paths_may_beat_the_best_path() -> None:
    # The classic example: the best path writes nothing (.36), yet "a" has .64 over its three paths.
    log_probs = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert greedy(log_probs) == []
    best = beam_search(log_probs)[0]
    assert best.classes == (1,)
    assert np.exp(best.acoustic) == pytest.approx(0.64)


def test_a_language_model_decides_where_the_sound_does_not() -> None:
    alphabet = Alphabet()
    sound = np.full((7, len(alphabet)), 1e-4)
    for frame, letters in enumerate(["C", "AU", "T", " ", "S", "AI", "T"]):
        for letter, p in zip(letters, (0.45, 0.5), strict=False):
            sound[frame, alphabet.encode(letter)] = p
    log_probs = np.log(sound / sound.sum(1, keepdims=True))
    assert alphabet.decode(greedy(log_probs)) == "CUT SIT"
    for kind in (CharacterModel, WordModel):
        language = kind(["THE CAT SAT", "A CAT", "SAT DOWN"], alphabet)
        best = beam_search(log_probs, language=language)[0]
        assert alphabet.decode(best.classes) == "CAT SAT"


def test_long_posteriors_are_cut_within_pauses_and_nothing_is_lost() -> None:
    best = np.ones(3000, int)
    best[500:530] = best[900:905] = best[1300:1320] = 0  # pauses of 0.6, 0.1 and 0.4 s
    log_probs = np.log(np.eye(3)[best] + 1e-9)
    parts = cut_at_pauses(log_probs)
    np.testing.assert_array_equal(np.concatenate(parts), log_probs)
    assert [len(part) for part in parts] == [515, 1315 - 515, 1500, 3000 - 2815]
    assert [len(part) for part in cut_at_pauses(np.empty((0, 3)))] == [0]


def test_nothing_was_said() -> None:
    assert beam_search(np.empty((0, 4)))[0].classes == ()


@pytest.mark.parametrize("kind", [CharacterModel, WordModel])
def test_five_seconds_are_searched_in_under_a_third_of_a_second(kind: type) -> None:
    language = kind(["THE CAT SAT ON THE MAT", "A DOG RAN OFF"], Alphabet())
    log_probs = posteriors(250, 32, 0, sharpness=3)
    beam_search(log_probs[:20], language=language)
    seconds = []
    for _ in range(3):  # the time of this thread alone, the best of three: other processes may be busy
        started = time.thread_time()
        beam_search(log_probs, language=language)
        seconds.append(time.thread_time() - started)
    assert min(seconds) < 0.3
