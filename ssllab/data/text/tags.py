"""What is known of symbols besides how often they come: part of speech and meaning, where a grammar tells; else a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ssllab.data.text.closed_classes import CLOSED

if TYPE_CHECKING:
    from ssllab.text.symbols import Units

#: Universal parts of speech in words, in the order in which they are listed.
PARTS_OF_SPEECH = {
    "NOUN": "nouns",
    "VERB": "verbs",
    "ADJ": "adjectives",
    "DET": "determiners",
    "ADP": "prepositions",
    "PROPN": "names",
    "PRON": "pronouns",
    "ADV": "adverbs",
    "AUX": "auxiliaries",
    "NUM": "numbers",
    "CCONJ": "conjunctions",
    "SCONJ": "subordinators",
    "PART": "particles",
    "PUNCT": "punctuation",
    "END": "the end",
}


#: Stands behind a part of speech that the word may have: which one it has depends on its sentence.
GUESS = "?"


def tags_of(units: Units, language: str) -> dict[str, tuple[str, str]]:
    """Symbol -> (part of speech, meaning: "" for words of grammar), by its most frequent reading. In prose, whose grammar
    is not known, only words of grammar have one, and it is a :data:`GUESS`. The grammar is built at the first call: some
    seconds."""
    if language not in ("everyday", "prose") or units.name not in ("word", "bpe", "wordpiece"):
        return {}
    from ssllab.text.symbols import END, END_NAME

    tagged = _known if language == "everyday" else _guessed
    found = {END_NAME: ("END", "")}
    for id in range(END + 1, len(units.symbols)):
        tags = None if units.continues(id) else tagged(units.decode([id]).strip())
        if tags is not None:
            found[units.symbols[id]] = tags
    return found


def part_of_speech(tag: str) -> str:
    """In words, with the mark of a guess; "" for none."""
    words = PARTS_OF_SPEECH.get(tag.removesuffix(GUESS), "")
    return words + GUESS if words and tag.endswith(GUESS) else words


def _known(word: str) -> tuple[str, str] | None:
    from ssllab.data.text.everyday.grammar import everyday

    reading = everyday().usual.get(word)
    return None if reading is None else (reading.tag, reading.group)


def _guessed(word: str) -> tuple[str, str] | None:
    if word and not any(letter.isalnum() for letter in word):
        return "PUNCT", ""
    tag = CLOSED.get(word.lower())
    return None if tag is None else (tag + GUESS, "")
