"""What is always so in the world of Everyday English: a model that has read enough of it knows these answers."""

import re
from dataclasses import dataclass

# relation -> sentences in the notation of the rules (see `notation`), the answer marked by "=", the likeliest first
_CAPITALS = (
    "Paris France, Rome Italy, London England, Vienna Austria, Oslo Norway, Lisbon Portugal, Cairo Egypt, "
    "Berlin Germany, Madrid Spain, Tokyo Japan, Athens Greece, Dublin Ireland"
)
_FOUNDED = "Boston 1630, Sydney 1788, Montreal 1642, Lima 1535, Helsinki 1550, Philadelphia 1682"
_EXPEDITIONS = "Ushuaia Antarctica, Kathmandu Everest, Manaus Amazonia, Moshi Kilimanjaro"
_DAYS = (
    "Tuesday Monday, Wednesday Tuesday, Thursday Wednesday, Friday Thursday, Saturday Friday, Sunday Saturday, "
    "Monday Sunday"
)


def _each(sentence: str, pairs: str) -> list[str]:
    return [sentence.format(*pair.split()) for pair in pairs.split(", ")]


FACTS: dict[str, list[str]] = {
    "capital": _each("{0} is the *capital (of *={1})", _CAPITALS),
    "founded": _each("{0} was *founded (in *={1})", _FOUNDED),
    "expeditions": _each(
        "{0} is a launching *point (for *expeditions (to *={1}))",
        _EXPEDITIONS,
    ),
    "days": _each("{0} *comes (after *={1})", _DAYS),
    "colour": ["snow is *=white", "grass is *=green", "coal is *=black", "(the *sky) is *=blue"],
    "produce": ["bees *make =honey", "cows *give =milk", "hens *lay =eggs", "spiders *spin =webs"],
    "sun": ["(the *sun) *rises (in the *=east)", "(the *sun) *sets (in the *=west)"],
    "number": [
        "(a *week) *has/VERB (=seven *days)",
        "(a *bicycle) *has/VERB (=two *wheels)",
        "(a *year) *has/VERB (=twelve *months)",
        "(a *spider) *has/VERB (=eight *legs)",
        "(a *hand) *has/VERB (=five *fingers)",
        "(a *minute) *has/VERB (=sixty *seconds)",
    ],
    "made of": [
        "glass is *made (from *=sand)",
        "bread is *made (from *=flour)",
        "paper is *made (from *=wood)",
    ],
}


@dataclass(frozen=True)
class Fact:
    """One fact as a cloze: ``prompt`` (from the sentence's start) is followed by ``answer``; ``relation`` is its kind."""

    prompt: tuple[str, ...]
    answer: str
    relation: str


def read(relation: str, line: str) -> Fact:
    """The cloze of one line of `FACTS`."""
    words = re.sub(r"[*()]|/[A-Z]+", "", line).split()
    at = next(place for place, word in enumerate(words) if word.startswith("="))
    prompt = (words[0][0].upper() + words[0][1:], *words[1:at])
    return Fact(prompt, words[at][1:], relation)


def facts() -> tuple[Fact, ...]:
    """Every fact of the grammar's world."""
    return tuple(read(relation, line) for relation, lines in FACTS.items() for line in lines)
