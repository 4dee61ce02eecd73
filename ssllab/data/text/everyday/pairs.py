"""Minimal pairs in the manner of BLiMP: a sentence of the grammar, and the same with one word that makes it wrong."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ssllab.data.text.everyday.lexicon import VERBS, conjugated
from ssllab.data.text.everyday.sentences import Sentence, Word, written


@dataclass(frozen=True)
class Pair:
    """Two sentences that differ in one word: ``good`` is in the language, ``bad`` is not."""

    good: str
    bad: str
    phenomenon: str


def _both(*pairs: tuple[str, str]) -> dict[str, str]:
    return dict(pairs) | {right: left for left, right in pairs}


_FINITE = _both(
    *(
        (conjugated(verb)["sing"], conjugated(verb)["base"])
        for _, words in VERBS.values()
        for verb in words.split()
    ),
    ("is", "are"),
    ("was", "were"),
    ("has", "have"),
)
_TENSE = {
    form[tense]: form[other]
    for _, words in VERBS.values()
    for form in map(conjugated, words.split())
    for tense, other in (("past", "sing"), ("sing", "past"))
    if form["past"] != form["base"]  # "read" does not tell
}
_DETERMINERS = _both(
    ("this", "these"), ("This", "These"), ("that", "those"), ("every", "many"), ("Every", "Many")
)
_DETERMINERS |= {
    "a": "two",
    "A": "Two",
    "an": "two",
    "An": "Two",
    "two": "a",
    "three": "a",
    "Two": "A",
    "Three": "A",
}
_ARTICLES = _both(("a", "an"), ("A", "An"))
_WHEN = _both(("lately", "tomorrow"), ("Lately", "Tomorrow"))
_REFLEXIVES = _both(("himself", "herself")) | {
    "themselves": "himself",
    "ourselves": "myself",
    "myself": "ourselves",
}

PHENOMENA = (
    "agreement",
    "agreement across a phrase",
    "agreement across a relative clause",
    "agreement across an aside",
    "agreement after there",
    "determiner and noun",
    "a and an",
    "reflexive pronoun",
    "tense with yesterday",
    "tense with lately",
)


def find(drawn: Iterable[Sentence], wrong: Callable[[Sequence[str]], bool], count: int) -> tuple[Pair, ...]:
    """The first ``count`` pairs of each phenomenon among sentences ``drawn``; ``wrong``: words that are no sentence."""
    found: dict[str, dict[str, Pair]] = {phenomenon: {} for phenomenon in PHENOMENA}
    for sentence in drawn:
        for phenomenon, place, word in _faults(sentence.words):
            pairs = found[phenomenon]
            if len(pairs) < count and sentence.text not in pairs:
                bad = [other.text for other in sentence.words]
                bad[place] = word
                if wrong(bad):
                    pairs[sentence.text] = Pair(sentence.text, written(bad), phenomenon)
        if all(len(pairs) == count for pairs in found.values()):
            break
    return tuple(pair for pairs in found.values() for pair in pairs.values())


def _faults(words: Sequence[Word]) -> Iterator[tuple[str, int, str]]:
    """What can be made wrong in a sentence: the phenomenon, the place, the wrong word."""
    texts = [word.text for word in words]
    for place, word in enumerate(words):
        if word.tag in ("VERB", "AUX") and word.number and word.text in _FINITE:
            phenomenon = _agreement(words, place)
            if phenomenon:
                yield phenomenon, place, _FINITE[word.text]
        if word.tag in ("DET", "NUM") and word.text in _DETERMINERS and words[word.head].tag == "NOUN":
            yield "determiner and noun", place, _DETERMINERS[word.text]
        if word.tag == "DET" and word.text in _ARTICLES:
            yield "a and an", place, _ARTICLES[word.text]
        if word.text in _REFLEXIVES:
            yield "reflexive pronoun", place, _REFLEXIVES[word.text]
        if (
            word.tag == "VERB"
            and word.head == -1
            and word.text in _TENSE
            and {"yesterday", "Yesterday"} & set(texts)
        ):
            yield "tense with yesterday", place, _TENSE[word.text]
        if word.text in _WHEN:
            yield "tense with lately", place, _WHEN[word.text]


def _agreement(words: Sequence[Word], verb: int) -> str:
    """Across what the verb agrees with its subject; empty where no noun agrees with it, or none of another number misleads.

    Between the two, a phrase or a relative clause counts only with a noun of the other number in it.
    """
    clause = verb if words[verb].tag == "VERB" or words[verb].head == -1 else words[verb].head
    subjects = [
        place
        for place, word in enumerate(words[:verb])
        if word.head == clause and word.tag in ("NOUN", "PROPN", "PRON") and word.number == words[verb].number
    ]
    if not subjects:
        after_there = any(word.text in ("There", "there") for word in words[:verb])
        return "agreement after there" if after_there else ""
    between = words[subjects[-1] + 1 : verb]
    misleads = any(word.tag == "NOUN" and word.number not in ("", words[verb].number) for word in between)
    if any(word.text == "though" for word in between):
        return "agreement across an aside"
    if any(word.tag == "PRON" for word in between):
        return "agreement across a relative clause" if misleads else ""
    if any(word.tag == "ADP" for word in between):
        return "agreement across a phrase" if misleads else ""
    return "agreement"
