"""Models of sequences on units of sound: what recordings are cut into, that runs repeat, and what codes sound like."""

import math
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import pytest
import torch

from ssllab.controls import ControlError
from ssllab.data.catalogue import load
from ssllab.data.text.corpus import Corpus
from ssllab.data.text.sound import SoundSplit, _Recordings
from ssllab.data.text.types import TextData, split_of
from ssllab.looks import Babble
from ssllab.methods import sound_codes
from ssllab.methods.recogniser import recogniser_of
from ssllab.methods.registry import method_class
from ssllab.methods.sound_codes import coded, ear, heard, learn_codes
from ssllab.methods.stored import StoredModel, read_stored
from ssllab.methods.symbol_stream import first_symbols, stream
from ssllab.storage.errors import DataError
from ssllab.text.units import END, learn
from ssllab.training.checkpoint import snapshot
from ssllab.training.run_record import RunSettings
from ssllab.training.session import Session
from ssllab.training.stored_predictors import of_copy
from ssllab.training.trainer import Trainer

SMALL = {"context": 16, "width": 16, "layers": 1, "heads": 2, "batch_size": 4, "warmup_steps": 0}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def sound_of(clips, tmp_path):
    corpus = Corpus(tmp_path / "spool")
    for clip in clips:
        corpus.write(np.asarray(clip, np.int16).tobytes())
        corpus.end()
    found = corpus.documents()
    return _Recordings(found.text, found.ends, found.digests)


@pytest.fixture(scope="module")
def sound(tone_data, tmp_path_factory):
    """Words of three tones as recordings without a text."""
    clips = [
        split.audio[split.starts[i] : split.starts[i + 1]].numpy()
        for split in (tone_data.train, tone_data.test)
        for i in range(len(split))
    ]
    train, test = sound_of(clips, tmp_path_factory.mktemp("sound")).parted(10)
    return TextData("tones", "Tones", train, test, language="sound")


@pytest.fixture(scope="module")
def hearing():
    return ear("shipped", read_stored)


def trainer(method, data, **config):
    fields = method_class(method).Config.model_fields
    small = {key: value for key, value in SMALL.items() if key in fields}
    settings = {**small, "unit": "code", "clusters": 50, **config}
    return Trainer(RunSettings(method=method, config=settings, data=data.name), data)


def test_equal_sounds_have_equal_codes_and_a_document_is_a_recording(sound, hearing):
    units = learn_codes(sound.train, hearing, "clusters", 50)
    text = coded(sound.train, units, hearing)
    assert len(text) == len(sound.train)
    assert len(units.symbols) == 52
    document = text.document(0).split()
    assert len(document) > 5
    assert all(a != b for a, b in pairwise(document))  # repeats are collapsed
    assert units.unknown not in stream(text, units)
    again = learn_codes.__wrapped__(sound.train, hearing, "clusters", 50)
    assert again == units
    assert coded.__wrapped__(sound.train, again, hearing).document(3) == text.document(3)


def test_the_quantizers_groups_are_interleaved(sound, hearing):
    units = learn_codes(sound.train, hearing, "quantizer", 100)
    assert units.groups == (64, 64)
    document = coded(sound.test, units, hearing).document(0).split()
    assert {symbol[0] for symbol in document[::2]} == {"a"}
    assert {symbol[0] for symbol in document[1::2]} == {"b"}
    codes = hearing.quantized(sound.test.samples(0))[0].tolist()
    assert document[:2] == [f"a{codes[0][0]}", f"b{codes[0][1]}"]
    assert heard(units, units.encode(" ".join(document))).any()


def test_clusters_come_from_the_training_part_alone(sound, hearing):
    whole = learn_codes(sound.train, hearing, "clusters", 50)
    other = replace(sound, test=SoundSplit(sound.train.text, sound.train.starts[:1], sound.train.ends[:1]))
    assert trainer("ngram", other).method.units == whole


@pytest.mark.parametrize("method", ["causal_lm", "masked_lm", "lstm_lm", "ngram"])
def test_every_method_learns_units_of_sound(sound, method):
    settings = {"chunk": 1} if method == "ngram" else {"learning_rate": 1e-2, "batch_size": 8}
    if method == "masked_lm":  # it is told a few symbols in a batch where others are told all
        settings |= {"batch_size": 32, "width": 32, "dropout": 0.0}
    made = trainer(method, sound, **settings)
    for _ in range(150 if method == "masked_lm" else 60):
        if made.over:
            break
        made.train_step()
    found = made.probe()
    assert found.scalars["held_out_loss"] < found.constants["uniform_loss"] - 0.3
    assert "bits_per_byte" not in found.scalars  # sound has no bytes
    babble = made.look().part(Babble)
    assert babble.text.split()[0] in {*made.method.units.symbols, ""}
    assert babble.sound.dtype == np.int16
    assert len(babble.sound) > 1600
    asked = of_copy(made.copy_model())
    assert asked.units == made.method.units
    assert math.isclose(np.exp(asked.next(np.array([END], np.int32))).sum(), 1, rel_tol=1e-4)


def test_a_run_goes_on_bit_for_bit_also_where_more_was_recorded_since(sound, tmp_path):
    whole = trainer("causal_lm", sound, dropout=0.1)
    first = [whole.train_step()["loss"] for _ in range(3)]
    tree = snapshot(whole.state())
    expected = [whole.train_step()["loss"] for _ in range(3)]
    again = trainer("causal_lm", sound, dropout=0.1)
    assert [again.train_step()["loss"] for _ in range(3)] == first
    again.load(tree)
    assert [again.train_step()["loss"] for _ in range(3)] == expected
    assert again.method.remark == ""

    clips = [sound.train.int16(i) for i in range(len(sound.train))]
    louder = [np.flip(clip) for clip in clips]
    more, none = sound_of([*louder, *clips], tmp_path).parted(0)
    grown = trainer("causal_lm", replace(sound, train=more, test=none), dropout=0.1)
    assert grown.method.units != whole.method.units  # clusters of another corpus
    grown.load(tree)
    assert grown.method.units == whole.method.units  # those that the weights know
    place = len(louder)
    assert grown.data.train.document(place) == whole.data.train.document(0)
    assert np.isfinite(grown.train_step()["loss"])


def test_with_another_speech_model_the_recordings_are_coded_anew_and_that_is_said(sound, tmp_path):
    stored = read_stored("shipped")
    stored.write(tmp_path / "model")
    made = trainer("causal_lm", sound, speech_model=str(tmp_path / "model"))
    made.train_step()
    tree = snapshot(made.state())
    assert tree["model"]["_extra_state"]["units"]["fingerprint"] == made.method.units.fingerprint
    with torch.no_grad():
        stored.model.wav2vec2.encoder.layer_norm.weight.mul_(torch.rand(128) + 0.5)
    stored.write(tmp_path / "model")
    settings = made.settings
    session = Session(settings, sound, tree=tree)
    while session.state == "building":
        session.wait(0.02)
    assert session.failure is None
    again = session._trainer
    assert again.method.units.fingerprint != made.method.units.fingerprint
    assert "coded anew" in again.method.remark
    assert "coded anew" in session.warning
    assert "\n" not in session.warning
    session.stop()
    asked = type(made.method).stored(made.config, tree["model"])
    with pytest.raises(ValueError, match="is not the one"):
        asked.read(sound, read_stored)


@pytest.mark.parametrize(
    ("clips", "settings", "said"),
    [
        ([np.zeros(200)], {}, "clusters = 50: the recordings to learn from have 0 frames of 20 ms"),
        ([np.zeros(16_00)], {}, "clusters = 50: the recordings to learn from have 4 frames"),
        ([np.zeros(200)], {"codes": "quantizer"}, "as long as a frame"),
        ([np.ones(32_000)], {"speech_model": "nowhere"}, "no model in nowhere"),
        ([np.ones(32_000)], {"speech_model": " "}, "speech_model is empty"),
        ([np.ones(32_000)], {"speech_model": "shipped-recogniser", "codes": "quantizer"}, "has no quantizer"),
        ([np.ones(32_000)], {"clusters": 20}, "from 50 to 500"),
        ([np.ones(32_000)], {"unit": "word"}, "Short has no words: choose unit=code"),
    ],
)
def test_sound_that_cannot_be_coded_is_one_line(tmp_path, clips, settings, said):
    train, test = sound_of(clips, tmp_path).parted(0)
    with pytest.raises(ControlError, match=said) as error:
        trainer("causal_lm", TextData("short", "Short", train, test, language="sound"), **settings)
    assert "\n" not in str(error.value)


def test_silence_is_learned_from_like_any_other_sound(tmp_path):
    train, test = sound_of([np.zeros(32_000), np.zeros(20_000), np.zeros(100)], tmp_path).parted(0)
    made = trainer("causal_lm", TextData("silence", "Silence", train, test, language="sound"))
    assert np.isfinite(made.train_step()["loss"])
    assert made.data.train.document(2) == ""  # shorter than a frame


def test_a_recogniser_and_a_bare_model_hear_too(sound, tmp_path):
    model = read_stored("shipped").model
    StoredModel(model.wav2vec2).write(tmp_path / "bare")
    for place in ("shipped-recogniser", str(tmp_path / "bare")):
        assert trainer("ngram", sound, speech_model=place).method.units.speech_model == place


def test_codes_of_long_recordings_are_kept_and_made_anew_where_the_file_is_damaged(
    sound, hearing, tmp_path, monkeypatch
):
    monkeypatch.setattr(sound_codes, "cache_directory", lambda: tmp_path)
    monkeypatch.setattr(sound_codes, "CACHED_SECONDS", 1.0)
    units = learn_codes.__wrapped__(sound.train, hearing, "clusters", 50)
    text = list(coded.__wrapped__(sound.train, units, hearing).documents())
    kept = sorted((tmp_path / "sound_units").iterdir())
    assert len(kept) == 2
    deaf = replace(hearing, model=None)  # nothing is heard the second time
    assert learn_codes.__wrapped__(sound.train, deaf, "clusters", 50) == units
    assert list(coded.__wrapped__(sound.train, units, deaf).documents()) == text
    with pytest.raises(AttributeError):  # another number of clusters is another thing
        learn_codes.__wrapped__(sound.train, deaf, "clusters", 60)
    for path in kept:
        path.write_text(path.read_text().replace("c1", "c2"))
    assert list(coded.__wrapped__(sound.train, units, hearing).documents()) == text
    monkeypatch.setattr(sound_codes, "MOST_CACHED", 1)
    coded.__wrapped__(sound.test, units, hearing)
    learn_codes.__wrapped__(sound.train, hearing, "clusters", 70)
    assert len(list((tmp_path / "sound_units").iterdir())) == 1


def test_speech_that_became_codes_and_sound_again_is_still_read(hearing):
    """The shipped recogniser reads what was put together of a hundred sounds from other sentences."""
    data = load("sound_units", kinds=("text",))
    train = replace(data.train, starts=data.train.starts[::4], ends=data.train.ends[::4])
    units = learn_codes.__wrapped__(train, hearing, "clusters", 100)
    recogniser, texts = (
        recogniser_of(read_stored("shipped-recogniser"), "shipped-recogniser"),
        load("spoken").test.texts,
    )
    close = []
    for index in (0, 5, 9, 20):
        one = SoundSplit(
            data.test.text, data.test.starts[index : index + 1], data.test.ends[index : index + 1]
        )
        document = coded.__wrapped__(one, units, hearing).document(0)
        sound = heard(units, units.encode(document))
        assert len(sound) / 16_000 == pytest.approx(len(one.int16(0)) / 16_000, rel=0.25)
        said = recogniser.transcribe(torch.from_numpy(sound / np.float32(32768))).greedy.lower()
        close.append(SequenceMatcher(None, said, texts[index].lower()).ratio())
    assert np.mean(close) > 0.6


def test_what_codes_sound_like_is_in_the_persons_own_voice_where_that_says_them(sound, hearing):
    count = len(sound.train)
    own = SoundSplit(sound.train.text, sound.train.starts, sound.train.ends, own=3)
    units = learn_codes(own, hearing, "clusters", 50)
    voice = np.concatenate([own.int16(i) for i in range(count - 3, count)])
    said = {word for i in range(count - 3, count) for word in coded(own, units, hearing).document(i).split()}
    inside = 0
    for number, frame in enumerate(units.frames[:, 0].tolist()):
        piece = units.samples[units.starts[number] : units.starts[number + 1]][units.fade : -units.fade]
        places = np.flatnonzero(voice[: -len(piece)] == piece[0])
        found = any(np.array_equal(voice[at : at + len(piece)], piece) for at in places)
        inside += found
        assert found or f"c{frame}" not in said or piece[0] == 0
    assert inside > 10


def test_a_look_at_symbols_finds_those_of_recordings(sound, hearing):
    units = learn_codes(sound.train, hearing, "clusters", 50)
    whole = stream(coded(sound.train, units, hearing), units)
    assert np.array_equal(first_symbols(sound.train, units), whole)
    with pytest.raises(DataError, match="the model reads text"):
        first_symbols(sound.train, learn("char", ["abc"]))


def test_a_model_of_text_reads_no_sound_and_one_of_sound_no_text(sound):
    text = TextData("prose", "Prose", split_of(["a b c d"]), split_of(["a b"]))
    made = trainer("ngram", sound)
    with pytest.raises(ValueError, match="units of sound, and Prose is text"):
        made.method.read(text, read_stored)
    words = trainer("ngram", text, unit="char")
    with pytest.raises(ValueError, match="text, and Tones is sound"):
        words.method.read(sound, read_stored)
