"""How the rules are written, and read.

A rule is a header, ``name $variable ... =``, and its alternatives below, one a line: a weight and what stands there.

=================  ==========================================================================================
``word``           a word; ``word/TAG`` where the same word has several parts of speech
``<name args>``    what the rule or the class of words of that name gives
``*item``          the head of its phrase: the other items of the phrase depend on it
``(items)``        a phrase of its own inside the line
``[.3 items]``     items that are there with probability .3
``@positive``      the sentence praises (``@negative``: blames)
=================  ==========================================================================================

A variable that the header has not is chosen in the line, by the weights of its domain.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    """A word written out; ``tag`` is empty where it has one part of speech only."""

    text: str
    tag: str = ""
    head: bool = False


@dataclass(frozen=True)
class Call:
    """``<name args>``: ``key`` is the name and its arguments, variables among them."""

    key: tuple[str, ...]
    head: bool = False


@dataclass(frozen=True)
class Phrase:
    """``(items)``: a phrase inside a line."""

    items: tuple["Item", ...]
    head: bool = False


@dataclass(frozen=True)
class Maybe:
    """``[.3 items]``: items that stand there with ``probability``."""

    probability: float
    items: tuple["Item", ...]


@dataclass(frozen=True)
class Mood:
    """``@positive`` or ``@negative``: what the sentence says of its matter."""

    value: str


Item = Literal | Call | Phrase | Maybe | Mood


@dataclass(frozen=True)
class Rule:
    """The alternatives of one header: ``key`` (names, ``$variables``) and (weight, items) for each line."""

    key: tuple[str, ...]
    lines: tuple[tuple[float, tuple[Item, ...]], ...]


_TOKEN = re.compile(r"@\w+|\[[\d.]+|\]|\*?\(|\)|\*?<[^>]+>|[^\s()\[\]<>]+")


def items_of(text: str) -> tuple[Item, ...]:
    """The items of one line, without its weight."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens).replace(" ", "") != re.sub(r"\s", "", text):
        raise ValueError(f"not in the notation of rules: {text!r}")
    items, rest = _items(tokens)
    if rest:
        raise ValueError(f"{rest[0]!r} closes nothing in {text!r}")
    return items


def _items(tokens: list[str]) -> tuple[tuple[Item, ...], list[str]]:
    items: list[Item] = []
    while tokens and tokens[0] not in (")", "]"):
        token, tokens = tokens[0], tokens[1:]
        head, body = token.startswith("*"), token.removeprefix("*")
        if body == "(":
            inner, tokens = _items(tokens)
            tokens = tokens[1:]
            items.append(Phrase(inner, head))
        elif body.startswith("["):
            inner, tokens = _items(tokens)
            tokens = tokens[1:]
            items.append(Maybe(float(body[1:]), inner))
        elif body.startswith("@"):
            items.append(Mood(body[1:]))
        elif body.startswith("<"):
            items.append(Call(tuple(body[1:-1].split()), head))
        else:
            word, _, tag = body.partition("/")
            items.append(Literal(word, tag, head))
    return tuple(items), tokens


def read(text: str) -> tuple[Rule, ...]:
    """The rules of a text in this notation; blank lines and what follows ``#`` are skipped."""
    rules: list[Rule] = []
    key: tuple[str, ...] = ()
    lines: list[tuple[float, tuple[Item, ...]]] = []
    for raw in [*text.splitlines(), "="]:
        line = raw.partition("#")[0].strip()
        if line.endswith("="):
            if key:
                rules.append(Rule(key, tuple(lines)))
            key, lines = tuple(line[:-1].split()), []
        elif line:
            weight, _, rest = line.partition(" ")
            lines.append((float(weight), items_of(rest)))
    return tuple(rules)
