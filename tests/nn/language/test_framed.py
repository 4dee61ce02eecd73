"""BERT's two symbols around a text."""

import pytest
import torch

from ssllab.nn.language.framed import Framed
from ssllab.nn.language.transformer import Shape, Transformer

START, END = 5, 0


@pytest.fixture
def two():
    """One with a frame and the same one without."""
    torch.manual_seed(0)
    shape = Shape(20, 12, 2, 2, 16, causal=False, bias=True, norm_first=False, scorer=True)
    plain, framed = Transformer(shape).eval(), Framed(shape, START, END).eval()
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    framed.load_state_dict(plain.state_dict())
    return plain, framed


@pytest.mark.parametrize(
    ("ids", "read"),
    [
        ([7, 8, 9], [START, 7, 8, 9, END]),
        ([END, 7, 8], [START, 7, 8, END]),
        ([END, 7, END], [START, 7, END]),
    ],
)
@torch.no_grad()
def test_a_text_is_read_between_them_and_they_are_not_given(two, ids, read):
    plain, framed = two
    maps, layers, all_maps, all_layers = [], [], [], []
    found = framed(torch.tensor([ids]), maps=maps, layers=layers)
    expected = plain(torch.tensor([read]), maps=all_maps, layers=all_layers)
    first = read.index(7) - ids.index(7)
    own = slice(first, first + len(ids))
    assert torch.allclose(found, expected[:, own], atol=1e-6)
    assert all(torch.allclose(a, b[:, own], atol=1e-6) for a, b in zip(layers, all_layers, strict=True))
    assert all(torch.allclose(a, b[..., own, own], atol=1e-6) for a, b in zip(maps, all_maps, strict=True))
    assert torch.equal(framed.hidden(layers[-1]), found)  # no norm follows


def test_the_context_is_what_is_left_for_a_text(two):
    _, framed = two
    assert framed.shape.context == 10
    framed(torch.full((1, 10), 7))
    with pytest.raises(ValueError, match="13 symbols: expected at most the context of 12"):
        framed(torch.full((1, 11), 7))
