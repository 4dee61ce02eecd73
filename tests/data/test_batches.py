"""Which items a batch has: known lists of one process, dealt among several without loss."""

from __future__ import annotations

import pytest
import torch

from ssllab.data.images.batches import ImageBatches
from ssllab.data.images.types import ImageSplit
from ssllab.data.sampler import Sampler, share
from ssllab.data.speech.batches import SpeechBatches
from ssllab.data.speech.types import SpeechSplit

LENGTHS = torch.tensor([9000, 12000, 15000, 20000, 26000, 31000, 40000, 52000, 8200, 10100])
SPEECH = SpeechSplit(
    torch.arange(int(LENGTHS.sum())).remainder(30000).to(torch.int16),
    torch.cat([torch.zeros(1, dtype=torch.int64), LENGTHS.cumsum(0)]),
    tuple(map(str, range(10))),
    (None,) * 10,
    (None,) * 10,
)


def speech(rank: int = 0, ranks: int = 1, seconds: float = 4.0) -> SpeechBatches:
    return SpeechBatches(
        SPEECH, 5, batch_seconds=seconds, crop_seconds=1.5, least_seconds=0.5, rank=rank, ranks=ranks
    )


def test_one_process_draws_what_it_always_drew():
    """Written down before there were ranks: a run is repeated from its seed by every version."""
    sampler = Sampler(11, seed=7)
    drawn = [sampler.next(4).tolist() for _ in range(5)]
    assert drawn == [[9, 5, 3, 10], [0, 4, 2, 8], [1, 8, 0, 3], [7, 9, 6, 5], [2, 9, 3, 0]]
    sampler = Sampler(6, seed=0)
    assert [sampler.next(9).tolist() for _ in range(2)] == [[2, 5, 3, 0, 1, 4], [1, 5, 2, 0, 3, 4]]
    batches = speech()
    drawn = [
        (batch.clips.tolist(), batch.starts.tolist()) for batch in (batches.next(None) for _ in range(5))
    ]
    assert drawn == [
        ([4, 7], [1095, 17452]),
        ([2, 3], [0, 0]),
        ([8, 0, 9, 1], [0, 0, 0, 0]),
        ([5, 6], [5619, 13878]),
        ([2, 3], [0, 0]),
    ]
    assert batches.state() == {"epoch": 1, "position": 1}


@pytest.mark.parametrize("ranks", [2, 3])
def test_images_of_all_ranks_are_the_batch_of_one_process(ranks):
    split = ImageSplit(torch.arange(25, dtype=torch.uint8)[:, None, None, None].expand(25, 3, 2, 2))
    config = type("Config", (), {"batch_size": 7})
    whole, parts = ImageBatches(split, 3), [ImageBatches(split, 3, rank, ranks) for rank in range(ranks)]
    for _ in range(5):
        batch, dealt = whole.next(config), [part.next(config) for part in parts]
        assert {len(part) for part in dealt} == {7 // ranks}
        assert torch.equal(torch.cat(dealt).sort(0).values, batch[: 7 // ranks * ranks].sort(0).values)
    assert all(part.state() == whole.state() for part in parts)


@pytest.mark.parametrize("ranks", [2, 3])
def test_crops_of_all_ranks_are_the_batch_of_one_process(ranks):
    whole, parts = speech(seconds=8.0), [speech(rank, ranks, 8.0) for rank in range(ranks)]
    for turn in range(6):
        if turn == 3:  # as a resumed run
            parts = [speech(rank, ranks, 8.0) for rank in range(ranks)]
            for part in parts:
                part.load(whole.state())
        batch, dealt = whole.next(None), [part.next(None) for part in parts]
        count = len(batch.clips) // ranks
        assert count >= 1
        rows = {
            (int(clip), int(start), int(length)): row[:length]
            for clip, start, length, row in zip(
                batch.clips, batch.starts, batch.lengths, batch.samples, strict=True
            )
        }
        for part in dealt:
            assert len(part.clips) == count
            for clip, start, length, row in zip(
                part.clips, part.starts, part.lengths, part.samples, strict=True
            ):
                assert torch.equal(rows.pop((int(clip), int(start), int(length))), row[:length])
        assert len(rows) == len(batch.clips) % ranks


def test_a_batch_sorted_by_length_is_dealt_evenly():
    lengths = torch.tensor([1, 2, 3, 4, 5, 6, 7])
    assert [share(lengths, rank, 3).tolist() for rank in range(3)] == [[1, 4], [2, 5], [3, 6]]


def test_more_processes_than_items_are_refused_and_small_batches_of_speech_left_out():
    with pytest.raises(ValueError, match="3 items"):
        Sampler(3, 0, 0, 4).next(8)
    with pytest.raises(ValueError, match="no batch"):
        speech(0, 9)
    few = speech(0, 3)
    assert [len(few.next(None).clips) for _ in range(3)] == [1, 1, 1]
