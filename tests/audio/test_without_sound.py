"""No PortAudio, no device, no permission: one clear line each, and files go on working."""

import ctypes.util
import subprocess
import sys

import numpy as np
import pytest

from ssllab.audio import devices
from ssllab.audio.errors import AudioError
from ssllab.audio.files import read, write
from ssllab.audio.player import Player
from ssllab.audio.recorder import Recorder


@pytest.fixture
def no_library(monkeypatch):
    """PortAudio as on a machine where it was never installed."""
    if sys.platform != "linux":
        pytest.skip("sounddevice brings PortAudio with it here")
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    find = ctypes.util.find_library
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None if "portaudio" in name else find(name))


@pytest.fixture
def no_device(monkeypatch):
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    monkeypatch.setattr(sounddevice, "query_devices", lambda: sounddevice.DeviceList())


@pytest.fixture
def no_permission(monkeypatch):
    """A microphone that is listed and refuses to be opened, as macOS and Windows do."""
    sounddevice = pytest.importorskip("sounddevice", exc_type=OSError)
    entry = {
        "name": "Built-in",
        "hostapi": 0,
        "max_input_channels": 1,
        "max_output_channels": 2,
        "default_samplerate": 48_000.0,
    }

    def refuse(**settings):
        raise sounddevice.PortAudioError("Error opening InputStream: Unanticipated host error", -9999)

    monkeypatch.setattr(sounddevice, "query_devices", lambda: [entry])
    monkeypatch.setattr(sounddevice, "query_hostapis", lambda: [{"name": "Core Audio"}])
    monkeypatch.setattr(sounddevice, "check_input_settings", lambda **settings: None)
    monkeypatch.setattr(sounddevice, "check_output_settings", lambda **settings: None)
    monkeypatch.setattr(sounddevice, "InputStream", refuse)
    monkeypatch.setattr(sounddevice, "OutputStream", refuse)


def attempts(tmp_path):
    return (
        devices.input_devices,
        devices.output_devices,
        Recorder(tmp_path / "takes").listen,
        Recorder(tmp_path / "takes").start,
        lambda: Player().play(np.zeros(1600, np.float32), 16_000),
        lambda: setattr(Recorder(tmp_path / "takes"), "monitoring", True),
    )


def assert_files_work(tmp_path):
    write(tmp_path / "sound.flac", np.zeros(1600, np.float32))
    assert len(read(tmp_path / "sound.flac")) == 1600
    assert not list((tmp_path / "takes").glob("*"))


def test_no_portaudio(no_library, tmp_path):
    for attempt in attempts(tmp_path):
        with pytest.raises(AudioError, match=r"PortAudio is missing.*libportaudio2") as refusal:
            attempt()
        assert "\n" not in str(refusal.value)
    assert_files_work(tmp_path)


def test_no_device(no_device, tmp_path):
    for attempt in attempts(tmp_path):
        with pytest.raises(
            AudioError, match=r"No (microphone|loudspeaker) was found.*(files work|can be heard)"
        ) as refusal:
            attempt()
        assert "\n" not in str(refusal.value)
    assert_files_work(tmp_path)


def test_no_permission(no_permission, tmp_path):
    for attempt in attempts(tmp_path)[2:]:
        with pytest.raises(AudioError, match=r"'Built-in' could not be opened \(.*may use it") as refusal:
            attempt()
        assert "\n" not in str(refusal.value)
    assert_files_work(tmp_path)


def test_a_player_keeps_its_refusal_to_show(no_device):
    player = Player()
    with pytest.raises(AudioError):
        player.play(np.zeros(1600, np.float32), 16_000)
    assert "No loudspeaker" in player.problem
    assert not player.playing
    assert player.position is None
    player.stop()


def test_importing_the_room_touches_no_sound_card():
    modules = "devices files level log_mel monitor peaks player portaudio recorder ring source stretch takes"
    code = "import sys\n" + "\n".join(f"import ssllab.audio.{name}" for name in modules.split())
    subprocess.run([sys.executable, "-c", f"{code}\nassert 'sounddevice' not in sys.modules"], check=True)
