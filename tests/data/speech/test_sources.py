"""The user's takes, and the sets that are downloaded, against a server of our own on 127.0.0.1."""

import hashlib
import http.server
import io
import tarfile
import threading

import numpy as np
import pytest
import soundfile
import torch

from ssllab.audio.takes import TakeStore
from ssllab.data import catalogue
from ssllab.data.catalogue import load
from ssllab.data.download import Remote
from ssllab.data.speech import downloads, gather, reel
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled


def sound(number: int = 0, kind: str = "FLAC") -> bytes:
    buffer = io.BytesIO()
    wave = 0.3 * np.sin(2 * np.pi * (200 + 20 * number) * np.arange(3200) / 16_000)
    soundfile.write(buffer, wave, 16_000, format=kind)
    return buffer.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def librispeech(part: str, speakers: tuple[int, ...]) -> bytes:
    files = {}
    for speaker in speakers:
        folder = f"LibriSpeech/{part}/{speaker}/198"
        files |= {f"{folder}/{speaker}-198-{take:04}.flac": sound(take) for take in range(3)}
        files[f"{folder}/{speaker}-198.trans.txt"] = "".join(
            f"{speaker}-198-{take:04} TAKE {take}\n" for take in range(3)
        ).encode()
    return archive(files)


@pytest.fixture
def serve(monkeypatch):
    """``serve(name, contents)``: the set's files come from this machine; returns the paths that were asked for."""
    asked: list[str] = []
    files: dict[str, bytes] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(files[self.path])))
            self.end_headers()
            self.wfile.write(files[self.path])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()

        def serve(name: str, contents: list[bytes]) -> list[str]:
            remotes = []
            for remote, content in zip(downloads.REMOTES[name], contents, strict=True):
                files["/" + remote.file_name] = content
                address = f"http://127.0.0.1:{server.server_port}/{remote.file_name}"
                digest = hashlib.new(remote.algorithm, content).hexdigest()
                remotes.append(Remote(address, digest, remote.title))
            monkeypatch.setitem(downloads.REMOTES, name, tuple(remotes))
            return asked

        yield serve
        server.shutdown()
        thread.join()


# Takes


def test_takes_are_data_with_the_transcripts_typed_so_far(tmp_path):
    with pytest.raises(DataError, match="there are no takes yet: record one"):
        load("takes", workspace=tmp_path)
    store = TakeStore(tmp_path / "takes")
    for number in range(4):
        path = tmp_path / f"take {number}.flac"
        path.write_bytes(sound(number))
        (take,) = store.import_file(path)
        if number < 3:
            store.set_transcript(take.id, f"number {number}")
    data = load("takes", workspace=tmp_path)
    assert (data.name, data.title, data.kind) == ("takes", "Your takes", "speech")
    said = {text for split in (data.train, data.test) for text in split.texts}
    assert said == {"number 0", "number 1", "number 2", None}
    assert len(data.test) == 1
    assert data.test.texts[0] is not None
    held = data.test.texts
    path.write_bytes(sound(9))
    store.import_file(path)
    more = load("takes", workspace=tmp_path)
    assert len(more.train) + len(more.test) == 5
    assert set(held) <= set(more.test.texts)


# Downloads


def test_librispeech_is_trained_on_one_archive_and_tested_on_the_other(tmp_path, serve, monkeypatch):
    asked = serve("librispeech", [librispeech("train-clean-5", (19, 26)), librispeech("dev-clean-2", (84,))])
    seen = []
    data = load("librispeech", root=tmp_path, progress=lambda *step: seen.append(step))
    assert (data.name, data.title) == ("librispeech", "LibriSpeech")
    assert (len(data.train), len(data.test)) == (6, 3)
    assert set(data.train.speakers) == {"19", "26"}
    assert set(data.test.speakers) == {"84"}
    assert data.train.texts[1] == "TAKE 1"
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert seen[-1][0] == pytest.approx(1.0)
    assert len(asked) == 2
    again = load("librispeech", root=tmp_path)
    assert torch.equal(again.train.audio, data.train.audio)
    assert len(asked) == 2


def test_a_large_set_is_decoded_once_and_unpacked_never_again(tmp_path, serve, monkeypatch):
    serve("librispeech", [librispeech("train-clean-5", (19, 26)), librispeech("dev-clean-2", (84,))])
    monkeypatch.setattr(reel, "IN_MEMORY", 10_000)
    data = load("librispeech", root=tmp_path)

    def unpacked_again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(gather, "stream", unpacked_again)
    monkeypatch.setattr(tarfile, "open", unpacked_again)
    again = load("librispeech", root=tmp_path)
    assert torch.equal(again.train.audio, data.train.audio)
    assert again.train.texts == data.train.texts


def test_speech_commands_and_digits_have_words_speakers_and_a_test_list(tmp_path, serve):
    files = {
        f"./{word}/{who:08x}_nohash_0.wav": sound(who, "WAV") for word in ("yes", "no") for who in range(4)
    }
    files |= {
        "./testing_list.txt": b"no/00000002_nohash_0.wav\n",
        "./_background_noise_/pink.wav": sound(1, "WAV"),
    }
    serve("speech_commands", [archive(files)])
    commands = load("speech_commands", root=tmp_path)
    assert commands.class_names == ("no", "yes")
    assert commands.test.names == ("no/00000002_nohash_0",)
    assert commands.test.texts == ("no",)
    assert len(commands.train) == 7
    digits = {
        f"free-spoken-digit-dataset-1.0.9/recordings/{digit}_theo_{take}.wav": sound(digit, "WAV")
        for digit in range(10)
        for take in (0, 7)
    }
    serve("fsdd", [archive(digits)])
    data = load("fsdd", root=tmp_path)
    assert len(data.class_names) == 10
    assert data.test.labels.tolist() == list(range(10))


def test_a_cancelled_download_is_there_the_next_time(tmp_path, serve):
    serve(
        "fsdd", [archive({f"r/{digit}_theo_{take}.wav": sound(digit) for digit in (1, 2) for take in (1, 9)})]
    )
    with pytest.raises(Cancelled):
        load("fsdd", root=tmp_path, cancelled=lambda: True)
    assert len(load("fsdd", root=tmp_path).train) == 2


def test_a_damaged_archive_says_what_to_delete(tmp_path, serve):
    serve("fsdd", [b"no archive"])
    with pytest.raises(
        DataError, match=r"Free Spoken Digits: .* is a broken archive .* Delete .*fsdd"
    ) as refused:
        load("fsdd", root=tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["librispeech", "speech_commands", "fsdd"])
def test_without_a_network_there_is_one_clear_line(name, tmp_path, monkeypatch):
    offline = tuple(
        Remote("http://127.0.0.1:9/" + remote.file_name, remote.checksum, remote.title)
        for remote in downloads.REMOTES[name]
    )
    monkeypatch.setitem(downloads.REMOTES, name, offline)
    with pytest.raises(DataError, match=r"no connection to .* Check the network") as refused:
        load(name, root=tmp_path)
    assert "\n" not in str(refused.value)
    assert "spoken" in str(refused.value)


def test_the_catalogue_lists_speech_with_its_kind():
    speech = [info.name for info in catalogue.sources("speech")]
    assert speech == ["spoken", "takes", "fsdd", "librispeech", "speech_commands"]
    assert catalogue.kind_of("spoken").options == ()
    assert {info.kind for info in catalogue.sources()} == {"images", "speech", "text", "video"}
    assert set(downloads.REMOTES) == {info.name for info in catalogue.sources("speech") if not info.offline}
