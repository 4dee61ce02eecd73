"""Models of sequences: what they are trained on, that runs repeat, and what they answer when they are asked."""

import math

import numpy as np
import pytest
import torch

from ssllab.data.text.everyday.automaton import END as SENTENCE_END
from ssllab.data.text.everyday.grammar import everyday
from ssllab.data.text.minimal_pairs import Pair
from ssllab.data.text.types import TextData, split_of
from ssllab.methods.causal_lm import CausalLM
from ssllab.methods.masked_lm import hidden, window_starts
from ssllab.methods.minimal_pairs import Judged, judge, wilson
from ssllab.methods.registry import method_class
from ssllab.methods.sequences import HELD_OUT, true_loss
from ssllab.methods.symbol_stream import stream
from ssllab.text.units import END
from ssllab.training.checkpoint import snapshot
from ssllab.training.run_record import RunSettings
from ssllab.training.session import Session
from ssllab.training.trainer import Trainer

SMALL = {"context": 16, "width": 16, "layers": 2, "batch_size": 4, "warmup_steps": 0}


def trainer(method, data, seed=0, **config):
    fields = method_class(method).Config.model_fields
    small = {key: value for key, value in SMALL.items() if key in fields}
    return Trainer(RunSettings(method=method, config={**small, **config}, data=data.name, seed=seed), data)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def prose():
    text = "the cat sat on the mat and the dog sat on the log. " * 40
    return TextData("prose", "Prose", split_of([text]), split_of([text[:400]]))


def test_the_loss_is_how_surprising_the_next_symbol_is(prose):
    made = trainer("causal_lm", prose, unit="char")
    batch = made.batches.next(made.config)
    method: CausalLM = made.method
    loss = method.step(batch, made.generator).loss.item()
    logits = method.model.logits(method.model(batch[:, :-1]))
    by_hand = [
        -logits[row, place].log_softmax(0)[batch[row, place + 1]].item()
        for row in range(batch.shape[0])
        for place in range(batch.shape[1] - 1)
    ]
    assert loss == pytest.approx(np.mean(by_hand), abs=1e-5)
    assert made.probe().scalars["held_out_loss"] == pytest.approx(math.log(len(method.units)), abs=0.1)


@pytest.mark.parametrize("method", ["causal_lm", "masked_lm", "lstm_lm"])
def test_a_run_goes_on_bit_for_bit_with_dropout_and_after_live_changes(prose, method):
    def start():
        return trainer(method, prose, unit="char", dropout=0.2, seed=3)

    def some(made, steps):
        return [made.train_step()["loss"] for _ in range(steps)]

    whole = start()
    some(whole, 3)
    whole.set("batch_size", 7)
    whole.set("seen", 5)
    some(whole, 2)
    tree = snapshot(whole.state())
    expected = some(whole, 3)
    again = start()
    again.load(tree)
    assert some(again, 3) == expected


@pytest.mark.parametrize("method", ["causal_lm", "masked_lm", "lstm_lm", "ngram"])
def test_each_learns_a_text_that_repeats_itself(prose, method):
    settings = {"learning_rate": 1e-2, "batch_size": 16}
    if method == "masked_lm":  # it is told nine symbols in a batch where others are told all
        settings |= {"width": 64, "layers": 1, "learning_rate": 3e-3}
    if method == "ngram":
        settings = {"chunk": 1}
    made = trainer(method, prose, unit="char", **settings)
    before = made.probe().scalars["held_out_loss"]
    for _ in range(300 if method == "masked_lm" else 100):
        if made.over:
            break
        made.train_step()
    after = made.probe()
    assert after.scalars["held_out_loss"] < 0.8 * min(before, after.constants["unigram_loss"])
    assert after.constants["uniform_loss"] == pytest.approx(math.log(len(made.method.units)))


def test_counting_goes_through_the_text_once_and_is_over(prose):
    session = Session(RunSettings(method="ngram", config={"unit": "char", "chunk": 1}, data="prose"), prose)
    session.start()
    assert session.wait(60)
    assert session.state == "finished"
    assert session.step == math.ceil((prose.train.size + 2) / 1024)  # an end before it, and one behind


@pytest.mark.parametrize("method", ["causal_lm", "lstm_lm", "ngram"])
def test_every_symbol_after_the_first_is_scored_once_whatever_the_stride(prose, method):
    model = trainer(method, prose, unit="char").method.eval().asked()
    ids = stream(prose.test, model.units)
    for length in (2, 10, 17, 18, 100):
        for stride in (0, 1, 5, 16):
            if method == "ngram" or stride <= model.context:
                assert len(model.log_probabilities(ids[:length], stride)) == length - 1
    first = model.log_probabilities(ids[:100])[: model.context if method != "ngram" else 99]
    one_by_one = [model.next(ids[: at + 1])[ids[at + 1]] for at in range(len(first))]
    assert np.allclose(first, one_by_one, atol=1e-4)
    assert np.allclose(
        model.sentences([ids[:9], ids[:4], ids[:9]]),
        [model.log_probabilities(part).sum() for part in (ids[:9], ids[:4], ids[:9])],
        atol=1e-4,
    )


@pytest.mark.parametrize("method", ["causal_lm", "lstm_lm", "ngram"])
def test_what_comes_after_each_symbol_is_told_at_once_as_one_by_one(prose, method):
    model = trainer(method, prose, unit="char").method.eval().asked()
    ids = stream(prose.test, model.units)[:40]
    rows = model.after_each(ids)
    assert rows.shape == (40, len(model.units))
    told = 40 if method == "ngram" else model.context
    one_by_one = np.stack([model.next(ids[: at + 1]) for at in range(told)])
    assert np.allclose(rows[:told], one_by_one, atol=1e-4)
    assert np.allclose(np.exp(rows).sum(1), 1, atol=1e-4)
    if (
        method != "ngram"
    ):  # past the context a window ends every half of one, and is told all of it at its end
        assert np.allclose(rows[-1], model.next(ids), atol=1e-4)


def test_a_masked_model_is_asked_for_any_place_of_any_text(prose):
    model = trainer("masked_lm", prose, unit="char").method.eval().asked()
    ids = stream(prose.test, model.units)
    for length, place in ((5, 2), (40, 0), (40, 20), (40, 39)):
        assert np.exp(model.at(ids[:length], place)).sum() == pytest.approx(1, abs=1e-4)
        other = ids[:length].copy()
        other[place] = (other[place] + 1) % len(model.units)  # what is hidden is not seen
        assert np.array_equal(model.at(ids[:length], place), model.at(other, place))
    each = model.at_each(ids[:10])
    assert np.allclose(each, [model.at(ids[:10], place) for place in range(1, 10)], atol=1e-4)
    scores = model.window(ids[:10])
    assert np.allclose(scores, [model.at(ids[:10], place)[ids[place]] for place in range(1, 10)], atol=1e-4)


def test_a_masked_model_that_scores_a_part_of_a_word_is_not_told_the_rest(prose):
    model = trainer("masked_lm", prose, unit="bpe", vocabulary=270).method.eval().asked()
    first, second = (
        np.concatenate([[END], model.units.encode(text)]).astype(np.int32) for text in ("xyzzy q", "xyqqy q")
    )
    assert len(first) == len(second)
    different = first != second
    scores = model.window(first), model.window(second)
    before = int(different.argmax()) - 1  # of the places that stand before what differs, in one word
    assert np.array_equal(scores[0][:before], scores[1][:before])
    assert scores[0][-1] != scores[1][-1]  # the word behind is told all of it


def test_held_out_windows_of_a_masked_model_begin_where_a_document_does():
    ids = np.array([0, 5, 6, 0, 7, 8, 9, 0, 3, 0, 4, 4, 4, 4, 4, 4, 4, 4])
    assert window_starts(ids, 5).tolist() == [0, 3, 7, 9]  # of the last, longer than a window, what is whole
    assert window_starts(ids[ids > 0], 5).tolist() == [0, 5]  # no document begins
    assert window_starts(ids, len(ids)).tolist() == [0]


def test_of_the_chosen_symbols_eight_tenths_are_hidden_and_one_tenth_swapped():
    ids = torch.randint(50, (400, 100), generator=torch.Generator().manual_seed(0))
    shown, chosen = hidden(ids, 0.15, 50, torch.Generator().manual_seed(1))
    assert float(chosen.float().mean()) == pytest.approx(0.15, abs=0.01)
    assert torch.equal(shown[~chosen], ids[~chosen])
    masked, same = shown[chosen] == 50, shown[chosen] == ids[chosen]
    assert float(masked.float().mean()) == pytest.approx(0.8, abs=0.02)
    assert float(same.float().mean()) == pytest.approx(0.1 + 0.1 / 50, abs=0.02)
    _, chosen = hidden(ids[:1, :3], 1e-9, 50, torch.Generator().manual_seed(2))
    assert int(chosen.sum()) == 1


def test_sentences_whose_truth_is_known_are_read_from_their_beginning(everyday_text):
    made = trainer("causal_lm", everyday_text)
    batch = made.batches.next(made.config)
    assert (batch[:, 0] == END).all()
    constants = made.probe().constants
    assert (
        constants["true_entropy"]
        < constants["kn5_loss"]
        < constants["bigram_loss"]
        < constants["unigram_loss"]
    )


@pytest.mark.parametrize("unit", ["char", "byte", "bpe"])
def test_the_truth_has_as_many_nats_whatever_a_sentence_is_cut_into(everyday_text, unit):
    made = trainer("ngram", everyday_text, unit=unit)
    units, test = made.method.units, everyday_text.test
    read = stream(test, units)[:HELD_OUT]
    whole = np.flatnonzero(read == END)
    words = [
        word for i in range(len(whole) - 1) for word in [*everyday().split(test.document(i)), SENTENCE_END]
    ]
    nats = -everyday().log_probabilities([everyday().places[word] for word in words]).sum()
    constants = made.method.constants(everyday_text)
    assert constants["true_entropy"] == pytest.approx(nats / (whole[-1] - whole[0]))
    assert constants["true_entropy"] < constants["kn5_loss"]
    if unit == "char":
        assert constants["true_entropy"] == pytest.approx(everyday().character_entropy, rel=0.1)
    else:
        assert true_loss(split_of(["A cat sat where no grammar goes."] * 3), units) is None


def test_a_tie_counts_half_and_what_is_unknown_is_not_covered(prose):
    model = trainer("ngram", prose, unit="word").method.asked()
    pairs = [Pair("the cat sat", "the cat sat"), Pair("the dog sat", "the wolf sat")]
    assert judge(model, pairs) == Judged(pairs=2, covered=1, right=0.5, ties=1)
    low, high = wilson(7, 10)
    assert (low, high) == pytest.approx((0.3968, 0.8922), abs=1e-4)  # Wilson 1927; Brown, Cai, DasGupta 2001


def test_what_a_model_reads_is_kept_with_its_weights(prose):
    made = trainer("causal_lm", prose, unit="bpe", vocabulary=300)
    for _ in range(3):
        made.train_step()
    asked = CausalLM.stored(made.config, dict(made.method.state_dict())).asked()
    ids = np.concatenate([[END], made.method.units.encode("the cat")]).astype(np.int32)
    assert np.array_equal(asked.units.encode("the cat"), ids[1:])
    assert np.allclose(asked.next(ids), made.method.eval().asked().next(ids))


def test_counts_begin_a_text_as_its_texts_begin_however_long_their_n_grams(everyday_text):
    """Before an end stands nearly always a stop: how many symbols stood before it says nothing of how texts begin."""
    made = trainer("ngram", everyday_text, unit="word")
    ids = stream(everyday_text.train, made.method.units)
    made.method.counts.count(ids)
    model = made.method.asked()
    after = np.bincount(ids[1:][ids[:-1] == END], minlength=len(model.units)) / (ids[:-1] == END).sum()
    begin = np.exp(model.next(np.array([END], np.int32)))
    assert begin.sum() == pytest.approx(1, abs=1e-4)
    assert begin.argmax() == after.argmax()
    assert begin == pytest.approx(after, abs=0.02)
    sentence = np.array([END, *model.units.encode("The calico cat sits on the sunny ledge.")], np.int32)
    each = [model.next(sentence[:place])[sentence[place]] for place in range(1, len(sentence))]
    assert model.log_probabilities(sentence) == pytest.approx(each, abs=1e-5)
    assert each[0] == pytest.approx(math.log(after[sentence[1]]), abs=0.1)
