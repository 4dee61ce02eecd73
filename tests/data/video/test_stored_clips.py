"""Windows cut at random from stored clips."""

import numpy as np
import pytest
import torch

from ssllab.data.video.settings import WorldSettings
from ssllab.data.video.stored import StoredClips, parted
from ssllab.methods.jepa import JEPA
from ssllab.storage.errors import DataError
from ssllab.training.fingerprint import fingerprint
from tests.data.video.test_own_arrays import GREY, saved

WORLD = WorldSettings()


def stored(*lengths: int) -> StoredClips:
    """Clips of those lengths; frame f of clip c is all ``50 c + f``."""
    values = np.concatenate([50 * clip + np.arange(length) for clip, length in enumerate(lengths)])
    frames = torch.from_numpy(values.astype(np.uint8))[:, None, None, None].expand(-1, 4, 4, 3).contiguous()
    ends = torch.tensor(lengths).cumsum(0)
    return StoredClips(frames, ends - torch.tensor(lengths), ends)


def drawn(source: StoredClips, count: int, length: int, seed: int = 0) -> torch.Tensor:
    clips = source.clips(count, length, WORLD, torch.Generator().manual_seed(seed))
    assert clips.frames.shape == (count, length, 3, 4, 4)
    assert clips.frames.dtype == torch.float32
    assert clips.truth is None
    return (clips.frames[:, :, 0, 0, 0] * 255).round().long()


def test_windows_are_neighbouring_frames_of_one_clip_and_every_place_is_drawn():
    values = drawn(stored(7, 3, 5), 2000, 4)
    assert (values.diff(dim=1) == 1).all()
    assert sorted(set(values[:, 0].tolist())) == [0, 1, 2, 3, 100, 101]
    counts = values[:, 0].unique(return_counts=True)[1]
    assert counts.min() > 0.7 * counts.max()


def test_the_same_generator_draws_the_same_windows():
    source = stored(30, 40)
    assert torch.equal(drawn(source, 50, 5, 3), drawn(source, 50, 5, 3))
    assert not torch.equal(drawn(source, 50, 5, 3), drawn(source, 50, 5, 4))


def test_more_frames_than_the_longest_clip_has_get_one_line():
    source = stored(3, 7)
    assert source.longest == 7
    with pytest.raises(
        DataError, match=r"the longest clip has 7 frames: expected at least 8\. Choose longer video"
    ):
        drawn(source, 1, 8)


@pytest.mark.parametrize(
    "lengths", [[5] * 10, [96], [2], [3], [12], [400, 3, 5], [9, 9], [20] * 3, list(range(2, 40))]
)
def test_no_frame_is_learned_from_and_held_out(lengths):
    whole = stored(*lengths)
    train, test = parted(whole.frames, torch.tensor([0, *np.cumsum(lengths)]))

    def seen(part: StoredClips) -> set[int]:
        return {f for a, b in zip(part.starts.tolist(), part.ends.tolist(), strict=True) for f in range(a, b)}

    assert not seen(train) & seen(test)
    assert seen(train) | seen(test) == set(range(sum(lengths)))
    assert train.count >= test.count > 0


def test_whole_clips_are_held_out_of_many_and_the_end_of_one():
    train, test = parted(stored(*[8] * 20).frames, torch.arange(0, 161, 8))
    assert (len(train), len(test)) == (16, 4)
    assert (test.ends - test.starts == 8).all()
    train, test = parted(stored(100).frames, torch.tensor([0, 100]))
    assert (train.ends.tolist(), test.starts.tolist()) == ([80], [80])


def test_controls_of_a_world_that_is_drawn_do_not_apply(tmp_path, video):
    data = video(saved(tmp_path / "a.npz", GREY))
    settings = WorldSettings(background="flicker", objects=3, shapes=2, wall=True, collisions=True)
    assert settings.unfit(data.allows) == {
        "background": "off",
        "objects": 1,
        "shapes": 1,
        "wall": False,
        "collisions": False,
    }


def test_a_world_that_is_asked_for_of_filmed_video_is_refused_in_one_line(tmp_path, video):
    data = video(saved(tmp_path / "a.npz", np.tile(GREY, (4, 1, 1))))
    with pytest.raises(
        ValueError, match=r"^wall = True: expected False, as a was filmed and not made here\. Leave wall out"
    ):
        JEPA.build(JEPA.Config(wall=True), data)
    assert JEPA.build(JEPA.Config(), data) is not None


def test_video_that_changed_is_told_from_that_of_the_run(tmp_path, video):
    first = fingerprint(video(saved(tmp_path / "a.npz", GREY)))
    moved = fingerprint(video(saved(tmp_path / "b.npz", GREY)))
    other = fingerprint(video(saved(tmp_path / "c.npz", GREY + 1)))
    assert first == moved != other
