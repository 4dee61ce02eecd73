"""The user's takes: nothing is lost, whatever happens in between."""

import json
import threading
from datetime import UTC, datetime

import numpy as np
import pytest
import soundfile

from ssllab.audio import takes as takes_module
from ssllab.audio.errors import AudioError
from ssllab.audio.files import info, read, write
from ssllab.audio.take_file import TakeFile
from ssllab.audio.takes import TakeStore
from ssllab.storage.progress import Cancelled


@pytest.fixture
def store(tmp_path) -> TakeStore:
    return TakeStore(tmp_path / "takes")


@pytest.fixture
def sound(tmp_path, sweep):
    path = tmp_path / "A sentence.wav"
    write(path, sweep(2, 16_000))
    return path


def contents(store: TakeStore) -> set[str]:
    return {path.name for path in store.folder.rglob("*") if path.is_file()}


def test_an_empty_store_is_no_error(store):
    assert store.takes() == []
    assert store.recover() == []
    assert store.undo_delete() is None
    with pytest.raises(AudioError, match="no longer there"):
        store.take("nothing")


def test_an_import_knows_its_sound(store, sound, sweep):
    before = datetime.now(UTC)
    (take,) = store.import_file(sound)
    assert take.name == "A sentence"
    assert take.seconds == 2
    assert take.level_db == pytest.approx(20 * np.log10(0.5 / 2**0.5), abs=0.05)
    assert take.transcript == ""
    assert before <= take.created <= datetime.now(UTC)
    assert take.peaks.shape == (200, 2)
    assert take.peaks.max() == pytest.approx(0.5, abs=0.01)
    assert take.peaks.min() == pytest.approx(-0.5, abs=0.01)
    np.testing.assert_allclose(read(take.path), sweep(2, 16_000), atol=1e-4)
    (again,) = TakeStore(store.folder).takes()
    np.testing.assert_allclose(again.peaks, take.peaks, atol=0.005)
    assert (again.id, again.name, again.created) == (take.id, take.name, take.created)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_every_format_and_channel_count_is_imported(store, tmp_path, sweep, likeness, suffix, channels):
    if suffix == "mp3" and channels > 2:
        pytest.skip("MP3 has two channels at most")
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, np.repeat(sweep(1, 48_000)[:, None], channels, 1), 48_000)
    (take,) = store.import_file(path)
    header = info(take.path)
    assert (header.rate, header.channels, header.format) == (16_000, 1, "WAV PCM_16")
    assert likeness(read(take.path), sweep(1, 16_000))[0] > 0.95


def test_progress_grows_to_the_end_and_a_cancel_leaves_nothing(store, tmp_path):
    path = tmp_path / "long.flac"
    soundfile.write(path, np.zeros(8000 * 300), 8000)
    shares: list[float] = []
    store.import_file(path, lambda share, text: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1, abs=0.01)
    assert len(shares) > 10
    before = contents(store)
    with pytest.raises(Cancelled):
        store.import_file(path, lambda share, text: shares.append(share), lambda: len(shares) % 5 == 0)
    assert contents(store) == before


def test_a_bad_file_leaves_nothing(store, tmp_path):
    (tmp_path / "text.wav").write_text("Once upon a time")
    with pytest.raises(AudioError, match=r"text\.wav"):
        store.import_file(tmp_path / "text.wav")
    assert contents(store) == set()


def test_a_folder_gives_what_can_be_read_and_tells_the_rest(store, tmp_path, sweep):
    folder = tmp_path / "folder"
    folder.mkdir()
    write(folder / "a.wav", sweep(1, 16_000))
    write(folder / "b.flac", sweep(1, 16_000))
    (folder / "bad.ogg").write_text("text")
    notes: list[str] = []
    assert [take.name for take in store.import_file(folder, note=notes.append)] == ["a", "b"]
    assert len(notes) == 1
    assert "bad.ogg" in notes[0]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(AudioError, match="no audio files"):
        store.import_file(tmp_path / "nothing")


def test_a_flaw_is_told(store, tmp_path):
    frames = np.full(16_000, 0.1, np.float32)
    frames[5] = np.nan
    soundfile.write(tmp_path / "nan.wav", frames, 16_000, "FLOAT")
    notes: list[str] = []
    (take,) = store.import_file(tmp_path / "nan.wav", note=notes.append)
    assert len(notes) == 1
    assert take.seconds == 1


def test_silence_has_a_level_that_json_can_hold(store, tmp_path):
    write(tmp_path / "silence.wav", np.zeros(16_000, np.float32))
    (take,) = store.import_file(tmp_path / "silence.wav")
    assert take.level_db == -120
    json.loads(take.path.with_suffix(".json").read_text())


def test_names_and_transcripts_are_kept(store, sound):
    (take,) = store.import_file(sound)
    store.rename(take.id, "  Grüße 'aus' 東京 ")
    store.set_transcript(take.id, "what was said\n")
    again = TakeStore(store.folder).take(take.id)
    assert (again.name, again.transcript) == ("Grüße 'aus' 東京", "what was said")
    with pytest.raises(AudioError, match="name"):
        store.rename(take.id, "  ")


def test_deletes_are_undone_last_first(store, sound):
    ids = [store.import_file(sound)[0].id for _ in range(3)]
    store.set_transcript(ids[1], "kept")
    for id in ids:
        store.delete(id)
    assert store.takes() == []
    with pytest.raises(AudioError, match="no longer there"):
        store.delete(ids[0])
    restored = [TakeStore(store.folder).undo_delete() for _ in ids]  # also after a restart
    assert [take.id for take in restored] == ids[::-1]
    assert store.take(ids[1]).transcript == "kept"
    assert store.undo_delete() is None


def test_the_newest_comes_first(store, sound):
    ids = [store.import_file(sound)[0].id for _ in range(4)]
    assert [take.id for take in store.takes()] == ids[::-1]


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_export(store, sound, tmp_path, likeness, suffix):
    (take,) = store.import_file(sound)
    store.export(take.id, tmp_path / f"out.{suffix}")
    assert likeness(read(tmp_path / f"out.{suffix}"), read(sound))[0] > 0.99
    with pytest.raises(AudioError, match=r"\.docx"):
        store.export(take.id, tmp_path / "out.docx")


def recording(store: TakeStore, seconds: float) -> TakeFile:
    file = TakeFile(store.recordings)
    file.write(np.full(round(seconds * 16_000), 0.25, np.float32))
    return file


def test_a_recording_becomes_a_take(store):
    file = recording(store, 1.5)
    file.close()
    take = store.add_recording(file.path)
    assert take.seconds == 1.5
    assert take.level_db == pytest.approx(-12.04, abs=0.01)
    assert take.name.startswith("Take 20")
    assert contents(store) == {f"{take.id}.wav", f"{take.id}.json"}
    assert list(store.recordings.iterdir()) == []


def test_what_nobody_records_any_more_is_recovered(store):
    running, abandoned, empty = recording(store, 1), recording(store, 2), recording(store, 0)
    abandoned._lock.release()  # the system does so when a process is killed
    empty._lock.release()
    (take,) = store.recover()
    assert take.seconds == 2
    assert store.recover() == []
    running.close()
    assert [take.seconds for take in store.recover()] == [1]


@pytest.mark.parametrize("damage", ["", "{", "{}", '{"name": 3}', "[]"])
def test_a_damaged_description_does_not_cost_the_sound(store, sound, damage):
    (take,) = store.import_file(sound)
    take.path.with_suffix(".json").write_text(damage)
    assert store.takes() == []
    (again,) = store.recover()
    assert again.seconds == 2
    assert [take.id for take in store.takes()] == [again.id]


def test_a_kill_between_two_files_leaves_no_half_take(store, sound, monkeypatch):
    file = recording(store, 1)
    file.close()

    def killed(*paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(takes_module.os, "replace", killed)
    for step in (lambda: store.add_recording(file.path), lambda: store.import_file(sound)):
        with pytest.raises(KeyboardInterrupt):
            step()
        assert store.takes() == []
    monkeypatch.undo()
    (take,) = store.recover()
    assert take.seconds == 1


def test_a_disk_that_refuses_is_told(tmp_path, sound):
    (tmp_path / "file").touch()
    with pytest.raises(AudioError, match="file") as refusal:
        TakeStore(tmp_path / "file" / "takes").import_file(sound)
    assert "\n" not in str(refusal.value)


def test_two_imports_at_once_keep_apart(store, sound):
    threads = [threading.Thread(target=store.import_file, args=(sound,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.takes()) == 4
    assert len({take.id for take in store.takes()}) == 4


def test_endings_of_sound_that_is_not_read_are_counted(store, tmp_path, sweep):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in ("a.mp4", "b.MP4", "c.dsf", "notes.txt"):
        (folder / name).write_bytes(b"x")
    with pytest.raises(AudioError, match=r"holds no audio files.*Not read: 2 .mp4, 1 .dsf; convert them"):
        store.import_file(folder)
    write(folder / "good.wav", sweep(1, 16_000))
    notes: list[str] = []
    assert [take.name for take in store.import_file(folder, note=notes.append)] == ["good"]
    assert notes == ["Not read: 2 .mp4, 1 .dsf; convert them to WAV or FLAC."]


def test_importing_what_cannot_be_read_names_the_file_and_the_true_cause(store, tmp_path):
    for name, content in (
        ("cut.wav", b"RIFF\x24\0\0\0WAVEfmt "),
        ("cut.m4a", b"\0\0\0\x18ftypM4A " + bytes(400)),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(AudioError, match=f"^{name} ") as refusal:
            store.import_file(tmp_path / name)
        assert "written" not in str(refusal.value)
    assert store.takes() == []
