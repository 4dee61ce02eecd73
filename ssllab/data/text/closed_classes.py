"""Words of English grammar: classes that are closed, so that a list by hand is whole.

A word that belongs to several stands under the use that is most frequent; without its sentence that is a guess. Nouns,
verbs, adjectives and adverbs are open classes, of which no list is whole: their words have no tag.
"""

from __future__ import annotations

_CLASSES = {
    "DET": "the a an this these those every each either neither another any some no all both half such which what whatever "
    "whichever my your his its our their thy whose",
    "PRON": "i me mine myself you yours yourself yourselves he him himself she her hers herself it itself we us ours "
    "ourselves they them theirs themselves thou thee thine thyself ye who whom whoever whomever anybody anyone anything "
    "everybody everyone everything nobody nothing somebody someone something oneself none",
    "ADP": "of in for on with at by from into about through between against during without under within among upon above "
    "across along around behind below beneath beside besides beyond despite down except inside like near off onto out "
    "outside over past per round since till toward towards underneath unlike until unto up via amid amidst amongst "
    "throughout",
    "AUX": "is are was were be been being am do does did have has had having can could may might must shall should will "
    "would ought cannot hath doth art wilt shalt 'll 've 're 'd 'm",
    "CCONJ": "and or but nor yet plus",
    "SCONJ": "that if because although though while whereas whether unless as than lest whenever wherever",
    "PART": "to not n't 's",
}
CLOSED = {word: tag for tag, words in _CLASSES.items() for word in words.split()}
