"""Recordings as text: what the corpus is, what is held out, and what a folder of sound is read as."""

import numpy as np
import pytest

from ssllab.audio import files
from ssllab.audio.takes import TakeStore
from ssllab.data import catalogue
from ssllab.data.kind import amount
from ssllab.data.text.sound import SoundSplit
from ssllab.storage.errors import DataError
from tests.conftest import tones


def write(path, seconds=1.0, seed=0):
    noise = np.random.default_rng(seed)
    sound = np.concatenate([tones("abc", noise) for _ in range(10)])[: round(seconds * 16_000)]
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, sound / np.float32(32768))
    return sound


@pytest.fixture
def read(tmp_path):
    def load(name, **options):
        return catalogue.load(
            str(name), kinds=("text",), options=options, root=tmp_path / "cache", workspace=tmp_path / "ws"
        )

    return load


def test_the_corpus_is_the_samples_of_the_speech_lab_of_which_the_same_is_held_out(read):
    data = read("sound_units")
    spoken = catalogue.load("spoken")
    assert (data.kind, data.language, data.allows["unit"]) == ("text", "sound", ("code",))
    assert (len(data.train), len(data.test)) == (len(spoken.train), len(spoken.test))
    assert data.train.samples(5).equal(spoken.train.samples(5))
    assert data.test.samples(0).equal(spoken.test.samples(0))
    assert data.train.own == 0
    assert amount(data) == "Sound units: 360 recordings, 18 minutes to learn from, 4 minutes held out"
    assert len(read("sound_units", holdout=0).train) == len(spoken.train) + len(spoken.test)


def test_the_persons_takes_come_behind_the_samples(read, tmp_path):
    store, sounds = TakeStore(tmp_path / "ws" / "takes"), []
    for number in range(3):
        sounds.append(write(tmp_path / f"{number}.wav", 1 + number / 10, seed=number))
        store.import_file(tmp_path / f"{number}.wav")
    data = read("sound_units")
    assert data.train.own == 2  # the second take is held out, as in the Speech lab
    assert len(data.test) == 73
    heard = [data.train.int16(len(data.train) - at) for at in (2, 1)]
    assert sorted(map(len, heard)) == [len(sounds[0]), len(sounds[2])]
    assert read("sound_units", holdout=0).train.own == 3


def test_one_take_is_learned_from_and_never_held_out_as_well(read, tmp_path):
    write(tmp_path / "one.wav", 2.0)
    TakeStore(tmp_path / "ws" / "takes").import_file(tmp_path / "one.wav")
    data = read("sound_units")
    assert (data.train.own, len(data.test)) == (1, 72)


def test_a_folder_of_sound_is_a_text_of_recordings_split_by_recording(read, tmp_path):
    sounds = [
        write(tmp_path / "own" / f"{number:02}.wav", 1 + number / 100, seed=number) for number in range(20)
    ]
    data = read(tmp_path / "own")
    assert data.language == "sound"
    assert isinstance(data.train, SoundSplit)
    assert (len(data.train), len(data.test)) == (18, 2)
    every = [split.int16(i) for split in (data.train, data.test) for i in range(len(split))]
    assert sorted(map(len, every)) == sorted(map(len, sounds))
    assert len(read(tmp_path / "own", holdout=50).test) == 10
    assert len(read(tmp_path / "own", holdout=0).test) == 0


def test_a_single_recording_is_cut_once_between_two_samples(read, tmp_path):
    sound = write(tmp_path / "one.wav", 3.00007)
    for place in (tmp_path / "one.wav", tmp_path):
        data = read(place)
        assert (len(data.train), len(data.test)) == (1, 1)
        assert np.array_equal(np.append(data.train.int16(0), data.test.int16(0)), sound)
        assert len(data.test.int16(0)) == pytest.approx(len(sound) / 10, abs=1)


def test_the_same_recording_on_both_sides_is_warned_of(read, tmp_path):
    write(tmp_path / "00.wav")
    for number in range(1, 20):
        (tmp_path / f"{number:02}.wav").write_bytes((tmp_path / "00.wav").read_bytes())
    assert any("also among those learned from" in entry.reason for entry in read(tmp_path).skipped)


def test_transcripts_beside_recordings_are_said_to_be_left_out_and_a_sound_among_texts_is(read, tmp_path):
    for number in range(3):
        write(tmp_path / "spoken" / f"{number}.wav", seed=number)
        (tmp_path / "spoken" / f"{number}.txt").write_text("what is said\n" * 20)
    data = read(tmp_path / "spoken")
    assert data.language == "sound"
    assert any("3 files of text not read" in entry.reason for entry in data.skipped)
    (tmp_path / "spoken" / "more.txt").write_text("more of it\n" * 20)
    data = read(tmp_path / "spoken")
    assert data.language == "prose"
    assert any("3 files of other kinds not read (.wav)" in entry.reason for entry in data.skipped)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "a.png").write_bytes(b"\x89PNG"), "holds no text"),
        (lambda folder: (folder / "a.wav").write_bytes(b"RIFF no sound"), "a.wav"),
        (lambda folder: (folder / "a.wav").write_bytes(b""), "a.wav"),
        (lambda folder: write(folder / "a.wav", 0.01), "shorter than one frame"),
    ],
)
def test_a_folder_without_sound_to_learn_from_is_one_line(read, tmp_path, make, said):
    make(tmp_path)
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path)
    assert "\n" not in str(error.value)


def test_sound_has_no_second_strand_and_no_letters(read, tmp_path):
    write(tmp_path / "a.wav", 2.0)
    for place in ("sound_units", tmp_path / "a.wav"):
        with pytest.raises(DataError, match="no second strand"):
            read(place, strands=2)
    with pytest.raises(DataError, match="unit=code"):
        next(read(tmp_path / "a.wav").train.documents())
