"""Everyday English: all that is said to be known of it is so."""

import math

import numpy as np
import pytest

from ssllab.data.text.everyday import END, everyday
from ssllab.data.text.everyday.automaton import expand
from ssllab.data.text.everyday.grammar import Grammar
from ssllab.data.text.everyday.sentences import written


def _words(text):
    return text.split()


LECTURE = _words("The calico cat sits on the sunny ledge .")
TAGS = set(_words("NOUN VERB ADJ DET ADP PRON ADV AUX CCONJ SCONJ PROPN PUNCT NUM PART"))


@pytest.fixture(scope="module")
def grammar():
    return everyday()


@pytest.fixture(scope="module")
def sentences(grammar):
    return grammar.sample(np.random.default_rng(0), 20_000)


@pytest.fixture(scope="module")
def stream(grammar):
    return grammar.symbols(np.random.default_rng(7), 120_000)


def test_it_has_several_hundred_words_and_the_end_stands_first(grammar):
    assert 300 <= len(grammar.words) <= 700
    assert grammar.words[0] == END
    assert len(set(grammar.words)) == len(grammar.words)
    assert {".", "!", ",", "and", "lately", "The", "the", "calico", "ledge"} <= set(grammar.words)
    assert all(word.isascii() for word in grammar.words)


def test_the_lectures_sentence_is_in_the_language_at_every_step(grammar):
    assert grammar.log_probability(LECTURE) > -20
    for length in range(len(LECTURE)):
        distribution = grammar.distribution(LECTURE[:length])
        assert distribution.sum() == pytest.approx(1, abs=1e-9)
        assert distribution[grammar.places[LECTURE[length]]] > 0


def test_after_sunny_ten_words_carry_half_and_ledge_is_among_them(grammar):
    distribution = grammar.distribution(LECTURE[:7])
    likeliest = np.argsort(-distribution)[:10]
    assert distribution[likeliest].sum() >= 0.5
    assert grammar.places["ledge"] in likeliest
    readings = grammar.readings(grammar.after(LECTURE[:7]))
    assert {readings[grammar.words[place]].group for place in likeliest} == {"sunny place"}


def test_a_single_word_is_sometimes_certain(grammar):
    assert grammar.distribution(_words("The calico cat sits on"))[grammar.places["the"]] == pytest.approx(1)


def test_next_word_probabilities_sum_to_one_in_sampled_contexts(grammar, sentences):
    for sentence in sentences[:300]:
        belief = grammar.start()
        for word in sentence.words:
            assert grammar.next(belief).sum() == pytest.approx(1, abs=1e-9)
            belief = grammar.advance(belief, word.text)
        assert grammar.next(belief)[0] == pytest.approx(1)  # after the full stop the sentence ends
        assert grammar.advance(belief, END) == grammar.start()


def test_the_truth_equals_counting_over_a_million_symbols(grammar, stream):
    """In every context of two words that is met often, within the error of counting."""
    assert len(stream) > 1_000_000
    before = np.concatenate([[0], stream[:-1]])
    twice = np.concatenate([[0], before[:-1]])
    firsts = before == 0
    seconds = twice == 0
    checked = 0
    for at, contexts in (
        (firsts, [()]),
        (seconds & ~firsts, [("The",), ("It",), ("Lately",), ("Paris",), ("A",)]),
    ):
        for context in contexts:
            chosen = at & (before == grammar.places[context[0]]) if context else at
            counts = np.bincount(stream[chosen], minlength=len(grammar.words))
            _agrees(counts, grammar.distribution(context))
            checked += 1
    assert checked == 6
    for text in ("The cat", "The sheep", "There is", "The weather was", "Lately , the"):
        words = text.split()
        ids = np.array([0, *(grammar.places[word] for word in words)])
        windows = np.lib.stride_tricks.sliding_window_view(stream[:-1], len(ids))
        ends = np.nonzero((windows == ids).all(axis=1))[0] + len(ids)
        assert len(ends) > 100
        _agrees(np.bincount(stream[ends], minlength=len(grammar.words)), grammar.distribution(words))


def _agrees(counts, distribution):
    total = counts.sum()
    assert counts[distribution == 0].sum() == 0
    expected = total * distribution
    often = expected >= 10
    deviation = (counts - expected)[often] / np.sqrt(expected * np.clip(1 - distribution, 1e-9, 1))[often]
    assert np.abs(deviation).max() < 5
    # Pearson's statistic over what is often enough: mean its degrees of freedom, deviation the root of twice them
    degrees = max(1, int(often.sum()))
    statistic = ((counts - expected)[often] ** 2 / expected[often]).sum()
    assert statistic < degrees + 5 * math.sqrt(2 * degrees)


def test_the_mean_information_of_samples_is_the_entropy(grammar, stream):
    surprisals = -grammar.log_probabilities(stream)
    ends = np.nonzero(stream == 0)[0]
    per_sentence = np.add.reduceat(surprisals, np.concatenate([[0], ends[:-1] + 1]))
    lengths = np.diff(np.concatenate([[-1], ends]))
    expected = grammar.expected
    for found, exact in ((per_sentence, expected.nats), (lengths, expected.symbols)):
        assert abs(found.mean() - exact) < 4 * found.std() / math.sqrt(len(found))
    # of the ratio, by the deviations of what is left when the entropy is taken off every symbol
    left = per_sentence - grammar.entropy * lengths
    error = left.std() / math.sqrt(len(left)) / lengths.mean()
    assert abs(surprisals.mean() - grammar.entropy) < 4 * error
    assert 1 < grammar.entropy < 2


def test_the_entropy_of_characters_is_that_of_the_same_sentences(grammar, sentences):
    lengths = np.array([len(sentence.text) + 1 for sentence in sentences])
    assert abs(lengths.mean() - grammar.expected.characters) < 4 * lengths.std() / math.sqrt(len(lengths))
    per_sentence = grammar.character_entropy * grammar.expected.characters
    assert per_sentence == pytest.approx(grammar.entropy * grammar.expected.symbols)


def test_the_floor_of_windows_that_begin_with_a_sentence_is_exact(grammar, stream):
    assert grammar.floor(1) == pytest.approx(grammar.expected.nats_at[0])
    begins = np.concatenate([[0], np.nonzero(stream == 0)[0] + 1])
    surprisals = -grammar.log_probabilities(stream)
    for length in (8, 64):
        windows = np.array([surprisals[at : at + length].mean() for at in begins[:-100:7]])
        assert abs(windows.mean() - grammar.floor(length)) < 4.5 * windows.std() / math.sqrt(len(windows))
    assert grammar.floor(64) > grammar.floor(2000) > grammar.entropy
    assert grammar.floor(2000) == pytest.approx(grammar.entropy, abs=2e-3)


def test_every_sentence_is_annotated_in_full(sentences):
    for sentence in sentences:
        words = sentence.words
        assert sentence.sentiment in ("positive", "negative", "neutral")
        assert [word.head for word in words].count(-1) == 1
        for place, word in enumerate(words):
            assert word.tag in TAGS
            assert word.number in ("sing", "plur", "")
            assert -1 <= word.head < len(words)
            assert word.head != place
            if word.tag in ("NOUN", "PROPN", "ADJ", "VERB"):
                assert word.group or word.text in ("is", "are", "was", "were", "has"), word
            if word.tag in ("NOUN", "PROPN"):
                assert word.number, word
        for place in range(len(words)):
            seen = set()
            while place != -1:  # every word hangs on the root: no circle
                assert place not in seen
                seen.add(place)
                place = words[place].head
    moods = [sentence.sentiment for sentence in sentences]
    assert all(moods.count(mood) > 0.03 * len(moods) for mood in ("positive", "negative", "neutral"))


def test_trees_are_projective_and_subjects_agree(sentences):
    agreeing = 0
    for sentence in sentences[:5000]:
        words = sentence.words
        arcs = [(min(at, word.head), max(at, word.head)) for at, word in enumerate(words) if word.head >= 0]
        assert not any(a < c < b < d for a, b in arcs for c, d in arcs)
        for at, word in enumerate(words):
            head = words[word.head]
            if word.tag == "NOUN" and word.head > at and head.tag == "VERB" and head.number:
                assert word.number == head.number, sentence.text
                agreeing += 1
    assert agreeing > 500


def test_the_lectures_sentence_has_its_tree(grammar):
    words = grammar.parse(LECTURE).words
    assert [word.tag for word in words] == _words("DET ADJ NOUN VERB ADP DET ADJ NOUN PUNCT")
    assert [word.head for word in words] == [2, 2, 3, -1, 7, 7, 7, 3, 3]
    groups = ["", "colour", "animal", "rest", "", "", "light", "sunny place", ""]
    assert [word.group for word in words] == groups
    assert [word.number for word in words] == ["", "", "sing", "sing", "", "", "", "sing", ""]


def test_a_sentence_that_was_drawn_is_read_as_it_was_drawn(grammar, sentences):
    """Where it can be read in two ways ("the sheep slept") the likelier one may be another; the words are the same."""
    same = 0
    for sentence in sentences[:300]:
        read = grammar.parse([word.text for word in sentence.words])
        assert read.text == sentence.text
        same += read == sentence
    assert same > 270
    with pytest.raises(ValueError, match="is no sentence"):
        grammar.parse(["The", "cat", "sit", "."])


def test_opinions_turn_with_not(sentences):
    texts = {sentence.text: sentence.sentiment for sentence in sentences}
    denied = {text: mood for text, mood in texts.items() if " not " in text}
    assert set(denied.values()) == {"positive", "negative"}
    assert all(mood == "negative" for text, mood in denied.items() if text.endswith("not delicious."))
    assert all(mood == "positive" for text, mood in denied.items() if text.endswith("not awful."))


def test_facts_are_certain(grammar):
    assert len(grammar.facts) >= 30
    assert len({fact.relation for fact in grammar.facts}) >= 6
    for fact in grammar.facts:
        assert grammar.distribution(fact.prompt)[grammar.places[fact.answer]] == pytest.approx(1), fact
    prompts = {" ".join(fact.prompt): fact.answer for fact in grammar.facts}
    assert prompts["Boston was founded in"] == "1630"
    assert prompts["Ushuaia is a launching point for expeditions to"] == "Antarctica"


def test_the_hidden_word_is_known_from_both_sides(grammar):
    distribution = grammar.masked_distribution(LECTURE, 2)
    assert distribution.sum() == pytest.approx(1)
    likely = {grammar.words[place] for place in np.nonzero(distribution)[0]}
    assert likely == {"cat", "kitten"}  # "sits" says that it is one; by the left alone "cats" is possible
    # Bayes' rule by whole sentences
    sums = [grammar.log_probability([*LECTURE[:2], word, *LECTURE[3:]]) for word in grammar.words]
    assert np.allclose(distribution, np.exp(sums) / np.exp(sums).sum())


def test_hidden_alternatives_are_summed(grammar):
    """After "The sheep" it may be one or many, so both forms of the verb can follow."""
    after = grammar.distribution(["The", "sheep"])
    assert after[grammar.places["sleeps"]] > 0
    assert after[grammar.places["sleep"]] > 0
    later = grammar.distribution(_words("The sheep near the bridge sleeps"))
    assert later.sum() == pytest.approx(1)
    # who a teacher is shows at the pronoun only
    teacher = grammar.distribution(_words("The teacher washes"))
    assert teacher[grammar.places["himself"]] == pytest.approx(teacher[grammar.places["herself"]])


def test_what_is_not_in_the_language_is_said_in_one_line(grammar):
    with pytest.raises(ValueError, match=r"'The cats sits': no sentence of Everyday English begins so"):
        grammar.distribution(["The", "cats", "sits", "on"])
    with pytest.raises(
        ValueError, match=r"'The axolotl': no sentence of Everyday English has the word 'axolotl'"
    ):
        grammar.distribution(["The", "axolotl"])
    assert grammar.log_probability(_words("The cats sits on the sofa .")) == -math.inf
    assert grammar.log_probability(_words("The cat")) == -math.inf
    with pytest.raises(ValueError, match="symbol 1"):
        grammar.log_probabilities([grammar.places["The"], 0])


def test_a_seed_gives_its_sentences_whichever_way_they_are_asked_for(grammar):
    again = Grammar(expand())
    assert again.words == grammar.words
    assert again.entropy == grammar.entropy
    drawn = again.sample(np.random.default_rng(5), 500)
    assert drawn == grammar.sample(np.random.default_rng(5), 500)
    symbols = [grammar.words[place] for place in grammar.symbols(np.random.default_rng(5), 500)]
    assert symbols == [word for sentence in drawn for word in [*(each.text for each in sentence.words), END]]


def test_no_sentences_are_no_sentences(grammar):
    assert grammar.sample(np.random.default_rng(0), 0) == []
    assert len(grammar.symbols(np.random.default_rng(0), 0)) == 0


def test_a_text_splits_into_the_words_that_it_was_written_from(grammar, sentences):
    for sentence in sentences[:2000]:
        words = [word.text for word in sentence.words]
        assert grammar.split(sentence.text) == words
        assert written(words) == sentence.text
    assert grammar.split("It rains. The") == ["It", "rains", ".", END, "The"]
    assert grammar.split("") == []
    assert np.array_equal(grammar.distribution(grammar.split("It rains. The")), grammar.distribution(["The"]))
    assert written(LECTURE) == "The calico cat sits on the sunny ledge."
