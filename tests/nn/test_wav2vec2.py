"""Our wav2vec 2.0 against transformers', and what the published one lacks: padding never leaks."""

import dataclasses
import pathlib

import pytest
import torch

import ssllab._torchvision  # noqa: F401  transformers imports torchvision
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import PRESETS, Wav2Vec2Config
from ssllab.nn.wav2vec2.masking import mask_spans
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.objectives.codebook_diversity import diversity_loss
from ssllab.objectives.masked_contrast import draw_distractors, masked_contrast, pack

import transformers  # isort: skip

BASE = Wav2Vec2Config(
    hidden_size=96, num_hidden_layers=3, num_attention_heads=4, intermediate_size=192, conv_dim=(48,) * 7,
    num_conv_pos_embeddings=32, num_conv_pos_embedding_groups=4, codevector_dim=64, proj_codevector_dim=48,
)  # fmt: skip
LARGE = dataclasses.replace(
    BASE, feat_extract_norm="layer", conv_bias=True, do_stable_layer_norm=True, num_codevectors_per_group=20
)
VARIANTS = {"base": BASE, "large": LARGE}
LJ = pathlib.Path(__file__).parents[3] / "shared/data/speech_ljspeech_mini/ljspeech_mini_16k_flac.tar"


@pytest.fixture(scope="module")
def speech():
    """Two clips of real speech where it is at hand, else of noise: (2, n) padded, and lengths."""
    if LJ.exists():
        import io
        import tarfile

        import soundfile

        with tarfile.open(LJ) as archive:
            names = [m for m in archive.getmembers() if m.name.endswith(".flac")][:2]
            clips = [
                torch.from_numpy(
                    soundfile.read(io.BytesIO(archive.extractfile(m).read()), dtype="float32")[0]
                )
                for m in names
            ]
    else:
        generator = torch.Generator().manual_seed(0)
        clips = [torch.randn(n, generator=generator) * 0.05 for n in (40_000, 30_000)]
    lengths = torch.tensor([32_000, 21_111])
    batch = torch.zeros(2, 32_000)
    for row, clip, n in zip(batch, clips, lengths.tolist(), strict=True):
        row[:n] = clip[:n]
    return batch, lengths


def _pair(tmp_path, cls, config, seed=0):
    torch.manual_seed(seed)
    ours = cls(config).eval()
    with torch.no_grad():  # away from the initial zeros and ones, or whole parameters would go untested
        for parameter in ours.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    files.write(ours, tmp_path / cls.__name__)
    theirs, report = getattr(transformers, cls.__name__).from_pretrained(
        tmp_path / cls.__name__, output_loading_info=True, attn_implementation="eager"
    )
    assert not report["missing_keys"]
    assert not report["unexpected_keys"]
    return ours, theirs.eval()


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "attention-mask"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_hidden_states_codes_and_losses_equal_those_of_transformers(speech, tmp_path, variant, masked):
    config = VARIANTS[variant]
    ours, theirs = _pair(tmp_path, Wav2Vec2ForPreTraining, config)
    waveform, lengths = speech
    attention = (torch.arange(waveform.shape[1]) < lengths[:, None]).long() if masked else None
    given = lengths if masked else None
    generator = torch.Generator().manual_seed(1)
    counts = torch.tensor(
        [config.frames(n) for n in (lengths.tolist() if masked else [waveform.shape[1]] * 2)]
    )
    hidden = mask_spans(counts, config.frames(waveform.shape[1]), 0.65, 10, generator)
    frames = pack(hidden)
    distractors = draw_distractors(frames, 30, generator)
    negatives = torch.zeros((*hidden.shape, 30), dtype=torch.long)
    for b in range(2):
        at = frames.index[b][frames.valid[b]]
        negatives[b, at] = frames.index[b][distractors[b][frames.valid[b]]] + b * hidden.shape[1]
    with torch.no_grad():
        found = ours.wav2vec2(waveform, given, hidden, norm_over_padding=True)
        quantized = ours.quantize(frames.gather(found.latents))
        contrast = masked_contrast(
            frames.gather(ours.project_hid(found.context)), ours.project_q(quantized.vectors), quantized.codes,
            frames, distractors, config.contrastive_logits_temperature,
        )  # fmt: skip
        expected = theirs(
            waveform, attention_mask=attention, mask_time_indices=hidden, sampled_negative_indices=negatives
        )
        codes = (
            theirs.quantizer.weight_proj(theirs.wav2vec2(waveform, attention_mask=attention).extract_features)
            .unflatten(-1, (config.num_codevector_groups, -1))
            .argmax(-1)
        )
    ours_all = ours.quantizer(found.latents).codes
    valid = found.valid
    torch.testing.assert_close(
        ours.project_hid(found.context)[valid], expected.projected_states[valid], atol=1e-4, rtol=1e-4
    )
    assert (ours_all == codes)[valid].float().mean() > 0.999
    assert abs(float(contrast.loss()) - float(expected.contrastive_loss) / int(hidden.sum())) < 1e-4
    hard = torch.nn.functional.one_hot(
        quantized.codes[frames.valid], config.num_codevectors_per_group
    ).float()
    assert (
        abs(float(diversity_loss(hard)) - float(expected.diversity_loss.detach()) / int(hidden.sum())) < 1e-4
    )


def test_the_soft_diversity_loss_of_training_equals_that_of_transformers(speech, tmp_path):
    no_dropout = dataclasses.replace(
        LARGE, hidden_dropout=0.0, activation_dropout=0.0, attention_dropout=0.0, layerdrop=0.0
    )
    ours, theirs = _pair(tmp_path, Wav2Vec2ForPreTraining, no_dropout)
    waveform, _ = speech
    frames = no_dropout.frames(waveform.shape[1])
    hidden = mask_spans(torch.tensor([frames, frames]), frames, 0.65, 10, torch.Generator().manual_seed(3))
    theirs.train()
    negatives = torch.zeros((2, frames, 4), dtype=torch.long)
    expected = theirs(waveform, mask_time_indices=hidden, sampled_negative_indices=negatives)
    with torch.no_grad():
        probabilities = ours.quantize(ours.wav2vec2(waveform).latents[hidden]).probabilities
    assert (
        abs(
            float(diversity_loss(probabilities)) - float(expected.diversity_loss.detach()) / int(hidden.sum())
        )
        < 1e-4
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_ctc_logits_equal_those_of_transformers(speech, tmp_path, variant):
    ours, theirs = _pair(tmp_path, Wav2Vec2ForCTC, VARIANTS[variant])
    waveform, lengths = speech
    attention = (torch.arange(waveform.shape[1]) < lengths[:, None]).long()
    with torch.no_grad():
        logits, found = ours(waveform, lengths, norm_over_padding=True)
        expected = theirs(waveform, attention_mask=attention).logits
    torch.testing.assert_close(logits[found.valid], expected[found.valid], atol=1e-4, rtol=1e-4)


def test_the_bare_model_is_read_and_written_too(speech, tmp_path):
    ours, theirs = _pair(tmp_path, Wav2Vec2Model, LARGE)
    theirs.save_pretrained(tmp_path / "theirs")
    again = files.read(tmp_path / "theirs")
    waveform, _ = speech
    with torch.no_grad():
        context = ours(waveform).context
        torch.testing.assert_close(context, theirs(waveform).last_hidden_state, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(again(waveform).context, context)


@pytest.mark.parametrize("variant", VARIANTS)
def test_padding_never_leaks(speech, variant):
    torch.manual_seed(0)
    config = VARIANTS[variant]
    model = Wav2Vec2ForPreTraining(config).eval()
    waveform, lengths = speech
    short = int(lengths[1])
    frames = config.frames(short)
    with torch.no_grad():
        alone = model.codes(waveform[1:, :short])
        together = model.codes(waveform, lengths)
        context_alone = model.wav2vec2(waveform[1:, :short]).context
        context_together = model.wav2vec2(waveform, lengths).context
    assert torch.equal(alone.codes[0], together.codes[1, :frames])
    torch.testing.assert_close(context_together[1, :frames], context_alone[0], atol=1e-5, rtol=1e-4)
    assert together.counts.tolist() == [config.frames(n) for n in lengths.tolist()]


@pytest.mark.parametrize("name", PRESETS)
def test_a_frame_is_20_ms_and_has_seen_25(name):
    config = PRESETS[name]
    assert [config.frames(n) for n in (399, 400, 719, 720, 16_000)] == [0, 1, 1, 2, 49]


def test_what_a_config_cannot_be_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="adapter"):
        Wav2Vec2Config.from_dict({"add_adapter": True})
    with pytest.raises(files.ModelFileError, match="no model in"):
        files.read(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(files.ModelFileError, match="not of a wav2vec"):
        files.read(tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "wav2vec2"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(files.ModelFileError, match="never loaded"):
        files.read(tmp_path)


def test_old_names_of_the_weight_norm_are_understood(tmp_path):
    from safetensors.torch import load_file, save_file

    torch.manual_seed(0)
    model = Wav2Vec2Model(BASE)
    files.write(model, tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    for old, new in (("weight_g", "original0"), ("weight_v", "original1")):
        name = f"encoder.pos_conv_embed.conv.parametrizations.weight.{new}"
        tensors[f"encoder.pos_conv_embed.conv.{old}"] = tensors.pop(name)
    save_file(tensors, tmp_path / "model.safetensors")
    again = files.read(tmp_path).state_dict()
    assert all(torch.equal(again[name], tensor) for name, tensor in model.state_dict().items())


def test_masking_hides_49_percent_in_spans_of_14_point_7_frames():
    """Paper section 4.2: p = 0.065, M = 10 masks 49 % of all frames, mean span 14.7 frames (299 ms)."""
    frames = 780
    masked = mask_spans(torch.full((400,), frames), frames, 0.65, 10, torch.Generator().manual_seed(0))
    begins = masked & ~torch.nn.functional.pad(masked, (1, 0))[:, :-1]
    assert abs(float(masked.float().mean()) - 0.490) < 0.005
    assert abs(float(masked.sum() / begins.sum()) - 14.7) < 0.2


@pytest.mark.parametrize("count", [1, 2, 5, 11, 12, 13, 40])
def test_short_clips_are_masked_in_part_and_padding_never(count):
    counts = torch.tensor([count, 60])
    for seed in range(30):
        masked = mask_spans(counts, 60, 0.65, 10, torch.Generator().manual_seed(seed))
        assert not masked[0, count:].any()
        assert not masked[0, :count].all()
        assert masked[0].any() or count < 2
