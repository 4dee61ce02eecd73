"""The grammar, expanded to a weighted finite automaton.

The rules call no rule that calls them again, so that the language is finite and each rule can be written out where it
stands. That is done from the right: a rule, and the state after it, give the state before it. States of equal arcs are one
state; nothing is empty, every arc reads a word.

An arc's marks say where the word stands in the tree: ``(`` and ``[`` open a phrase (``[``: the head of the one around),
``)`` closes one, ``*`` is a head, ``.`` another word, ``+`` and ``-`` praise and blame.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ssllab.data.text.everyday import notation
from ssllab.data.text.everyday.facts import FACTS
from ssllab.data.text.everyday.lexicon import Reading, literal, members
from ssllab.data.text.everyday.notation import Call, Item, Literal, Maybe, Mood, Phrase
from ssllab.data.text.everyday.rules import ALIASES, DOMAINS, RULES

END = "<end>"
FINAL = -1  # where the arc of `END` leads
MOODS = {"positive": "+", "negative": "-"}


@dataclass(frozen=True)
class Arc:
    """One word that can come next, with its probability; ``target`` is the state after it."""

    probability: float
    reading: Reading
    marks: str
    target: int


State = tuple[Arc, ...]


class Expansion:
    """Writes rules out from the right; ``states`` grows, equal states are shared."""

    def __init__(self, rules: Iterable[notation.Rule]) -> None:
        self.rules = {rule.key: rule for rule in rules}
        self.states: list[State] = []
        self._numbers: dict[object, int] = {}
        self._expanded: dict[tuple[tuple[str, ...], int, bool], int] = {}
        self._marked: dict[tuple[int, str], int] = {}

    def state(self, arcs: Iterable[Arc]) -> int:
        """The number of the state of these arcs; the probabilities of equal arcs are summed and then normalised."""
        summed: dict[tuple[Reading, str, int], float] = {}
        for arc in arcs:
            key = (arc.reading, arc.marks, arc.target)
            summed[key] = summed.get(key, 0.0) + arc.probability
        total = sum(summed.values())
        state = tuple(Arc(weight / total, *key) for key, weight in summed.items())
        known = frozenset((round(arc.probability, 12), arc.reading, arc.marks, arc.target) for arc in state)
        if known not in self._numbers:
            self._numbers[known] = len(self.states)
            self.states.append(state)
        return self._numbers[known]

    def union(self, weighted: Iterable[tuple[float, int]]) -> int:
        """The state that goes on as one of several, each with its weight."""
        return self.state(
            Arc(weight * arc.probability, arc.reading, arc.marks, arc.target)
            for weight, number in weighted
            for arc in self.states[number]
        )

    def marked(self, number: int, mark: str) -> int:
        """The state whose arcs carry ``mark`` first."""
        key = (number, mark)
        if key not in self._marked:
            self._marked[key] = self.state(
                Arc(arc.probability, arc.reading, mark + arc.marks, arc.target) for arc in self.states[number]
            )
        return self._marked[key]

    def call(self, key: tuple[str, ...], after: int, head: bool) -> int:
        """The state before what ``key`` names, when ``after`` follows."""
        known = (key, after, head)
        if known not in self._expanded:
            self._expanded[known] = self.union(self._alternatives(key, after, head))
        return self._expanded[known]

    def _alternatives(self, key: tuple[str, ...], after: int, head: bool) -> Iterator[tuple[float, int]]:
        words = None if key in self.rules else members(key)
        if words is not None:
            mark = "*" if head else "."
            yield 1.0, self.state(Arc(1 / rank, word, mark, after) for rank, word in enumerate(words, 1))
            return
        rule, bound = self._rule(key)
        total = sum(weight for weight, _ in rule.lines)
        for weight, items in rule.lines:
            free = sorted(set(_variables(items)) - set(bound))
            for chosen in itertools.product(*(DOMAINS[name].items() for name in free)):
                share = weight / total
                for name, (_, part) in zip(free, chosen, strict=True):
                    share *= part / sum(DOMAINS[name].values())
                values = bound | {name: value for name, (value, _) in zip(free, chosen, strict=True)}
                yield share, self.phrase(items, after, head, values)

    def _rule(self, key: tuple[str, ...]) -> tuple[notation.Rule, dict[str, str]]:
        """The rule for a call: its own, else one with variables, else the one of the number (`ALIASES`)."""
        for wanted in (key, tuple(ALIASES.get(part, part) for part in key)):
            if wanted in self.rules:
                return self.rules[wanted], {}
            for rule in self.rules.values():
                pairs = list(zip(rule.key, wanted, strict=False))
                if len(rule.key) == len(wanted) and all(
                    mine[0] == "$" or mine == given for mine, given in pairs
                ):
                    return rule, {mine: given for mine, given in pairs if mine[0] == "$"}
        raise ValueError(f"the rules name <{' '.join(key)}>, and there is no such rule or class of words")

    def phrase(self, items: tuple[Item, ...], after: int, head: bool, bound: dict[str, str]) -> int:
        """The state before a phrase; a phrase of one item is that item."""
        said = [item for item in items if not isinstance(item, Mood)]
        if len(said) == 1 and not isinstance(said[0], Maybe):
            return self._item(said[0], after, head, bound)
        if sum(getattr(item, "head", False) for item in said) != 1:
            raise ValueError(f"a phrase needs one head, marked by *: {items}")
        inside = self.marked(after, ")")
        return self.marked(self._sequence(items, inside, bound), "[" if head else "(")

    def _sequence(self, items: tuple[Item, ...], after: int, bound: dict[str, str]) -> int:
        for item in reversed(items):
            after = self._item(item, after, getattr(item, "head", False), bound)
        return after

    def _item(self, item: Item, after: int, head: bool, bound: dict[str, str]) -> int:
        match item:
            case Literal(text="a"):
                return self._article(after)
            case Literal():
                return self.state([Arc(1.0, literal(item.text, item.tag), "*" if head else ".", after)])
            case Call():
                return self.call(tuple(bound.get(part, part) for part in item.key), after, head)
            case Phrase():
                return self.phrase(item.items, after, head, bound)
            case Maybe():
                there = self._sequence(item.items, after, bound)
                return self.union([(item.probability, there), (1 - item.probability, after)])
            case Mood():
                return self.marked(after, MOODS[item.value])

    def _article(self, after: int) -> int:
        """ "a" before a consonant, "an" before a vowel."""
        found = []
        for text, vowel in (("a", False), ("an", True)):
            arcs = [arc for arc in self.states[after] if (arc.reading.text[0] in "aeiou") == vowel]
            if arcs:
                share = sum(arc.probability for arc in arcs)
                found.append(Arc(share, Reading(text, "DET", "sing"), ".", self.state(arcs)))
        return self.state(found)


def _variables(items: Iterable[Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Call):
            yield from (part for part in item.key if part[0] == "$")
        elif isinstance(item, Phrase | Maybe):
            yield from _variables(item.items)


def _facts() -> notation.Rule:
    """The facts as rules: a kind of fact is as likely as the square root of how many there are, then by Zipf."""
    lines = []
    for sentences in FACTS.values():
        harmonic = sum(1 / rank for rank in range(1, len(sentences) + 1))
        for rank, sentence in enumerate(sentences, 1):
            weight = len(sentences) ** 0.5 / rank / harmonic
            lines.append((weight, notation.items_of(sentence.replace("=", ""))))
    return notation.Rule(("fact",), tuple(lines))


def expand() -> list[State]:
    """The automaton of the grammar: state 0 begins a sentence, in capitals; the arc of `END` leads to `FINAL`."""
    expansion = Expansion([*notation.read(RULES), _facts()])
    last = expansion.state([Arc(1.0, Reading(END, "", ""), "", FINAL)])
    first = expansion.call(("sentence",), last, head=True)
    capital = [
        Arc(
            arc.probability,
            Reading(arc.reading.text[0].upper() + arc.reading.text[1:], *_annotation(arc.reading)),
            arc.marks,
            arc.target,
        )
        for arc in expansion.states[first]
    ]
    return _reachable(expansion.states, expansion.state(capital))


def _annotation(reading: Reading) -> tuple[str, str, str]:
    return reading.tag, reading.number, reading.group


def _reachable(states: list[State], first: int) -> list[State]:
    order, numbers = [first], {first: 0, FINAL: FINAL}
    for number in order:
        for arc in states[number]:
            if arc.target not in numbers:
                numbers[arc.target] = len(order)
                order.append(arc.target)
    return [
        tuple(Arc(arc.probability, arc.reading, arc.marks, numbers[arc.target]) for arc in states[number])
        for number in order
    ]
