"""What tests of several rooms share: a microphone (PulseAudio's null sink, which PortAudio sees as a device like any
other), the smallest speech there is with a model that learns from it in a second, and a hub of models on 127.0.0.1."""

import contextlib
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

import hypothesis
import numpy as np
import pytest

import ssllab  # noqa: F401  before torch: it says how its threads wait

hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@dataclass(frozen=True)
class VirtualMicrophone:
    """What is played with :meth:`play` is what the default microphone hears."""

    server: subprocess.Popen
    environment: dict[str, str]
    players: list[subprocess.Popen] = field(default_factory=list)

    def play(self, path: Path) -> subprocess.Popen:
        """Play an audio file into the microphone; does not wait for its end."""
        self.players.append(subprocess.Popen(["paplay", "--device=virt", str(path)], env=self.environment))
        return self.players[-1]

    def hush(self) -> None:
        """End what plays."""
        while self.players:
            _end(self.players.pop())

    def control(self, *words: str) -> str:
        """``pactl`` of this server: list what plays, mute ..."""
        done = subprocess.run(
            ["pactl", *words], env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def latency(self) -> float:
        """Seconds of sound that the sink holds now."""
        found = re.search(r"Latency: (\d+) usec", self.control("list", "sinks"))
        return int(found[1]) / 1e6 if found else 0.0

    def unplug(self) -> None:
        """Take the whole sound system away, at once and without a word."""
        self.server.kill()
        self.server.wait(10)


@contextlib.contextmanager
def pulse_audio() -> Iterator[VirtualMicrophone]:
    """A PulseAudio of our own with a null sink, whose monitor is the default microphone."""
    missing = [name for name in ("pulseaudio", "pactl", "pacat") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"no virtual microphone: {', '.join(missing)} missing (make test installs it on Debian)")
    # A short path: a socket's name may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pulse-"))
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    environment.pop("PULSE_SERVER", None)
    modules = (
        f"module-native-protocol-unix auth-anonymous=1 socket={folder}/native",
        "module-null-sink sink_name=virt rate=48000",
    )
    words = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--use-pid-file=no",
        "--log-level=error",
    ]
    words += [word for module in modules for word in ("-L", module)]
    log = folder / "log"
    with log.open("w") as errors:
        server = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
    microphone = VirtualMicrophone(server, environment | {"PULSE_SERVER": f"unix:{folder}/native"})
    silence: subprocess.Popen | None = None
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                microphone.control("set-default-source", "virt.monitor")
                break
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline or server.poll() is not None:
                    pytest.skip(f"PulseAudio does not start here: {log.read_text().strip()[-300:]}")
                time.sleep(0.05)
        # An idle null sink wakes up only every two seconds. Silence in small pieces keeps it awake.
        words = ["pacat", "--raw", "--latency-msec=20", "--device=virt", "/dev/zero"]
        silence = subprocess.Popen(words, env=microphone.environment, stderr=subprocess.DEVNULL)
        while microphone.latency() > 0.2 and time.monotonic() < deadline:
            time.sleep(0.05)
        yield microphone
    finally:
        for process in (silence, server):
            if process is not None:
                _end(process)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def default_microphone(
    microphone: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VirtualMicrophone]:
    """Have PortAudio, in this process, see the virtual microphone."""
    from ssllab.audio.errors import AudioError
    from ssllab.audio.portaudio import refresh

    monkeypatch.setenv("PULSE_SERVER", microphone.environment["PULSE_SERVER"])
    try:
        assert refresh(), "a stream of an earlier test is still open"
    except AudioError as error:
        pytest.skip(str(error))
    yield microphone
    microphone.hush()
    refresh()


@pytest.fixture(autouse=True)
def methods_folder(tmp_path_factory, monkeypatch) -> Path:
    """The person's folder of methods: empty, and nothing of it or of packages was read yet."""
    from ssllab.methods import places, registry
    from ssllab.methods.own import OwnMethods

    folder = tmp_path_factory.mktemp("config") / "methods"
    folder.mkdir()
    monkeypatch.setattr(places, "methods_folder", lambda: folder)
    monkeypatch.setattr(registry, "_own", OwnMethods())
    return folder


@pytest.fixture(scope="session")
def pulse_server() -> Iterator[VirtualMicrophone]:
    with pulse_audio() as microphone:
        yield microphone


@pytest.fixture
def virtual_microphone(pulse_server, monkeypatch) -> Iterator[VirtualMicrophone]:
    """The default microphone and loudspeaker of this process, for one test."""
    with default_microphone(pulse_server, monkeypatch) as microphone:
        yield microphone


@pytest.fixture
def dying_microphone(monkeypatch) -> Iterator[VirtualMicrophone]:
    """One that the test may unplug."""
    with pulse_audio() as server, default_microphone(server, monkeypatch) as microphone:
        yield microphone


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait(10)


PITCH = {"a": 300, "b": 800, "c": 2000}


def tones(text: str, noise: np.random.Generator) -> np.ndarray:
    """A tenth of a second of each letter's tone, silence for a space: ``(n,)`` int16 at 16 kHz."""
    parts = [np.zeros(noise.integers(300, 1500))]
    for letter in text:
        time = np.arange(noise.integers(1600, 2600)) / 16_000
        parts += [
            0.5 * np.sin(2 * np.pi * PITCH[letter] * time) if letter in PITCH else 0 * time,
            np.zeros(480),
        ]
    sound = np.concatenate(parts)
    return (32767 * (sound + 0.01 * noise.normal(size=len(sound)))).clip(-32768, 32767).astype(np.int16)


@pytest.fixture(scope="session")
def tone_data():
    """Words of three tones: 32 clips to learn from, the last one without a text; four held out."""
    import torch

    from ssllab.data.speech.types import SpeechData, SpeechSplit

    def split(texts: list[str | None], seed: int) -> SpeechSplit:
        noise = np.random.default_rng(seed)
        clips = [tones(text or "abc", noise) for text in texts]
        starts = torch.tensor(np.cumsum([0, *map(len, clips)]))
        names = tuple(f"clip-{i}" for i in range(len(texts)))
        nobody = (None,) * len(texts)
        return SpeechSplit(torch.from_numpy(np.concatenate(clips)), starts, names, tuple(texts), nobody)

    draw = np.random.default_rng(7)
    texts = ["".join(draw.choice(list("abc"), draw.integers(2, 5))) for _ in range(30)]
    return SpeechData("tones", "Tones", split([*texts, "ab ca", None], 0), split(texts[:4], 1))


@pytest.fixture(scope="session")
def tone_data_with_phones(tone_data):
    """The same, whose phones are known: the letters, as if they were of equal length."""
    from ssllab.data.speech.types import SAMPLE_RATE, Span

    def known(split):
        phones = []
        for text, samples in zip(split.texts, split.starts.diff().tolist(), strict=True):
            one = samples / SAMPLE_RATE / len(text or "-")
            letters = ("sil" if letter == " " else letter for letter in text or "")
            phones.append(tuple(Span(one * i, one * (i + 1), name) for i, name in enumerate(letters)))
        return replace(split, phones=tuple(phones))

    return replace(tone_data, train=known(tone_data.train), test=known(tone_data.test))


@pytest.fixture(scope="session")
def everyday_text():
    """Some sentences of Everyday English, whose truth is known."""
    from ssllab.data.text.everyday.source import everyday_english
    from ssllab.data.text.types import split_of

    whole = everyday_english(0, 10)
    train, test = (list(islice(split.documents(), n)) for split, n in ((whole.train, 400), (whole.test, 100)))
    return replace(whole, train=split_of(train), test=split_of(test))


@pytest.fixture(scope="session")
def rich_speech(tone_data):
    """The words of tones, with phones, words, speakers and texts."""
    import torch

    from ssllab.data.speech.types import Span, SpeechSplit

    def known(split: SpeechSplit) -> SpeechSplit:
        clips = range(len(split.names))
        phones = tuple(tuple(Span(0.1 * i, 0.1 * (i + 1), "ab"[i % 2]) for i in range(4)) for _ in clips)
        speakers = tuple("xy"[i % 2] for i in clips)
        return replace(split, phones=phones, labels=torch.tensor([i % 2 for i in clips]), speakers=speakers)

    return replace(
        tone_data, train=known(tone_data.train), test=known(tone_data.test), class_names=("a", "b")
    )


@pytest.fixture(scope="session")
def rich_images():
    """Pictures of noise, two dozen to learn from and as many held out, with a label and a factor."""
    import torch

    from ssllab.data.images.types import Factor, ImageData, ImageSplit

    def split(seed: int) -> ImageSplit:
        labels = torch.arange(24) % 2
        draw = torch.Generator().manual_seed(seed)
        pictures = torch.randint(0, 256, (24, 3, 16, 16), dtype=torch.uint8, generator=draw)
        return ImageSplit(pictures, labels, (Factor("hue", labels, ("red", "blue")),))

    return ImageData("noise", "Noise", split(0), split(1), ("a", "b"))


@pytest.fixture(scope="session")
def tiny_speech_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pre-training model with random weights."""
    import torch

    from ssllab.methods.stored import StoredModel
    from ssllab.nn.wav2vec2.config import PRESETS
    from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining

    shape = replace(
        PRESETS["tiny"],
        conv_dim=(16,) * 7,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
        num_codevectors_per_group=8,
        codevector_dim=8,
        proj_codevector_dim=8,
    )
    folder = tmp_path_factory.mktemp("tiny-speech-model")
    torch.manual_seed(0)
    StoredModel(Wav2Vec2ForPreTraining(shape)).write(folder)
    return folder


class Hub(http.server.ThreadingHTTPServer):
    """Serves ``files`` as huggingface.co does: for ``*.safetensors`` it tells the SHA-256 and sends one to another
    host, which answers Range requests. ``asked``: method, path and Range; ``failing``: 503 to everything.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _HubHandler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.failing = False

    def publish(self, folder: Path, name: str, revision: str = "main") -> None:
        """Every file of ``folder`` as the model ``name``."""
        for path in folder.iterdir():
            self.files[f"/{name}/resolve/{revision}/{path.name}"] = path.read_bytes()


class _HubHandler(http.server.BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append((self.command, self.path, asked))
        content = self.server.files.get(self.path.removeprefix("/elsewhere"))
        if content is None or self.server.failing:
            self.send_error(503 if self.server.failing else 404)
            return
        if self.path.endswith(".safetensors") and not self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/elsewhere{self.path}")
            self.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if body:
            with contextlib.suppress(OSError):
                self.wfile.write(content[start:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """In place of huggingface.co, with an empty cache."""
    from ssllab.training import hub

    monkeypatch.setattr(hub, "cache_directory", lambda: tmp_path / "cache")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache of others"))
    with Hub() as server:
        monkeypatch.setattr(hub, "HUB", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
