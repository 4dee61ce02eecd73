"""What is read inside a model is what the model does."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ssllab.methods.causal_lm import CausalLM, CausalLMConfig
from ssllab.methods.lstm_lm import LSTMLM, LSTMConfig
from ssllab.methods.masked_lm import MaskedLM, MaskedLMConfig, MaskedPredictor
from ssllab.methods.ngram import NGram, NGramConfig
from ssllab.methods.stored_language import Remembering
from ssllab.nn.language.framed import Framed
from ssllab.nn.language.transformer import Shape, Transformer
from ssllab.text.units import learn

TEXT = "the cat sits on the mat and the dog sits on the rug while the old cat sleeps"
UNITS = learn("word", [TEXT])
IDS = np.append(0, UNITS.encode(TEXT)).astype(np.int32)
SMALL = {"layers": 3, "heads": 2, "width": 16, "context": 12}
KINDS = {
    "causal_lm": (CausalLM, CausalLMConfig, SMALL),
    "masked_lm": (MaskedLM, MaskedLMConfig, SMALL),
    "lstm_lm": (LSTMLM, LSTMConfig, {"layers": 2, "width": 16, "context": 12}),
    "ngram": (NGram, NGramConfig, {}),
}


def method(name):
    kind, config, settings = KINDS[name]
    torch.manual_seed(3)
    made = kind(config.make(settings), UNITS)
    if name == "ngram":
        made.counts.count(IDS)
    for parameter in made.parameters():  # weights as large as trained ones
        torch.nn.init.normal_(parameter, std=0.4)
    return made.eval()


@pytest.mark.parametrize("name", ["causal_lm", "masked_lm"])
@pytest.mark.parametrize("length", [4, 17])
def test_the_last_layer_says_what_the_model_says_and_each_is_a_distribution(name, length):
    asked = method(name).asked()
    ids = IDS[:length]
    read = asked.by_layer(ids, length)
    assert read.logs.shape == (4, len(UNITS))
    assert np.exp(read.logs).sum(1) == pytest.approx(np.ones(4), abs=1e-5)
    assert read.logs[-1] == pytest.approx(asked.next(ids), abs=1e-5)
    assert np.abs(read.logs[0] - read.logs[-1]).max() > 0.1  # the layers between do something
    within = asked.by_layer(ids, 3).logs[-1]
    assert within == pytest.approx(asked.next(ids[:3]) if asked.causal else asked.at(ids, 3), abs=1e-5)


def _published(kind, *frame, **more):
    """A Transformer of another layout, with weights as large as trained ones."""
    torch.manual_seed(0)
    model = kind(Shape(len(UNITS) + (not more.get("causal", True)), 16, 3, 2, 16, **more), *frame)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return model.eval()


BERT = {"causal": False, "bias": True, "norm_first": False, "scorer": True, "feed": 24}
LAYOUTS = {
    "GPT-2": lambda: Remembering(_published(Transformer, bias=True, activation="gelu_tanh"), UNITS),
    "BERT": lambda: MaskedPredictor(_published(Transformer, **BERT), UNITS),
    "BERT in its frame": lambda: MaskedPredictor(_published(Framed, 1, 0, **BERT), UNITS),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_models_of_published_layouts_are_looked_into_as_ours_are(layout):
    asked = LAYOUTS[layout]()
    for length in (3, 9):
        read = asked.by_layer(IDS[:length], length)
        assert read.logs.shape == (4, len(UNITS))
        assert read.logs[-1] == pytest.approx(asked.next(IDS[:length]), abs=1e-5)
    weights = asked.attention(IDS[:9]).weights
    assert weights.shape == (3, 2, 9, 9)
    rest = 1 - weights.sum(-1)  # what is looked at in the frame is not the text's
    assert (rest > 0.001).all() if layout == "BERT in its frame" else np.abs(rest).max() < 1e-5
    many, places = [IDS[:5], IDS[1:12], IDS[:12]], [2, 3, 4]
    row = asked.next if asked.causal else None
    alone = [(row(i[:p]) if row else asked.at(i, p))[i[p]] for i, p in zip(many, places, strict=True)]
    assert asked.told(many, places) == pytest.approx(np.array(alone), abs=1e-5)
    assert asked.vectors().vectors.shape == (len(UNITS), 16)


def test_the_input_is_read_by_itself_whatever_stood_before():
    asked = method("causal_lm").asked()
    asked.model.places.weight.data.zero_()
    same_end = [np.array([0, 5, 7], np.int32), np.array([0, 9, 4, 6, 7], np.int32)]
    first, second = (asked.by_layer(ids, len(ids)).logs for ids in same_end)
    assert first[0] == pytest.approx(second[0], abs=1e-6)
    assert np.abs(first[-1] - second[-1]).max() > 0.01


@pytest.mark.parametrize("name", ["causal_lm", "masked_lm"])
@pytest.mark.parametrize("positions", ["learnt", "rotary"])
def test_attention_is_what_the_blocks_use(name, positions):
    """Rows sum to 1, a causal model looks at nothing later, and weights times values give a block's own output."""
    kind, config, settings = KINDS[name]
    torch.manual_seed(0)
    made = kind(config.make(settings | {"positions": positions}), UNITS).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    ids = IDS[:9]
    weights = made.asked().attention(ids).weights
    assert weights.shape == (3, 2, 9, 9)
    assert weights.sum(-1) == pytest.approx(np.ones((3, 2, 9)), abs=1e-5)
    if name == "causal_lm":
        assert not np.triu(weights, 1).any()
    else:
        assert np.triu(weights, 1).min(initial=1.0, where=np.triu(np.ones((9, 9), bool), 1)) > 0
    inputs, outputs = [], []

    def watch(module, given, got):
        inputs.append(given[0])
        outputs.append(got[0])

    for block in made.model.blocks:
        block.attention.register_forward_hook(watch)
    with torch.no_grad():
        made.model(torch.from_numpy(ids.astype(np.int64))[None])
        for layer, block in enumerate(made.model.blocks):
            value = block.attention.queries_keys_values(inputs[layer]).split(16, dim=2)[2]
            heads = value.view(1, 9, 2, 8).transpose(1, 2)
            mixed = torch.from_numpy(weights[layer])[None] @ heads
            ours = block.attention.out(mixed.transpose(1, 2).reshape(1, 9, 16))
            assert torch.allclose(ours, outputs[layer], atol=1e-5)


def test_training_never_writes_its_attention_out(monkeypatch):
    made = method("causal_lm")
    seen = []
    forward = type(made.model).forward

    def watched(self, *args, **more):
        seen.append(more.get("maps"))
        return forward(self, *args, **more)

    monkeypatch.setattr(type(made.model), "forward", watched)
    made.step(torch.from_numpy(IDS[None, :9].astype(np.int64)), torch.Generator().manual_seed(0))
    assert seen == [None]


def test_vectors_are_the_rows_of_the_embedding_without_the_mask():
    for name in ("causal_lm", "masked_lm", "lstm_lm"):
        made = method(name)
        vectors = made.asked().vectors().vectors
        assert vectors.shape == (len(UNITS), 16)
        assert np.array_equal(vectors, made.model.embedding.weight.detach()[: len(UNITS)].numpy())


def test_a_model_that_has_no_such_thing_says_so():
    counts, lstm = method("ngram").asked(), method("lstm_lm").asked()
    assert counts.by_layer(IDS, 3) is None is counts.attention(IDS)
    assert counts.vectors() is None
    assert lstm.by_layer(IDS, 3) is None is lstm.attention(IDS)


@pytest.mark.parametrize("name", KINDS)
def test_many_places_at_once_are_told_as_one_by_one(name):
    asked = method(name).asked()
    many = [IDS[:5], IDS[2:15], IDS[:17], IDS[1:6], IDS]
    places = [4, 3, 16, 2, 9]
    if asked.causal:
        alone = [asked.next(ids[:p])[ids[p]] for ids, p in zip(many, places, strict=True)]
    else:
        alone = [asked.at(ids, p)[ids[p]] for ids, p in zip(many, places, strict=True)]
    assert asked.told(many, places) == pytest.approx(np.array(alone), abs=1e-5)
