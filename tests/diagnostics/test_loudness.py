"""Levels of frames, and codes that are nothing but loudness."""

from __future__ import annotations

import math

import pytest
import torch

from ssllab.diagnostics.information import quarters
from ssllab.diagnostics.loudness import (
    FLOOR_DECIBELS,
    frame_decibels,
    loudness_bins,
    shortcut_measures,
    silent,
)


def test_a_full_scale_sine_has_minus_three_decibels_and_silence_the_floor() -> None:
    sine = (2 * math.pi * 200 * torch.arange(16_000) / 16_000).sin()
    levels = frame_decibels(sine)
    assert levels.shape == (49,)
    assert levels.tolist() == pytest.approx([-10 * math.log10(2)] * 49, abs=1e-3)
    assert frame_decibels(0.1 * sine)[0] - levels[0] == pytest.approx(-20, abs=1e-3)
    assert frame_decibels(torch.zeros(720)).tolist() == [FLOOR_DECIBELS] * 2
    assert len(frame_decibels(torch.zeros(399))) == 0


def test_drawers_are_equally_full_and_equal_levels_share_one() -> None:
    levels = torch.randperm(100).float()
    assert loudness_bins(levels, 4).bincount().tolist() == [25] * 4
    digital_silence = torch.cat([torch.full((50,), -100.0), torch.arange(50.0)])
    assert len(loudness_bins(digital_silence, 10)[:50].unique()) == 1


def test_silence_is_what_is_far_below_the_loud_frames() -> None:
    assert silent(torch.tensor([-20.0] * 8 + [-49, -51])).tolist() == [False] * 9 + [True]


def frames(count: int = 4000) -> tuple[torch.Tensor, torch.Tensor]:
    """Phones, and levels that depend on them a little."""
    generator = torch.Generator().manual_seed(0)
    phones = torch.randint(8, (count,), generator=generator)
    return phones, -40 + phones.float() + 8 * torch.randn(count, generator=generator)


def measures(
    codes: torch.Tensor,
    levels: torch.Tensor,
    size: int,
    phones: torch.Tensor | None = None,
    n_phones: int = 0,
) -> dict[str, float]:
    """Of frames in clips of forty."""
    return shortcut_measures(codes, levels, quarters(torch.arange(len(codes)) // 40), size, phones, n_phones)


@pytest.mark.parametrize("size", [8, 40, 300])
def test_a_volume_meter_is_one_however_finely_it_is_cut(size: int) -> None:
    _, levels = frames(3000)
    assert measures(loudness_bins(levels, size)[:, None], levels, 320)["volume_share"] > 0.85


def test_noise_is_no_volume_meter_however_many_its_codes() -> None:
    _, levels = frames(3000)
    noise = torch.randint(320, (3000, 2), generator=torch.Generator().manual_seed(4))
    found = measures(noise, levels, 320)
    assert found["volume_share"] == pytest.approx(0, abs=0.02)


def test_codes_met_rarely_are_codes_of_silence_by_chance() -> None:
    levels = torch.where(torch.rand(3000, generator=torch.Generator().manual_seed(5)) < 0.3, -80.0, -20.0)
    noise = torch.arange(3000)[:, None] % 1500
    found = measures(noise, levels, 1500)
    assert found["silence_codes"] == pytest.approx(0.09, abs=0.02)  # of two frames both are silent
    assert found["chance_silence_codes"] == pytest.approx(found["silence_codes"], abs=0.03)


def test_codes_of_loudness_are_explained_by_it_and_know_no_more_of_the_phone() -> None:
    phones, levels = frames()
    codes = loudness_bins(levels, 16)[:, None]
    found = measures(codes, levels, 16, phones, 8)
    assert found["volume_share"] > 0.95
    assert found["pnmi_volume"] < 0.2


def test_codes_of_the_phone_are_not_explained_by_loudness() -> None:
    phones, levels = frames()
    found = measures(phones[:, None], levels, 16, phones, 8)
    assert found["volume_share"] < 0.2


def test_codes_spent_on_silence_are_counted() -> None:
    levels = torch.tensor([-20.0] * 60 + [-80.0] * 40)
    codes = torch.cat([torch.zeros(60), 1 + torch.arange(40) % 4]).long()[:, None]
    found = measures(codes, levels, 16)
    assert found["silence_codes"] == pytest.approx(4 / 5)
    assert found["silent_frames"] == pytest.approx(0.4)
    assert "pnmi_volume" not in found


def test_one_code_is_explained_by_nothing() -> None:
    found = measures(torch.zeros(50, 2).long(), torch.randn(50), 8)
    assert found["volume_share"] == 0
