"""The checkpoint that ships: its codes are alive on voices that it never heard, and they are of sounds, not of voices."""

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.diagnostics.codes import perplexity, phone_of_frames, usage
from ssllab.diagnostics.information import cross_fitted, of_noise, quarters
from ssllab.methods.stored import SHIPPED, read_stored

UNHEARD = ("nyc-f", "midlands-m")


@pytest.fixture(scope="module")
def heard():
    """Codes, phones and speakers of the frames of all clips by the two voices that are in no training data."""
    model = read_stored(SHIPPED).model
    split = load("spoken", kinds=("speech",)).test
    names = sorted({span.label for clip in split.phones for span in clip})
    codes, phones, speakers, clips = [], [], [], []
    for i, speaker in enumerate(split.speakers):
        if speaker not in UNHEARD:
            continue
        found = model.codes(split.samples(i)[None]).codes[0]
        spans = split.phones[i]
        codes.append(found)
        phones.append(
            phone_of_frames(
                torch.tensor([s.start for s in spans]),
                torch.tensor([s.end for s in spans]),
                torch.tensor([names.index(s.label) for s in spans]),
                len(found),
            )
        )
        speakers.append(torch.full((len(found),), UNHEARD.index(speaker)))
        clips.append(torch.full((len(found),), i))
    return (
        model,
        torch.cat(codes),
        torch.cat(phones),
        torch.cat(speakers),
        names.index("sil"),
        torch.cat(clips),
    )


def test_hard_perplexity_is_at_least_a_third_of_the_ceiling(heard):
    model, codes, *_ = heard
    size = model.config.num_codevectors_per_group
    hard = perplexity(usage(codes, size).double())
    assert float(hard.sum()) >= codes.shape[1] * size / 3
    assert float(hard.min()) >= size / 4


def test_the_same_sound_of_two_speakers_shares_codes_more_often_than_chance(heard):
    """Over all pairs of a frame of one voice and a frame of the other, silence left out."""
    model, codes, phones, speakers, silence, _ = heard
    size = model.config.num_codevectors_per_group
    spoken = (phones >= 0) & (phones != silence)
    one, other = (spoken & (speakers == i) for i in range(2))
    for group in codes.unbind(1):
        counts = torch.zeros(2, int(phones.max()) + 1, size, dtype=torch.float64)
        for i, at in enumerate((one, other)):
            counts[i].index_put_(
                (phones[at], group[at]), torch.ones((), dtype=torch.float64), accumulate=True
            )
        shared = (counts[0] * counts[1]).sum() / (counts[0].sum(1) * counts[1].sum(1)).sum()
        chance = (counts[0].sum(0) * counts[1].sum(0)).sum() / (counts[0].sum() * counts[1].sum())
        assert float(shared) > 2 * float(chance)


def test_its_codes_foretell_phones_of_clips_that_no_table_was_made_of(heard):
    _, codes, phones, _, silence, clip = heard
    known = phones >= 0
    asked = phones[known], codes[known], quarters(clip[known]), int(phones.max()) + 1
    found, chance = cross_fitted(*asked), of_noise(*asked)
    assert found.information > 0.25
    assert chance.information == pytest.approx(0, abs=0.01)
    most_frequent = float((phones[known] == silence).double().mean())
    assert found.accuracy > chance.accuracy + 0.15
    assert chance.accuracy == pytest.approx(most_frequent, abs=0.03)
