"""The speech that ships: words and phones lie where the sound is."""

import itertools

import numpy as np
import pytest
import torch

from ssllab.assets import asset
from ssllab.data.catalogue import load
from ssllab.data.speech.types import SAMPLE_RATE

VOWELS = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"}


@pytest.fixture(scope="module")
def spoken():
    return load("spoken", kinds=("speech",))


def test_there_are_twenty_minutes_in_six_megabytes(spoken):
    assert 17 < spoken.train.seconds / 60 < 20
    assert 3 < spoken.test.seconds / 60 < 5
    assert sum(len(asset("speech", name).read_bytes()) for name in ("train.ogg", "test.ogg")) < 6e6
    for split in (spoken.train, spoken.test):
        assert split.audio.dtype == torch.int16
        assert int(split.starts[-1]) == len(split.audio)
        assert (
            len(split) == len(split.texts) == len(split.words) == len(split.phones) == len(split.starts) - 1
        )


def test_test_sentences_and_two_voices_are_new(spoken):
    assert not set(spoken.train.texts) & set(spoken.test.texts)
    assert set(spoken.test.speakers) - set(spoken.train.speakers) == {"nyc-f", "midlands-m"}
    assert set(spoken.train.speakers) < set(spoken.test.speakers)
    words = {word for text in spoken.train.texts for word in text.split()}
    assert {word for text in spoken.test.texts for word in text.split()} <= words
    assert set("".join(words)) == set("abcdefghijklmnopqrstuvwxyz")


def test_phones_cover_every_clip_and_words_are_made_of_them(spoken):
    labels = set()
    for split in (spoken.train, spoken.test):
        for clip in range(len(split)):
            phones, words = split.phones[clip], split.words[clip]
            assert phones[0].start == 0
            assert phones[-1].end * SAMPLE_RATE == pytest.approx(len(split.samples(clip)))
            assert all(a.end == b.start and a.start < a.end for a, b in itertools.pairwise(phones))
            assert " ".join(word.label for word in words) == split.texts[clip]
            edges = {phone.start for phone in phones} | {phones[-1].end}
            assert all(word.start in edges and word.end in edges for word in words)
            assert all(a.end <= b.start for a, b in itertools.pairwise(words))
            labels |= {phone.label for phone in phones}
    assert len(labels) == 39
    assert VOWELS | {"sil"} <= labels


def test_vowels_are_loud_where_they_are_said_to_be_and_silence_is_quiet_but_not_nothing(spoken):
    levels = {"vowel": [], "sil": []}
    for clip in range(len(spoken.test)):
        samples = spoken.test.samples(clip).numpy()
        for phone in spoken.test.phones[clip]:
            kind = "vowel" if phone.label in VOWELS else phone.label
            if kind in levels:
                part = samples[round(phone.start * SAMPLE_RATE) : round(phone.end * SAMPLE_RATE)]
                levels[kind].append(20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9))
    # The quietest vowel in a hundred is louder than all but one silence in a hundred.
    assert np.quantile(levels["vowel"], 0.01) > np.quantile(levels["sil"], 0.99) + 10
    assert min(levels["sil"]) > -80


def test_a_fricative_is_high_and_a_vowel_low(spoken):
    """A shift of 50 ms would mix them up: the centre of the spectrum tells S from AA."""
    centres = {"S": [], "AA": []}
    for clip in range(len(spoken.test)):
        samples = spoken.test.samples(clip).numpy()
        for phone in spoken.test.phones[clip]:
            if phone.label in centres and phone.end - phone.start > 0.05:
                part = samples[round(phone.start * SAMPLE_RATE) : round(phone.end * SAMPLE_RATE)]
                power = np.abs(np.fft.rfft(part)) ** 2
                centres[phone.label].append(
                    np.average(np.fft.rfftfreq(len(part), 1 / SAMPLE_RATE), weights=power)
                )
    assert np.quantile(centres["S"], 0.05) > 3000
    assert np.quantile(centres["AA"], 0.95) < 1500
