"""A microphone for the tests: PulseAudio's null sink, which PortAudio sees as a device like any other."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class VirtualMicrophone:
    """What is played with :meth:`play` is what the default microphone hears."""

    environment: dict[str, str]

    def play(self, path: Path) -> subprocess.Popen:
        """Play an audio file into the microphone; does not wait for its end."""
        return subprocess.Popen(["paplay", "--device=virt", str(path)], env=self.environment)

    def control(self, *words: str) -> str:
        """``pactl`` of this server: unplug, mute ..."""
        return subprocess.run(
            ["pactl", *words], env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def latency(self) -> float:
        """Seconds of sound that the sink holds now."""
        found = re.search(r"Latency: (\d+) usec", self.control("list", "sinks"))
        return int(found[1]) / 1e6 if found else 0.0


@pytest.fixture(scope="session")
def pulse_server() -> Iterator[VirtualMicrophone]:
    missing = [name for name in ("pulseaudio", "pactl", "paplay") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} missing: no virtual microphone (make test installs it on Debian)")
    # A short path: a socket's name may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="pulse-"))
    address = f"unix:{folder}/native"
    environment = os.environ | {
        "XDG_RUNTIME_DIR": str(folder),
        "HOME": str(folder),
        "PULSE_SERVER": address,
    }
    modules = [
        f"module-native-protocol-unix auth-anonymous=1 socket={folder}/native",
        "module-null-sink sink_name=virt rate=48000",
    ]
    server = subprocess.Popen(
        [
            "pulseaudio",
            "-n",
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--use-pid-file=no",
            "--log-level=error",
        ]
        + [word for module in modules for word in ("-L", module)],
        env={key: value for key, value in environment.items() if key != "PULSE_SERVER"},
        stdout=subprocess.DEVNULL,
        stderr=(folder / "log").open("w"),
    )
    try:
        microphone = VirtualMicrophone(environment)
        deadline = time.monotonic() + 10
        while True:
            try:
                microphone.control("set-default-source", "virt.monitor")
                break
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline or server.poll() is not None:
                    pytest.skip(
                        f"PulseAudio does not start here: {(folder / 'log').read_text().strip()[-300:]}"
                    )
                time.sleep(0.05)
        # An idle null sink wakes up only every two seconds. Silence in small pieces keeps it awake.
        hush = subprocess.Popen(
            ["pacat", "--raw", "--latency-msec=20", "--device=virt", "/dev/zero"], env=environment
        )
        while microphone.latency() > 0.2 and time.monotonic() < deadline:
            time.sleep(0.05)
        yield microphone
        hush.terminate()
        hush.wait(10)
    finally:
        server.terminate()
        server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def virtual_microphone(
    pulse_server: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VirtualMicrophone]:
    """The default microphone of this process, for one test."""
    from ssllab.audio.errors import AudioError
    from ssllab.audio.portaudio import refresh

    monkeypatch.setenv("PULSE_SERVER", pulse_server.environment["PULSE_SERVER"])
    try:
        assert refresh(), "a stream of an earlier test is still open"
    except AudioError as error:
        pytest.skip(str(error))
    yield pulse_server
    refresh()
