"""Units of sound: how they are written, which frames they make, and that a stored run knows them again."""

import json

import numpy as np
import pytest

from ssllab.storage.errors import DataError
from ssllab.text.codes import Codes
from ssllab.text.symbols import END
from ssllab.text.units import from_json


def codes(groups=(4,), frames=None):
    frames = np.array([[i] for i in range(groups[0])] if frames is None else frames, np.int32)
    sounds = [np.full(20 + 2 * i, 100 * (i + 1), np.int16) for i in range(len(frames))]
    centres = (
        np.arange(groups[0] * 3, dtype=np.float32).reshape(-1, 3)
        if len(groups) == 1
        else np.zeros((0, 1), np.float32)
    )
    return Codes.of(
        groups,
        "shipped",
        "abcd",
        centres=centres,
        frames=frames,
        samples=np.concatenate(sounds),
        starts=np.cumsum([0, *map(len, sounds)], dtype=np.int64),
        fade=4,
    )


def test_codes_are_words_and_what_is_none_is_unknown():
    units = codes()
    assert units.symbols == ("<end>", "<unknown>", "c0", "c1", "c2", "c3")
    ids = units.encode("c3  c0 hello c4 c1")
    assert ids.tolist() == [5, 2, 1, 1, 3]
    assert units.decode([5, 2, END, 3]) == "c3 c0\nc1"
    assert [("c3  c0")[a:b] for a, b in units.cut("c3  c0")] == ["c3", "c0"]
    assert not len(units.encode("\n"))


def test_repeats_are_collapsed_and_groups_are_interleaved():
    assert codes().written(np.array([[1], [1], [1], [2], [1]])) == "c1 c2 c1"
    both = codes((2, 3), [[0, 0], [1, 2]])
    assert both.symbols[2:] == ("a0", "a1", "b0", "b1", "b2")
    assert both.written(np.array([[0, 0], [0, 0], [0, 2], [1, 2]])) == "a0 b0 a0 b2 a1 b2"
    assert both.written(np.zeros((0, 2), int)) == ""


def sounding(units, text):
    return [None if sound is None else int(sound[0]) for sound in units.sounds(units.encode(text))]


def test_each_code_sounds_once_however_often_it_is_repeated():
    assert sounding(codes(), "c0 c0 c2 c2 c2 c0") == [100, 300, 100]
    assert list(codes().sounds([2, END, 2]))[1] is None
    assert sounding(codes(), "hello") == []


def test_a_frame_that_was_never_heard_sounds_like_one_that_shares_most_of_its_codes():
    units = codes((2, 3), [[0, 0], [1, 2]])
    assert sounding(units, "a1 b2") == [200]
    assert sounding(units, "a0 b2") == [100]  # the first of two that share one code: the more frequent
    assert sounding(units, "b2 a1 a0 b0 b1 a1") == [100]  # only a0 b0 is whole


def test_units_come_back_from_json_and_are_equal_then():
    for units in (codes(), codes((2, 3), [[0, 0], [1, 2]])):
        again = from_json(json.loads(json.dumps(units.to_json())))
        assert again == units
        assert hash(again) == hash(units)
        for name in ("centres", "frames", "samples", "starts"):
            assert np.array_equal(getattr(again, name), getattr(units, name))


@pytest.mark.parametrize(
    "change",
    [
        {"groups": []},
        {"groups": [0]},
        {"groups": [5]},
        {"groups": [4] * 40},
        {"centres": "AAAA"},
        {"frames": ""},
        {"starts": "no base64"},
        {"fade": 10_000},
        {"samples": ""},
        {"fingerprint": None, "groups": None},
    ],
)
def test_stored_units_that_are_damaged_are_one_line(change):
    with pytest.raises(DataError) as error:
        from_json({**codes().to_json(), **change})
    assert "\n" not in str(error.value)
