"""Models whose frames are not of 20 ms, or that hear a recording as a whole, on the desk of the Speech lab."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QObject, QRectF

from ssllab.audio.parts import parts
from ssllab.methods.recogniser import Recogniser
from ssllab.methods.speech_inspection import PretrainedInspector
from ssllab.nn.wav2vec2.config import PRESETS
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining
from ssllab.text.alphabet import Alphabet
from ssllab.ui.labs.speech.widgets.axis import TimeAxis
from ssllab.ui.labs.speech.widgets.clip import RATE, Clip
from ssllab.ui.labs.speech.widgets.code_lanes import CodeLane
from ssllab.ui.labs.speech.widgets.curve_lanes import column_means
from ssllab.ui.labs.speech.widgets.index import ClipCodes, Index, read_clip
from ssllab.ui.labs.speech.widgets.lane import frame_columns
from ssllab.ui.labs.speech.widgets.live_codes import LiveCodes
from ssllab.ui.labs.speech.widgets.reader import Reader

HALF = replace(  # a frame every 10 ms
    PRESETS["tiny"],
    conv_dim=(16,) * 6,
    conv_stride=(5, 2, 2, 2, 2, 2),
    conv_kernel=(10, 3, 3, 3, 3, 2),
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
    num_codevectors_per_group=8,
)
SOUND = 0.1 * np.random.default_rng(0).normal(size=45 * RATE + 321).astype(np.float32)


@pytest.fixture(scope="module")
def half() -> Wav2Vec2ForPreTraining:
    torch.manual_seed(0)
    return Wav2Vec2ForPreTraining(HALF).eval()


@pytest.mark.parametrize("hop", [64, 160, 320, 441])
def test_parts_hold_every_frame_once_and_hear_two_seconds_around(hop: int) -> None:
    for frames in (0, 1, 20 * RATE // hop, 20 * RATE // hop + 2, 100 * RATE // hop + 7):
        found = parts(frames, hop)
        assert [i for part in found for i in range(part.first, part.last)] == list(range(frames))
        for part in found:
            assert part.begin == 0 or (part.first - part.begin) * hop == pytest.approx(2 * RATE, abs=hop)
            assert part.end == frames or (part.end - part.last) * hop == pytest.approx(2 * RATE, abs=hop)
            assert (part.end - part.begin) * hop <= 20 * RATE + 2 * hop


def test_the_reader_gives_every_frame_of_another_stride_also_across_its_seams(qtbot, half) -> None:
    parent = QObject()
    reader = Reader(parent)
    reader.read(Clip("clip", SOUND), PretrainedInspector(half))
    qtbot.waitUntil(lambda: reader.reading.complete, timeout=60_000)
    reading = reader.reading
    whole = half.codes(torch.from_numpy(SOUND)[None]).codes[0].numpy()
    assert reading.frames == len(whole) == HALF.frames(len(SOUND))
    np.testing.assert_array_equal(reading.codes, whole)
    assert reading.frame_seconds == 0.01
    reader.close()


def test_lanes_show_a_frame_of_another_stride_at_its_second(half) -> None:
    codes = np.arange(4500)[:, None].astype(np.int32)
    reading = SimpleNamespace(codes=codes, frame_seconds=0.01)
    lane = CodeLane(SimpleNamespace(inspection=reading, picked=None), 0)
    assert [lane.code_at(seconds) for seconds in (0.005, 1.005, 44.995)] == [0, 100, 4499]
    axis = TimeAxis(2.0, 1.0, 0.0, 1000.0)
    frame, share = frame_columns(QRectF(0, 0, 1000, 10), axis, 1.0, 4500, 0.01)
    assert (frame[0], frame[-1], share) == (200, 299, 1)
    values = np.arange(4500, dtype=float)
    np.testing.assert_allclose(column_means(values, np.array([1.0, 1.02, 1.04]) + 1e-9, 0.01), [100.5, 102.5])


def test_occurrences_of_another_stride_are_at_their_seconds(half) -> None:
    found = read_clip(Clip("clip", SOUND), PretrainedInspector(half), lambda: None)
    codes = np.zeros_like(found.codes)
    codes[3000:3010, 0] = 5
    listed = SimpleNamespace(key="a", phones=(), words=())
    (place,) = Index([listed], [ClipCodes(codes, found.latents, found.frame_seconds)]).occurrences(0, 5)
    assert (place.start, place.end) == pytest.approx((30.0, 30.1))


@pytest.mark.parametrize("change", [{"do_normalize": True}, {"feat_extract_norm": "group"}])
def test_lanes_and_text_of_a_model_that_hears_the_whole_agree(change: dict) -> None:
    torch.manual_seed(0)
    recogniser = Recogniser(Wav2Vec2ForCTC(replace(HALF, **change)).eval(), Alphabet())
    sound = np.concatenate([0.01 * SOUND[: 20 * RATE], SOUND[: 10 * RATE]])  # 30 s: two parts
    whole = recogniser.inspect_audio(torch.from_numpy(sound))
    found = read_clip(Clip("clip", sound), recogniser, lambda: None)
    np.testing.assert_allclose(found.latents, whole.latents, atol=0.02)
    assert recogniser.transcribe(torch.from_numpy(sound)) == recogniser.read(whole.log_probs)


@pytest.mark.parametrize(
    ("change", "provisional"),
    [({}, False), ({"do_normalize": True}, True), ({"feat_extract_norm": "group"}, True)],
)
def test_live_codes_are_provisional_where_the_whole_counts_and_that_is_said(
    qtbot, change: dict, provisional: bool
) -> None:
    torch.manual_seed(0)
    model = Wav2Vec2ForPreTraining(replace(HALF, **change)).eval()
    parent, said = QObject(), []
    live = LiveCodes(parent)
    live.approximate.connect(said.append)
    live.begin(PretrainedInspector(model))
    assert bool(said) == provisional
    sound = SOUND[: 2 * RATE]
    for first in range(0, len(sound), 640):
        live.push(sound[first : first + 640])
    frames = HALF.frames(len(sound))
    qtbot.waitUntil(lambda: live.reading.frames == frames, timeout=60_000)
    assert live.reading.frame_seconds == 0.01
    same = (live.reading.codes == model.codes(torch.from_numpy(sound)[None]).codes[0].numpy()).mean()
    assert same > 0.9 if provisional else same == 1.0
    live.close()
