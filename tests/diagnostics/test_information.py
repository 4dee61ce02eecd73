"""What a table of counts says of noise, and of what it has not seen."""

from __future__ import annotations

import math

import pytest
import torch
from sklearn.metrics import mutual_info_score
from torch import Tensor

from ssllab.diagnostics.information import Knowledge, cross_fitted, of_noise, quarters, rotated


def speech(clips: int = 40, frames: int = 75, phones: int = 30) -> tuple[Tensor, Tensor]:
    """Clips and phones that last some frames, unequally frequent, as in speech: ``(N,)``, ``(N,)``."""
    generator = torch.Generator().manual_seed(1)
    share = torch.linspace(3, 0.2, phones)
    spans = share.multinomial(clips * frames, replacement=True, generator=generator)
    lengths = torch.randint(2, 9, (clips * frames,), generator=generator)
    return torch.arange(clips).repeat_interleave(frames), spans.repeat_interleave(lengths)[: clips * frames]


def flattering(phones: Tensor, codes: Tensor) -> float:
    """I(phone; code) / H(phone) with the table read where it was made (HuBERT, section IV)."""
    return float(mutual_info_score(phones, codes) / mutual_info_score(phones, phones))


def known(phones: Tensor, codes: Tensor, clip: Tensor) -> tuple[Knowledge, Knowledge]:
    """What the codes say, and what noise says."""
    at, kinds = quarters(clip), int(phones.max()) + 1
    return tuple(found(phones, codes.view(len(phones), -1), at, kinds) for found in (cross_fitted, of_noise))


@pytest.mark.parametrize("codes", [2, 40, 320, 2000])
@pytest.mark.parametrize("lasting", [1, 6])
def test_codes_that_are_noise_know_nothing_however_many_they_are(codes: int, lasting: int) -> None:
    clip, phones = speech()
    noise = torch.randint(codes, (len(phones) // lasting,), generator=torch.Generator().manual_seed(2))
    noise = noise.repeat_interleave(lasting)
    found, chance = known(phones, noise, clip)
    if codes >= 320:  # the number that flattered
        assert flattering(phones, noise) > 0.25
    assert found.information == pytest.approx(0, abs=0.02)
    assert found.information == pytest.approx(chance.information, abs=0.02)
    most = float(phones.bincount().max()) / len(phones)
    assert found.accuracy <= most + 0.02
    assert found.accuracy == pytest.approx(chance.accuracy, abs=0.03)


def test_phones_that_are_shuffled_are_foretold_by_no_code() -> None:
    clip, phones = speech()
    generator = torch.Generator().manual_seed(5)
    codes = phones * 60 + torch.randint(
        60, phones.shape, generator=generator
    )  # most combinations once or twice
    found, chance = known(phones, codes, clip)
    assert found.information > 0.2
    shuffled = phones[torch.randperm(len(phones), generator=generator)]
    none, _ = known(shuffled, codes, clip)
    assert none.information == pytest.approx(0, abs=0.02)
    assert none.information == pytest.approx(chance.information, abs=0.02)
    assert flattering(shuffled, codes) > 0.5


def test_codes_that_are_the_phone_know_it_and_nothing_is_known_of_one_phone() -> None:
    clip, phones = speech()
    found, _ = known(phones, (phones + 7) % 30, clip)
    assert found.information > 0.97
    assert found.accuracy == 1
    alone, _ = known(torch.zeros_like(phones), phones, clip)
    assert math.isnan(alone.information)
    assert alone.accuracy == 1


def test_what_codes_really_say_is_found_with_enough_frames() -> None:
    # A code is its phone in half of the frames, and anything in the others.
    clip, phones = speech(clips=400)
    generator = torch.Generator().manual_seed(3)
    anything = phones[torch.randperm(len(phones), generator=generator)]
    codes = torch.where(torch.rand(len(phones), generator=generator) < 0.5, phones, anything)
    truth = flattering(phones, codes)  # 900 cells, 30,000 frames: next to no bias
    found, _ = known(phones, codes, clip)
    assert truth - 0.02 < found.information < truth + 0.005


def test_two_groups_together_know_no_less_than_each_though_combinations_are_rare() -> None:
    clip, phones = speech()
    generator = torch.Generator().manual_seed(4)
    groups = phones[:, None] * 10 + torch.randint(10, (len(phones), 2), generator=generator)
    together, chance = known(phones, groups, clip)
    for group in groups.unbind(1):
        assert together.information > known(phones, group, clip)[0].information
    assert chance.information == pytest.approx(0, abs=0.02)
    twice = known(phones, groups[:, :1].expand(-1, 2), clip)[
        0
    ].information  # a second group that says the same
    assert twice == pytest.approx(known(phones, groups[:, 0], clip)[0].information, abs=0.02)


def test_a_code_that_only_names_its_clip_foretells_nothing_of_other_clips() -> None:
    clip, phones = speech()
    found, _ = known(phones, clip, clip)
    assert found.information <= 0.001


def test_no_clip_stands_on_both_sides_and_few_clips_are_cut() -> None:
    clip, _ = speech()
    at = quarters(clip)
    assert len((clip * 4 + at).unique()) == 40
    assert at.bincount().tolist() == [750] * 4
    assert quarters(torch.zeros(8, dtype=torch.int64)).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


def test_turned_labels_are_the_same_labels_beside_other_frames() -> None:
    clip, phones = speech()
    at = quarters(clip)
    turned = rotated(phones, at, torch.Generator().manual_seed(0))
    assert (turned != phones).float().mean() > 0.8
    for number in range(4):
        assert (turned[at == number].bincount() == phones[at == number].bincount()).all()
    runs, before = ((labels.diff() == 0).float().mean() for labels in (turned, phones))
    assert runs == pytest.approx(float(before), abs=0.03)


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
def test_too_few_frames_say_nothing_rather_than_something(frames: int) -> None:
    few = torch.arange(frames)
    found = cross_fitted(few, few[:, None], quarters(few * 0), 4)
    assert math.isnan(found.information) or found.information < 0.5
