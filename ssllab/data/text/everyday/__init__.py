"""Everyday English: a small language of our own, whose true next-word distribution, entropy and trees are known.

`rules` and `lexicon` and `facts` are its tables, in the notation of `notation`; `automaton` writes them out, `filter` reads
along, `sentences` draws, `pairs` spoils sentences by one word, and `grammar` is what others use.
"""

from ssllab.data.text.everyday.automaton import END
from ssllab.data.text.everyday.facts import Fact
from ssllab.data.text.everyday.grammar import Grammar, everyday
from ssllab.data.text.everyday.pairs import Pair
from ssllab.data.text.everyday.sentences import Sentence, Word

__all__ = ["END", "Fact", "Grammar", "Pair", "Sentence", "Word", "everyday"]
