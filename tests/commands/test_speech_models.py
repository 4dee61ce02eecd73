"""Models of other people against transformers: the same codes and the same text, frame by frame.

The models are those of ``../shared/cases/speech/models``; a frame whose two best codes lie within float rounding is
not counted.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch

import ssllab._torchvision  # noqa: F401  transformers imports torchvision
from ssllab.audio import files as audio
from ssllab.cli import main
from ssllab.methods.speech_inspection import PretrainedInspector
from ssllab.nn.wav2vec2 import files

import transformers  # isort: skip

CASES = Path(__file__).parents[3] / "shared/cases/speech"
ROUNDING = 1e-4  # of scores of some units

pytestmark = pytest.mark.skipif(
    not CASES.exists(), reason="the cases lie in ../shared/cases, not in the repository"
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Real speech: eleven seconds, the same very quiet, and 46 seconds that go through a Transformer in parts."""
    long = tmp_path_factory.mktemp("long") / "long.wav"
    sound = audio.read(CASES / "files/jfk11.ogg")
    audio.write(
        long, np.concatenate([0.2 * sound, sound, 0.05 * sound, sound])[: 46 * audio.SAMPLE_RATE + 77]
    )
    return {"11 s": CASES / "files/jfk11.ogg", "quiet": CASES / "files/jfk11_quiet.ogg", "46 s": long}


@pytest.fixture
def answer(capsys: pytest.CaptureFixture):
    def ask(command: str, clip: Path, model: Path) -> dict:
        capsys.readouterr()
        assert main([command, str(clip), "--model", str(model), "--json"]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    return ask


def heard(model: Path, clip: Path) -> torch.Tensor:
    """The clip as the feature extractor of transformers hands it over: (1, n)."""
    extractor = transformers.Wav2Vec2FeatureExtractor.from_pretrained(model)
    return extractor(audio.read(clip), sampling_rate=16_000, return_tensors="pt").input_values.float()


@torch.no_grad()
def scores(model: Path, clip: Path) -> np.ndarray:
    """Of every code, by transformers: (T, G, V)."""
    theirs = transformers.Wav2Vec2ForPreTraining.from_pretrained(model).eval()
    features = theirs.wav2vec2.feature_extractor(heard(model, clip)).transpose(1, 2)
    _, latents = theirs.wav2vec2.feature_projection(features)
    return theirs.quantizer.weight_proj(latents)[0].unflatten(-1, (theirs.quantizer.num_groups, -1)).numpy()


def different(codes: np.ndarray, expected: np.ndarray) -> int:
    """Codes that are not the best, though the best is so by more than rounding."""
    best = np.sort(expected, -1)
    return int(((codes != expected.argmax(-1)) & (best[..., -1] - best[..., -2] > ROUNDING)).sum())


@pytest.mark.parametrize("clip", ["11 s", "quiet", "46 s"])
@pytest.mark.parametrize("name", ["large_do_normalize", "base_group_norm", "stride_160", "mask_feature_prob"])
def test_codes_are_those_of_transformers_at_the_command_line_and_in_the_window(
    answer, clips: dict[str, Path], name: str, clip: str
) -> None:
    from ssllab.ui.labs.speech.widgets.clip import Clip
    from ssllab.ui.labs.speech.widgets.index import read_clip

    model, sound = CASES / "models" / name, clips[clip]
    found, expected = answer("quantize", sound, model), scores(model, sound)
    codes = np.array(found["codes"])
    assert codes.shape == expected.shape[:2]
    assert different(codes, expected) == 0
    seconds = 0.01 if name == "stride_160" else 0.02
    assert found["frame_seconds"] == seconds
    inspector = PretrainedInspector(files.read(model))
    lanes = read_clip(Clip("clip", audio.read(sound)), inspector, lambda: None)
    assert lanes.codes.shape == codes.shape
    assert different(lanes.codes, expected) == 0
    assert lanes.frame_seconds == seconds
    whole = inspector.inspect_audio(torch.from_numpy(audio.read(sound)), mask=True)
    assert different(whole.codes, expected) == 0


def greedy(model: Path, clip: Path) -> list[int]:
    theirs = transformers.Wav2Vec2ForCTC.from_pretrained(model).eval()
    with torch.no_grad():
        best = theirs(heard(model, clip)).logits[0].argmax(-1)
    return best.tolist()


@pytest.mark.parametrize("clip", ["11 s", "quiet"])
def test_tokens_of_several_letters_are_written_with_spaces_between_as_phonemes(
    answer, clips: dict[str, Path], clip: str
) -> None:
    model = CASES / "models/ctc_phoneme"
    tokenizer = transformers.Wav2Vec2PhonemeCTCTokenizer(
        str(model / "vocab.json"), do_phonemize=False, word_delimiter_token=None
    )
    text = answer("transcribe", clips[clip], model)["greedy"]
    assert text == tokenizer.decode(greedy(model, clips[clip]))
    assert any(len(token) > 1 for token in text.split())


@pytest.mark.parametrize("clip", ["11 s", "quiet"])
def test_added_tokens_are_part_of_the_alphabet(answer, clips: dict[str, Path], clip: str) -> None:
    model = CASES / "models/ctc_added_tokens"
    tokenizer = transformers.Wav2Vec2CTCTokenizer(
        str(model / "vocab.json"), pad_token="[PAD]", unk_token="[UNK]", bos_token=None, eos_token=None
    )
    tokenizer.add_tokens(["<s>", "</s>"])
    assert answer("transcribe", clips[clip], model)["greedy"] == tokenizer.decode(greedy(model, clips[clip]))


def test_a_missing_vocabulary_is_said(capsys, clips: dict[str, Path]) -> None:
    model = CASES / "models/ctc_no_vocab_json"
    assert main(["transcribe", str(clips["11 s"]), "--model", str(model), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["greedy"]
    assert "has no vocab.json: its symbols are taken for the letters of LibriSpeech" in printed.err
    assert printed.err.count("\n") == 1


START = {
    "ctc": ("pretrained", "freeze_steps=0"),
    "wav2vec2": ("start_from", "codebook_size=40"),
    "hubert": ("start_from", "units=8"),
}


@pytest.mark.parametrize(
    ("name", "method"),
    [
        *((path.name, "ctc") for path in sorted(CASES.glob("models/*"))),
        *(
            (name, "wav2vec2")
            for name in ("base_group_norm", "ctc_phoneme", "large_do_normalize", "stride_160")
        ),
        *((name, "hubert") for name in ("base_group_norm", "stride_160")),
    ],
)
def test_every_method_goes_on_from_such_a_model_and_its_export_is_the_same_model(
    capsys, tmp_path: Path, clips: dict[str, Path], spoken: Path, name: str, method: str
) -> None:
    key, setting = START[method]
    store = ["--workspace", str(tmp_path / "w")]
    start = ["--set", f"{key}={CASES / 'models' / name}", "batch_seconds=4", setting]
    code = main(["train", method, "--data", str(spoken), "--steps", "2", *store, *start, "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    run = json.loads(printed.out)["run"]
    assert main(["runs", "export", Path(run).name, "--weights", str(tmp_path / "hf"), *store]) == 0
    assert (
        files.read(tmp_path / "hf").config.do_normalize
        == files.read(CASES / "models" / name).config.do_normalize
    )
    command = {"ctc": "transcribe", "wav2vec2": "quantize"}.get(method)
    if command is None:
        return
    answers = []
    for model in (run, tmp_path / "hf"):
        capsys.readouterr()
        assert main([command, str(clips["11 s"]), "--model", str(model), "--json"]) == 0
        answers.append({**json.loads(capsys.readouterr().out), "model": ""})
    assert answers[0] == answers[1]


@pytest.mark.parametrize("name", ["base_group_norm", "large_do_normalize"])
def test_what_was_fine_tuned_is_loaded_by_a_pipeline_of_transformers(
    capsys, tmp_path: Path, clips: dict[str, Path], spoken: Path, name: str
) -> None:
    store = ["--workspace", str(tmp_path / "w")]
    start = ["--set", f"pretrained={CASES / 'models' / name}", "batch_seconds=4"]
    assert main(["train", "ctc", "--data", str(spoken), "--steps", "1", *store, *start, "--json"]) == 0
    run = Path(json.loads(capsys.readouterr().out)["run"]).name
    assert main(["runs", "export", run, "--weights", str(tmp_path / "hf"), *store]) == 0
    processor = transformers.AutoProcessor.from_pretrained(tmp_path / "hf")
    assert processor.feature_extractor.do_normalize == (name == "large_do_normalize")
    pipeline = transformers.pipeline("automatic-speech-recognition", str(tmp_path / "hf"))
    text = pipeline(audio.read(clips["11 s"]))["text"]
    capsys.readouterr()
    assert main(["transcribe", str(clips["11 s"]), "--model", str(tmp_path / "hf"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["greedy"] == text
    ids = list(itertools.chain(processor.tokenizer.get_vocab().values()))
    assert sorted(ids) == list(range(len(ids)))
