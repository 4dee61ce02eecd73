"""What a model of Everyday English knows: the grammar's minimal pairs and its facts, few enough for a live probe.

An untrained model prefers one word to another for no reason, and does so in every pair with these words. So each change of a
word is asked in both directions where the language has both: such a preference is then right as often as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import TYPE_CHECKING

from ssllab.data.text.minimal_pairs import Pair
from ssllab.methods.minimal_pairs import TIE, judge, sentence_ids, together

if TYPE_CHECKING:
    from ssllab.data.text.everyday.facts import Fact
    from ssllab.methods.predictor import Predictor
    from ssllab.text.units import Units

PAIRS = 20  # of each phenomenon
DRAWN = 100  # of each, to choose from
LEAST_PAIRS = 4
READ = 60_000  # symbols that are read for pairs, and for facts: about a second on two cores
CHANCE = 0.5  # of a pair


def pairs_known(model: Predictor) -> dict[str, float]:
    """The share of pairs in which the right sentence is the likelier one, of all and of each phenomenon; what the model's
    symbols do not cover is left out."""
    judged = {}
    for phenomenon, pairs in everyday_pairs().items():
        cost = sum(_cost(model, text) for pair in pairs for text in (pair.good, pair.bad)) / len(pairs)
        asked = pairs[: max(LEAST_PAIRS, int(READ / len(everyday_pairs()) / cost))]
        judged[phenomenon] = judge(model, asked)
    found = {f"pairs_{name.replace(' ', '_')}": one.accuracy for name, one in judged.items()}
    known = {"pairs_accuracy": together(list(judged.values())).accuracy} | found
    return {name: value for name, value in known.items() if value is not None}


def facts_known(model: Predictor) -> float | None:
    """The share of facts whose answer is likelier than all other answers of their kind; None where none is covered.

    Ties are shared. A prompt with its answer is one sentence: hidden symbols are guessed in turn by a masked model.
    """
    asked = _asked(model)
    sentences = [[sentence_ids(model, _told(fact, answer)) for answer in answers] for fact, answers in asked]
    scores = iter(model.sentences([ids for few in sentences for ids in few]))
    right = 0.0
    for fact, answers in asked:
        of_each = dict(zip(answers, scores, strict=False))
        best = max(of_each.values())
        tied = sum(score >= best - TIE for score in of_each.values())
        right += (of_each[fact.answer] >= best - TIE) / tied
    return right / len(asked) if asked else None


def facts_chance(model: Predictor) -> float | None:
    """What guessing among the answers of its kind gets of the facts that are asked."""
    asked = _asked(model)
    return sum(1 / len(answers) for _, answers in asked) / len(asked) if asked else None


def _asked(model: Predictor) -> list[tuple[Fact, tuple[str, ...]]]:
    """Facts with the answers they are asked among, kind by kind in turn, as many as are read in a second."""
    known = every_fact(model.units)
    asked: list[tuple[Fact, tuple[str, ...]]] = []
    cost = 0
    for fact, answers in known:
        cost += sum(_cost(model, _told(fact, answer)) for answer in answers)
        if cost > READ and asked:
            break
        asked.append((fact, answers))
    return asked


@lru_cache(maxsize=4)
def every_fact(units: Units) -> tuple[tuple[Fact, tuple[str, ...]], ...]:
    """The facts that ``units`` cover, with all covered answers of their kind, of which there are two at least."""
    from ssllab.data.text.everyday.facts import facts

    def covered(text: str) -> bool:
        return units.unknown is None or not (units.encode(text) == units.unknown).any()

    kinds: dict[str, list[Fact]] = {}
    for fact in facts():
        if covered(_told(fact, fact.answer)):
            kinds.setdefault(fact.relation, []).append(fact)
    answers = {kind: tuple(dict.fromkeys(fact.answer for fact in few)) for kind, few in kinds.items()}
    turns = (fact for turn in zip_longest(*kinds.values()) for fact in turn if fact is not None)
    return tuple((fact, answers[fact.relation]) for fact in turns if len(answers[fact.relation]) > 1)


@lru_cache(maxsize=1)
def everyday_pairs() -> dict[str, tuple[Pair, ...]]:
    """Some of the grammar's pairs by phenomenon; made once, in seconds."""
    from ssllab.data.text.everyday.grammar import everyday

    grammar = everyday()
    kinds: dict[str, list[Pair]] = {}
    for pair in grammar.pairs(DRAWN):
        kinds.setdefault(pair.phenomenon, []).append(Pair(pair.good, pair.bad))
    return {name: tuple(_balanced(pairs, grammar.split)[:PAIRS]) for name, pairs in kinds.items()}


def _balanced(pairs: Sequence[Pair], split: Callable[[str], list[str]]) -> list[Pair]:
    """Pairs in twos, one for each direction of a change, every change once before any comes again; behind them one of each
    change that has one direction only."""
    changes: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        words = zip(split(pair.good), split(pair.bad), strict=True)
        change = next((good, bad) for good, bad in words if good != bad)
        changes.setdefault(change, []).append(pair)
    both = [(good, bad) for good, bad in changes if good < bad and (bad, good) in changes]
    turns = zip_longest(*(zip(changes[change], changes[change[::-1]], strict=False) for change in both))
    lonely = [few[0] for (good, bad), few in changes.items() if (bad, good) not in changes]
    return [pair for turn in turns for two in turn if two for pair in two] + lonely


def _told(fact: Fact, answer: str) -> str:
    return " ".join((*fact.prompt, answer))


def _cost(model: Predictor, text: str) -> int:
    """Symbols that are read to score a sentence."""
    length = len(model.units.encode(text)) + 1
    return length if model.causal else length * length
