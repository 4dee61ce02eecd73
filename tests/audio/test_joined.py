"""Sounds behind one another: nothing is lost, nothing clicks."""

import numpy as np
import pytest

from ssllab.audio.joined import joined


def test_two_halves_of_a_sound_that_share_their_seam_are_the_sound_again():
    time = np.arange(3200) / 16_000
    whole = np.rint(8000 * np.sin(2 * np.pi * 200 * time)).astype(np.int16)
    fade = 48
    again = joined([whole[: 1600 + fade], whole[1600 - fade :]], fade, pause=0)
    assert len(again) == len(whole)
    assert np.abs(again[2 * fade : -2 * fade].astype(int) - whole[2 * fade : -2 * fade]).max() <= 1


def test_sounds_that_do_not_fit_are_joined_without_a_step():
    rng = np.random.default_rng(0)
    levels = [np.full(400, level, np.int16) for level in rng.integers(-30000, 30000, 20)]
    steps = np.abs(np.diff(joined(levels, fade=48, pause=0).astype(int)))
    assert steps.max() <= 60_000 / 96 + 1
    assert (
        np.abs(np.diff(np.concatenate(levels).astype(int))).max() > 10_000
    )  # put together as they are they click


def test_an_end_is_a_silence_and_no_sound_is_none():
    one = np.full(1000, 1000, np.int16)
    sound = joined([one, None, one], fade=10, pause=500)
    quiet = np.flatnonzero(sound == 0)
    assert len(quiet) == pytest.approx(500, abs=40)
    assert len(sound) == 1000 + 500 + 1000 - 2 * 20 + 20
    assert not joined([], fade=10, pause=500).any()
