"""A person's own recordings: every layout, every container, and every kind of file that they may hold."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from ssllab.data.catalogue import absolute, exists, load, parts
from ssllab.data.speech import gather, reel
from ssllab.data.speech.layout import arrange
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"


def tone(number: int = 0, seconds: float = 0.2, rate: int = 16_000) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * (200 + 20 * number) * np.arange(round(seconds * rate)) / rate)


def put(path: Path, number: int = 0, seconds: float = 0.2, rate: int = 16_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(number, seconds, rate), rate)


def content(number: int = 0, kind: str = "WAV") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(number), 16_000, format=kind)
    return buffer.getvalue()


def read(path, root=None, **options):
    return load(str(path), kinds=("speech",), root=root, **options)


def clips(data) -> dict[str, str | None]:
    return {
        name: text
        for split in (data.train, data.test)
        for name, text in zip(split.names, split.texts, strict=True)
    }


def refused(path, match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        read(path)
    assert "\n" not in str(caught.value)


# Layouts


def test_a_flat_folder_is_read_as_16_khz_and_a_tenth_is_held_out_always_the_same(tmp_path):
    for number in range(20):
        put(tmp_path / f"{number:02}.wav", number, rate=8_000 if number % 2 else 16_000)
    data, again = read(tmp_path), read(tmp_path)
    assert (len(data.train), len(data.test)) == (18, 2)
    assert data.train.names == again.train.names
    assert torch.equal(data.train.audio, again.train.audio)
    assert data.train.starts.diff().tolist() == [3200] * 18
    assert data.train.labels is None
    first = data.train.samples(0)
    assert first.dtype == torch.float32
    assert torch.allclose(first, torch.from_numpy(tone(0)).float(), atol=1e-4)


def test_lj_speech_metadata_gives_what_is_said(tmp_path):
    put(tmp_path / "wavs" / "LJ001-0001.wav")
    put(tmp_path / "wavs" / "LJ001-0002.wav")
    (tmp_path / "metadata.csv").write_text(
        'LJ001-0001|In 1455 "a"|In fourteen fifty-five "a"\nLJ001-0002|Dr. B|\n'
    )
    assert clips(read(tmp_path)) == {"LJ001-0001": 'In fourteen fifty-five "a"', "LJ001-0002": "Dr. B"}


def test_metadata_with_a_header_names_files_texts_and_speakers(tmp_path):
    for part in ("train", "test"):
        put(tmp_path / part / "data" / "a.flac")
        (tmp_path / part / "metadata.csv").write_text(
            f'file_name,transcription,speaker\ndata/a.flac,"well, {part}",{part}-speaker\n'
        )
    data = read(tmp_path)
    assert data.train.texts == ("well, train",)
    assert data.test.texts == ("well, test",)
    assert data.test.speakers == ("test-speaker",)


def test_transcripts_tsv_beside_the_recordings_or_above_them(tmp_path):
    put(tmp_path / "clips" / "one.ogg")
    put(tmp_path / "clips" / "two.ogg")
    (tmp_path / "transcripts.tsv").write_text("one\tNumber one.\nthree\tnobody\n")
    assert clips(read(tmp_path)) == {"one": "Number one.", "two": None}


def test_librispeech_gives_transcripts_and_speakers_and_train_and_dev(tmp_path):
    for part, speaker in (("train-clean-5", 19), ("dev-clean-2", 84)):
        folder = tmp_path / "LibriSpeech" / part / str(speaker) / "198"
        put(folder / f"{speaker}-198-0000.flac")
        put(folder / f"{speaker}-198-0001.flac")
        (folder / f"{speaker}-198.trans.txt").write_text(
            f"{speaker}-198-0000 ONE TWO\n{speaker}-198-0001 THREE\n"
        )
    data = read(tmp_path)
    assert data.train.speakers == ("19", "19")
    assert data.test.speakers == ("84", "84")
    assert data.test.texts == ("ONE TWO", "THREE")
    assert data.class_names == ()


def test_whole_speakers_are_held_out_where_there_are_many(tmp_path):
    paths = [f"{speaker}/1/{speaker}-1-{take:04}.flac" for speaker in range(10, 30) for take in range(3)]
    layout = arrange(paths, {})
    test = {recording.speaker for recording in layout.recordings if recording.test}
    train = {recording.speaker for recording in layout.recordings if not recording.test}
    assert len(test) == 2
    assert not test & train


def test_spoken_digits_by_their_names(tmp_path):
    for digit in (0, 3):
        for take in (0, 4, 5, 11):
            put(tmp_path / "recordings" / f"{digit}_jackson_{take}.wav")
    data = read(tmp_path)
    assert data.class_names[3] == "three"
    assert data.train.labels.tolist() == [0, 0, 3, 3]
    assert data.test.names == ("0_jackson_0", "0_jackson_4", "3_jackson_0", "3_jackson_4")
    assert set(data.train.texts) == {"zero", "three"}
    assert set(data.train.speakers) == {"jackson"}


def test_class_subfolders_are_words_where_nothing_is_transcribed():
    paths = [f"set/{word}/{number}.wav" for word in ("alexa", "jarvis") for number in range(10)]
    layout = arrange(paths, {})
    assert layout.class_names == ("alexa", "jarvis")
    held = [recording for recording in layout.recordings if recording.test]
    assert sorted(recording.label for recording in held) == ["alexa", "jarvis"]
    transcribed = arrange(paths, {"set/alexa/transcripts.tsv": "0\thello\n"})
    assert transcribed.class_names == ()


def test_speech_commands_keep_their_test_list_and_leave_noise_out():
    paths = [f"{word}/{who:08x}_nohash_0.wav" for word in ("yes", "no") for who in range(3)]
    layout = arrange(
        [*paths, "_background_noise_/pink.wav"], {"testing_list.txt": "yes/00000001_nohash_0.wav\n"}
    )
    assert [r.path for r in layout.recordings if r.test] == ["yes/00000001_nohash_0.wav"]
    assert {r.text for r in layout.recordings} == {"yes", "no"}
    assert layout.recordings[1].speaker == "00000001"
    assert layout.skipped[0].reason == "background noise, no word"


def test_a_table_of_something_else_is_skipped_with_the_reason(tmp_path):
    put(tmp_path / "a.wav")
    (tmp_path / "metadata.csv").write_text("price,weight\n1,2\n")
    data = read(tmp_path)
    assert data.skipped[0].path == "metadata.csv"
    assert data.skipped[0].what == "table"
    assert "expected lines like id|text" in data.skipped[0].reason


# Containers


def test_zip_tar_and_tar_gz_give_the_same_as_the_folder(tmp_path):
    files = {f"set/{number}.flac": content(number, "FLAC") for number in range(12)}
    files["set/transcripts.tsv"] = b"3\tthree\n"
    for name, data in files.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    for kind, mode in ((".tar", "w"), (".tar.gz", "w:gz")):
        with tarfile.open(tmp_path / f"set{kind}", mode) as tar:
            tar.add(tmp_path / "folder" / "set", "./set")
    expected = read(tmp_path / "folder")
    assert clips(expected)["3"] == "three"
    for name in ("set.zip", "set.tar", "set.tar.gz"):
        data = read(tmp_path / name)
        assert clips(data) == clips(expected)
        by_name = dict(zip(data.train.names, range(len(data.train)), strict=True))
        for index, clip in enumerate(expected.train.names):
            if clip in by_name:
                assert torch.equal(data.train.samples(by_name[clip]), expected.train.samples(index))
        assert data.title == "set"


def test_a_folder_of_archives_is_all_of_them_with_the_tables_beside(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with zipfile.ZipFile(tmp_path / name / f"{name}.zip", "w") as archive:
            archive.writestr("a.wav", content())
            archive.writestr("b.wav", content())
        (tmp_path / name / "transcripts.tsv").write_text(f"a\tthis is {name}\n")
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        archive.writestr("x.png", b"no sound")
    data = read(tmp_path)
    assert clips(data) == {"one/a": "this is one", "one/b": None, "two/a": "this is two", "two/b": None}
    assert [(entry.path, entry.reason) for entry in data.skipped] == [("pictures.zip", "holds no recordings")]


def test_a_table_outside_of_archives_is_said_where_none_of_them_understands_it(tmp_path):
    for name in ("one", "two"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            archive.writestr(f"{name}.wav", content())
            archive.writestr("labels.json", f'{{"{name}": "inside {name}"}}')
    (tmp_path / "transcripts.tsv").write_text("one\tnot used: the archives have their own\n")
    (tmp_path / "nothing.csv").write_text("price,weight\n1,2\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.csv").write_text("price\n1\n")
    (tmp_path / "labels.json").write_text('{"one": "outside"}')
    (tmp_path / "README.txt").write_text("for people")
    data = read(tmp_path)
    assert set(clips(data).values()) == {"inside one", "inside two"}
    said = {entry.path: entry.reason for entry in data.skipped}
    assert set(said) == {"nothing.csv", "sub/more.csv", "labels.json"}
    assert "in one.zip is used" in said["labels.json"]
    assert len(data.skipped) == 3
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "x.csv").write_text("a.wav|yes\n")
    (tmp_path / "one.zip").rename(tmp_path / "sub" / "one.zip")
    (tmp_path / "two.zip").rename(tmp_path / "sub" / "two.zip")
    said = {entry.path: entry.reason for entry in read(tmp_path).skipped}
    assert said["none/x.csv"] == "no archive of recordings lies in its folder or above"


def test_paths_in_archives_are_never_trusted(tmp_path):
    outside = tmp_path / "outside.wav"
    put(outside)
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../../evil.wav", content())
        archive.writestr("/etc/evil.wav", content())
        archive.writestr("good.wav", content())
    data = read(tmp_path / "evil.zip")
    assert clips(data) == {"good": None}
    assert [entry.reason for entry in data.skipped] == ["an unsafe path"] * 2
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        link = tarfile.TarInfo("link.wav")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        tar.addfile(link)
        for name in ("../evil.wav", "good.wav"):
            member = tarfile.TarInfo(name)
            member.size = len(content())
            tar.addfile(member, io.BytesIO(content()))
    assert clips(read(tmp_path / "evil.tar")) == {"good": None}
    assert not (tmp_path.parent / "evil.wav").exists()


def test_a_link_that_leaves_the_folder_is_followed_and_said(tmp_path):
    put(tmp_path / "outside.wav")
    put(tmp_path / "in" / "a.wav")
    os.symlink(tmp_path / "outside.wav", tmp_path / "in" / "b.wav")
    os.mkfifo(tmp_path / "in" / "c.wav")
    data = read(tmp_path / "in")
    assert set(clips(data)) == {"a", "b"}
    reasons = {entry.path: (entry.reason, entry.what) for entry in data.skipped}
    assert reasons == {
        "in": ("1 link out of the folder followed", "remark"),
        "c.wav": ("not a regular file", "file"),
    }


# Bad files


def test_bad_files_are_skipped_and_counted_with_the_reason(tmp_path):
    for number in range(3):
        put(tmp_path / f"good{number}.wav", number)
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("I am not audio")
    put(tmp_path / "short.wav", seconds=0.01)
    whole = content(5, "FLAC")
    (tmp_path / "cut.flac").write_bytes(whole[:100])
    data = read(tmp_path)
    assert set(clips(data)) == {"good0", "good1", "good2"}
    reasons = {entry.path: entry.reason for entry in data.skipped}
    assert set(reasons) == {"empty.wav", "text.wav", "short.wav", "cut.flac"}
    assert reasons["empty.wav"].startswith("is empty")
    assert reasons["text.wav"].startswith("is not audio")
    assert reasons["short.wav"] == "shorter than one frame (25 ms)"
    assert "4 skipped" in data.about
    kept = torch.cat([data.train.audio, data.test.audio])
    assert len(kept) == 3 * 3200


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("x.wav", b"I am text", "1 skipped, the first: x.wav, is not audio"),
        ("x.zip", b"PK no zip", "is a broken .zip"),
        ("x.tar", b"no tar at all", "is a broken archive"),
        ("x.txt", b"hello", "is no recording: choose a folder"),
    ],
)
def test_a_file_that_is_no_data_is_refused_in_one_line(tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    refused(tmp_path / name, match)


def test_an_empty_folder_and_a_folder_of_images_are_refused_in_one_line(tmp_path):
    refused(tmp_path, "holds no usable recordings: choose a folder of WAV")
    (tmp_path / "a.png").write_bytes(b"x")
    refused(tmp_path, "holds no usable recordings")


def test_one_file_is_data_and_a_long_one_is_cut_in_pieces(tmp_path):
    put(tmp_path / "short.wav")
    data = read(tmp_path / "short.wav")
    assert data.train.names == data.test.names == ("short",)
    assert "too few to hold any out" in data.about
    put(tmp_path / "long.wav", seconds=125)
    data = read(tmp_path / "long.wav")
    assert data.train.names == ("long", "long @ 0:31", "long @ 1:02")
    assert data.test.names == ("long @ 1:33",)
    assert data.train.seconds + data.test.seconds == pytest.approx(125)
    assert "4 clips" in data.about


def test_loading_stops_when_asked_and_tells_how_far_it_is(tmp_path):
    for number in range(10):
        put(tmp_path / f"{number}.wav")
    seen = []
    with pytest.raises(Cancelled):
        read(tmp_path, progress=lambda *step: seen.append(step), cancelled=lambda: len(seen) > 4)
    assert 0 < seen[-1][0] < 1
    seen.clear()
    read(tmp_path, progress=lambda *step: seen.append(step))
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert seen[-1] == (1.0, "Reading recordings: 10 of 10, 0 minutes")


# Hours of sound


def test_what_outgrows_the_memory_is_mapped_from_the_cache_and_found_again(tmp_path, monkeypatch):
    for number in range(20):
        put(tmp_path / "in" / f"{number:02}.wav", number)
    (tmp_path / "in" / "bad.wav").write_text("text")
    expected = read(tmp_path / "in")
    monkeypatch.setattr(reel, "IN_MEMORY", 10_000)
    cache = tmp_path / "cache"
    first = read(tmp_path / "in", cache)
    assert torch.equal(first.train.audio, expected.train.audio)
    assert torch.equal(first.test.audio, expected.test.audio)
    kept = sorted(path.name.split("-")[0] for path in cache.rglob("*") if path.is_file())
    assert kept[1:] == ["test", "train"]
    assert len(kept) == 3

    def decoded_again(*_: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(gather, "stream", decoded_again)
        again = read(tmp_path / "in", cache)
    assert again.train.names == expected.train.names
    assert torch.equal(again.train.audio, expected.train.audio)
    assert again.skipped == expected.skipped
    put(tmp_path / "in" / "00.wav", 40)
    changed = read(tmp_path / "in", cache)
    assert not torch.equal(changed.train.audio, expected.train.audio)
    assert len([path for path in cache.rglob("*") if path.is_file()]) == 3


def test_a_cancelled_or_damaged_cache_leaves_nothing_wrong_behind(tmp_path, monkeypatch):
    for number in range(20):
        put(tmp_path / "in" / f"{number:02}.wav", number)
    monkeypatch.setattr(reel, "IN_MEMORY", 10_000)
    cache = tmp_path / "cache"
    asked = iter([False] * 20 + [True] * 100)
    with pytest.raises(Cancelled):
        read(tmp_path / "in", cache, cancelled=lambda: next(asked))
    assert [path for path in cache.rglob("*") if path.is_file()] == []
    expected = read(tmp_path / "in", cache)
    samples = expected.train.audio.clone()
    for path in cache.rglob("train-*"):
        path.write_bytes(b"too short")
    assert torch.equal(read(tmp_path / "in", cache).train.audio, samples)


# Several as one


def test_a_plus_b_is_both_one_after_the_other(tmp_path, monkeypatch):
    for word, number in (("left", 0), ("right", 5)):
        for take in range(4):
            put(tmp_path / "one" / word / f"{take}.wav", number + take)
    for take in range(3):
        put(tmp_path / "two" / f"{take}.wav", 30 + take)
    both = read(f"{tmp_path / 'one'}+{tmp_path / 'two'}")
    assert both.title == "one + two"
    assert (len(both.train), len(both.test)) == (6 + 2, 2 + 1)
    assert both.class_names == ()
    assert both.train.labels is None
    assert both.train.names[0] == "one/left/0"
    assert both.train.names[-1].startswith("two/")
    two = read(tmp_path / "two")
    assert torch.equal(both.train.samples(7), two.train.samples(1))
    twice = read(f"{tmp_path / 'one'}+{tmp_path / 'one'}")
    assert twice.class_names == ("left", "right")
    assert twice.train.labels.tolist() == [0, 0, 0, 1, 1, 1] * 2
    monkeypatch.setattr(reel, "IN_MEMORY", 10_000)
    mapped = read(f"{tmp_path / 'one'}+{tmp_path / 'two'}", tmp_path / "cache")
    assert torch.equal(mapped.train.audio, both.train.audio)


def test_joined_samples_keep_their_phones_and_others_have_none(tmp_path):
    put(tmp_path / "mine" / "a.wav")
    put(tmp_path / "mine" / "b.wav")
    both = read(f"{tmp_path / 'mine'}+spoken")
    assert both.train.phones[0] == ()
    assert both.train.phones[1][0].label == "sil"
    assert len(both.train.phones) == len(both.train.words) == len(both.train)


def test_a_path_with_a_plus_is_one_path_and_names_are_kept(tmp_path):
    put(tmp_path / "c++" / "a.wav")
    assert parts(str(tmp_path / "c++")) == (str(tmp_path / "c++"),)
    assert len(read(tmp_path / "c++").train) == 1
    assert absolute("spoken+data") == f"spoken+{Path.cwd() / 'data'}"
    assert exists("spoken+fsdd")
    assert not exists(f"spoken+{tmp_path / 'nowhere'}")


@pytest.mark.parametrize(
    ("name", "kind", "match"),
    [
        ("spoken+nowhere", "speech", "no data called 'nowhere'"),
        ("spoken+shapes", "speech", "only speech can be joined"),
        ("shapes+digits", "images", "only speech can be joined"),
        ("spoken", "images", "'spoken' is speech, but this learns from images: choose one of shapes"),
        ("shapes", "speech", "'shapes' is images, but this learns from speech: choose one of spoken"),
        ("spokn", "speech", "Did you mean 'spoken'"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_one_line(name, kind, match):
    with pytest.raises(DataError, match=match) as caught:
        load(name, kinds=(kind,))
    assert "\n" not in str(caught.value)


# Real recordings


@pytest.mark.parametrize(
    ("name", "count", "minutes", "texts", "classes"),
    [
        ("speech_ljspeech_mini", 308, 33.61, 308, 0),
        ("speech_asterisk_en", 442, 18.45, 442, 0),
        ("speech_coffee_orders", 220, 31.14, 0, 0),
        ("speech_keywords6", 360, 17.28, 0, 6),
        ("speech_fsdd", 2000, 13.85, 2000, 10),
    ],
)
def test_real_speech_is_as_long_and_as_labelled_as_its_card_says(name, count, minutes, texts, classes):
    if not (SHARED / name).is_dir():
        pytest.skip(f"no {SHARED / name}: the recordings are not part of the project")
    data = read(SHARED / name)
    assert len(data.train) + len(data.test) == count
    assert (data.train.seconds + data.test.seconds) / 60 == pytest.approx(minutes, abs=0.05)
    assert sum(text is not None for text in clips(data).values()) == texts
    assert len(data.class_names) == classes
    # The orders are labelled with what is meant, not with what is said.
    assert [entry.path for entry in data.skipped] == ["labels.json"] * (name == "speech_coffee_orders")
    assert 0.05 < len(data.test) / count < 0.15
    if name == "speech_ljspeech_mini":
        assert clips(data)["LJ001-0002"] == "in being comparatively modern."
