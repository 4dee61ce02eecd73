"""The contrastive task of wav2vec 2.0 against the paper's formulas, and its known fingerprints."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ssllab.objectives.codebook_diversity import diversity_loss, entropy, entropy_loss
from ssllab.objectives.masked_contrast import (
    MaskedContrast,
    chance_loss,
    draw_distractors,
    masked_contrast,
    pack,
)


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _task(codes, masked, k=20, seed=0, dimension=6):
    frames = pack(masked)
    packed = codes.gather(1, frames.index[..., None].expand(-1, -1, codes.shape[-1]))
    shape = (*frames.index.shape, dimension)
    context = torch.randn(shape, generator=_generator(seed), dtype=torch.float64, requires_grad=True)
    table = torch.randn(64, dimension, generator=_generator(seed + 1), dtype=torch.float64)
    distractors = draw_distractors(frames, k, _generator(seed + 2))
    return frames, packed, context, table[packed[..., 0]], distractors


def test_the_loss_is_equation_3_written_out():
    """-log exp(sim(c, q)/kappa) / sum over q and the distractors that differ from it."""
    codes = torch.randint(0, 5, (2, 12, 1), generator=_generator())
    masked = torch.rand(2, 12, generator=_generator(4)) < 0.6
    frames, packed, context, targets, distractors = _task(codes, masked)
    contrast = masked_contrast(context, targets, packed, frames, distractors, kappa=0.1)
    expected = []
    for b in range(2):
        for n in range(int(frames.valid[b].sum())):
            candidates = [targets[b, n]]
            candidates += [targets[b, d] for d in distractors[b, n].tolist() if packed[b, d] != packed[b, n]]
            cosines = torch.stack([torch.cosine_similarity(context[b, n], q, dim=0) for q in candidates])
            expected.append(torch.logsumexp(cosines / 0.1, 0) - cosines[0] / 0.1)
    found, wanted = float(contrast.loss().detach()), float(torch.stack(expected).mean().detach())
    assert found == pytest.approx(wanted, abs=1e-5)


@given(st.integers(0, 2**20))
@settings(max_examples=25)
def test_distractors_are_other_masked_frames_of_the_same_clip(seed):
    masked = torch.rand(3, 30, generator=_generator(seed)) < 0.5
    masked[0] = False
    masked[0, seed % 30] = True  # a clip with one masked frame has no other
    frames = pack(masked)
    assert frames.valid.sum() == masked.sum()
    distractors = draw_distractors(frames, 50, _generator(seed))
    count = frames.valid.sum(1)
    own = torch.arange(frames.index.shape[1])[None, :, None]
    for b in range(1, 3):
        rows = distractors[b][frames.valid[b]]
        assert int(rows.max()) < int(count[b])
        assert not (rows == own[0, : len(rows)]).any()
    assert (distractors[0, 0] == 0).all()


def test_distractors_are_uniform():
    frames = pack(torch.ones(1, 11, dtype=torch.bool))
    drawn = draw_distractors(frames, 50_000, _generator())[0, 3]
    share = drawn.bincount(minlength=11) / 50_000
    assert share[3] == 0
    torch.testing.assert_close(share[share > 0], torch.full((10,), 0.1), atol=0.006, rtol=0)


def test_one_code_for_all_makes_loss_0_and_accuracy_1():
    """The trap of the lecture: every distractor equals the positive, none counts."""
    codes = torch.zeros(2, 12, 1, dtype=torch.int64)
    frames, packed, context, targets, distractors = _task(codes, torch.ones(2, 12, dtype=torch.bool))
    contrast = masked_contrast(context, targets, packed, frames, distractors)
    assert float(contrast.loss()) == 0.0
    assert float(contrast.accuracy()) == 1.0
    contrast.loss().backward()
    assert torch.equal(context.grad, torch.zeros_like(context))


def test_a_guess_is_among_the_distractors_that_count():
    inf = torch.inf
    accuracy, loss = MaskedContrast(torch.tensor([[0.2, 0.1, 0.3, 0.0], [0.5, -inf, 0.1, -inf]])).chance()
    assert float(accuracy) == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert float(loss) == pytest.approx((math.log(4) + math.log(2)) / 2)
    collapsed = MaskedContrast(torch.tensor([[0.5, -inf, -inf]])).chance()
    assert [float(value) for value in collapsed] == [1, 0]  # a right answer that says nothing
    assert all(float(value) == 0 for value in MaskedContrast(torch.empty(0, 3)).chance())


def test_chance_is_ln_101():
    assert chance_loss(100) == pytest.approx(4.615, abs=1e-3)
    assert chance_loss(100) / math.log(2) == pytest.approx(6.658, abs=1e-3)


def test_diversity_is_0_for_even_codes_and_996_9_for_one_of_each_group():
    """(640 - 2) / 640 = 0.9969, the number that users see in their logs."""
    even = torch.full((10, 2, 320), 1 / 320)
    one = torch.zeros(10, 2, 320)
    one[..., 7] = 1.0
    assert float(diversity_loss(even)) == pytest.approx(0.0, abs=1e-5)
    assert float(diversity_loss(one)) == pytest.approx(638 / 640, abs=1e-6)


def test_the_entropy_loss_wants_sure_frames_and_undecided_batches():
    sure = torch.eye(8).repeat(4, 1)[:, None]  # every frame sure, all codes used alike
    lazy = torch.full((32, 1, 8), 1 / 8)  # every frame undecided
    assert float(entropy_loss(sure)) == pytest.approx(-math.log(8), abs=1e-6)
    assert float(entropy_loss(lazy)) == pytest.approx(0.0, abs=1e-6)
    assert float(entropy(torch.tensor([1.0, 0.0]))) == 0.0
