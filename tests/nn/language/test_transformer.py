"""The Transformer against transformers' GPT-2, and what causality and a cache promise."""

import pytest
import torch

from ssllab._torchvision import torchvision
from ssllab.nn.language.transformer import Cache, Shape, Transformer, rotated

assert torchvision, "torchvision must be imported through ssllab before transformers"
SYMBOLS, CONTEXT = 31, 12


def model(**changes):
    torch.manual_seed(0)
    shape = {"symbols": SYMBOLS, "context": CONTEXT, "layers": 3, "heads": 4, "width": 32, **changes}
    made = Transformer(Shape(**shape)).eval()
    for parameter in made.parameters():  # norms too, and far from their beginning
        torch.nn.init.normal_(parameter, std=0.3)
    return made


@pytest.fixture
def ids():
    return torch.randint(SYMBOLS, (3, CONTEXT), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_the_causal_one_is_gpt_2_without_biases(ids):
    import transformers

    ours = model()
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=SYMBOLS,
            n_positions=CONTEXT,
            n_embd=32,
            n_layer=3,
            n_head=4,
            activation_function="gelu",
        )
    ).eval()
    state = {name: torch.zeros_like(value) for name, value in theirs.state_dict().items()}
    state["transformer.wte.weight"] = state["lm_head.weight"] = ours.embedding.weight
    state["transformer.wpe.weight"] = ours.places.weight
    state["transformer.ln_f.weight"] = ours.norm.weight
    for i, block in enumerate(ours.blocks):
        at = f"transformer.h.{i}."
        state[at + "ln_1.weight"], state[at + "ln_2.weight"] = (
            block.attention_norm.weight,
            block.feed_norm.weight,
        )
        state[at + "attn.c_attn.weight"] = block.attention.queries_keys_values.weight.T
        state[at + "attn.c_proj.weight"] = block.attention.out.weight.T
        state[at + "mlp.c_fc.weight"], state[at + "mlp.c_proj.weight"] = (
            block.up.weight.T,
            block.down.weight.T,
        )
    theirs.load_state_dict(state)
    assert torch.allclose(ours.logits(ours(ids)), theirs(ids).logits, atol=1e-4)


@torch.no_grad()
def test_rotary_positions_are_those_of_gpt_neox():
    from transformers.models.gpt_neox import modeling_gpt_neox as neox

    x = torch.randn(2, 4, 7, 8, generator=torch.Generator().manual_seed(0))
    angle = torch.arange(5, 12)[:, None] * 10_000.0 ** (-torch.arange(0, 8, 2) / 8)
    angle = torch.cat([angle, angle], 1)[None]
    expected, _ = neox.apply_rotary_pos_emb(x, x, angle.cos(), angle.sin())
    assert torch.allclose(rotated(x, 5), expected, atol=1e-6)


@pytest.mark.parametrize("positions", ["learnt", "rotary"])
@torch.no_grad()
def test_a_later_symbol_never_changes_an_earlier_prediction(ids, positions):
    ours = model(positions=positions)
    before = ours.logits(ours(ids))
    for place in range(1, CONTEXT):
        other = ids.clone()
        other[:, place:] = (other[:, place:] + 1) % SYMBOLS
        assert torch.equal(ours.logits(ours(other))[:, :place], before[:, :place])
    both_ways = model(causal=False, positions=positions)
    other = ids.clone()
    other[:, -1] = (other[:, -1] + 1) % SYMBOLS
    assert not torch.allclose(both_ways(other)[:, 0], both_ways(ids)[:, 0])


PUBLISHED = {"bias": True, "activation": "gelu_tanh", "feed": 48}


@pytest.mark.parametrize("kind", [{}, {"positions": "rotary"}, PUBLISHED])
@pytest.mark.parametrize("pieces", [(CONTEXT,), (1,) * CONTEXT, (5, 1, 4, 2)])
@torch.no_grad()
def test_what_is_read_in_pieces_with_a_cache_is_what_is_read_at_once(ids, kind, pieces):
    ours, cache = model(**kind), Cache()
    found = torch.cat([ours(part, cache=cache) for part in ids.split(pieces, dim=1)], 1)
    assert torch.allclose(found, ours(ids), atol=1e-5)
    assert cache.length == CONTEXT


@torch.no_grad()
def test_attention_that_is_looked_at_is_the_attention_that_works(ids):
    ours, maps, layers = model(), [], []
    assert torch.allclose(ours(ids, maps=maps, layers=layers), ours(ids), atol=1e-5)
    assert [tuple(m.shape) for m in maps] == [(3, 4, CONTEXT, CONTEXT)] * 3
    assert all(torch.allclose(m.sum(-1), torch.ones(())) and not m.triu(1).any() for m in maps)
    assert len(layers) == 4


def test_dropout_repeats_with_its_generator_and_ends_with_it(ids):
    ours = model()
    twice = [ours(ids, 0.5, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*twice)
    assert not torch.allclose(twice[0], ours(ids))
    assert torch.equal(ours(ids, 0.5), ours(ids))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"heads": 5}, "multiple of 5"), ({"width": 36, "heads": 12, "positions": "rotary"}, "even width")],
)
def test_a_shape_that_cannot_be_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        model(**changes)


def test_more_than_the_context_is_refused(ids):
    with pytest.raises(ValueError, match="at most the context of 12"):
        model()(torch.cat([ids, ids], 1))
