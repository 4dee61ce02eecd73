"""Shapes and switches of a wav2vec 2.0 model, under the names of Hugging Face's ``config.json``."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

SAMPLE_RATE = 16_000  # hertz of what every model hears

# What this implementation has in one form only; another value in a file is refused, not ignored.
_FIXED: dict[str, tuple[Any, ...]] = {
    "model_type": ("wav2vec2",),
    "hidden_act": ("gelu",),
    "feat_extract_activation": ("gelu",),
    "add_adapter": (False,),
    "adapter_attn_dim": (None,),
}

# What only training reads: a file in which one makes no sense is read with the default.
_TRAINING = frozenset(
    (
        *(
            "hidden_dropout",
            "activation_dropout",
            "attention_dropout",
            "feat_proj_dropout",
            "feat_quantizer_dropout",
        ),
        *("final_dropout", "layerdrop", "initializer_range", "mask_time_prob", "mask_time_length"),
        *("mask_time_min_masks", "contrastive_logits_temperature", "num_negatives", "diversity_loss_weight"),
        *("pad_token_id", "ctc_loss_reduction", "ctc_zero_infinity"),
    )
)
# What one head alone reads.
_OF_A_HEAD = {
    "Wav2Vec2ForPreTraining": frozenset(
        (
            "num_codevectors_per_group",
            "num_codevector_groups",
            "codevector_dim",
            "proj_codevector_dim",
            "quantizer",
        )
    ),
    "Wav2Vec2ForCTC": frozenset(("vocab_size",)),
}
_WORDS = {
    "feat_extract_norm": ("group", "layer"),
    "ctc_loss_reduction": ("sum", "mean"),
    "quantizer": ("gumbel", "cosine", "fsq"),
}


@dataclass(frozen=True)
class Wav2Vec2Config:
    """The published settings; defaults are Base's (paper section 4.2, fairseq ``wav2vec2_base_librispeech``).

    ``do_normalize`` is of ``preprocessor_config.json``: a recording is given mean 0 and variance 1 before it is heard.
    Two are ours and not Hugging Face's. ``quantizer``: "gumbel" as published, "cosine" (normalised codes) or "fsq".
    ``smooth_start``: the convolutions after the first begin with all taps alike, so that each frame averages what
    the first layer rectified: a filterbank's energies, which do not depend on phase. A linear probe reads 52 % of
    phones from such untrained latents, 24 % from published ones (log-mel spectra: 65 %), and small models learn
    within minutes.
    """

    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_dropout: float = 0.1
    activation_dropout: float = 0.1
    attention_dropout: float = 0.1
    feat_proj_dropout: float = 0.0
    feat_quantizer_dropout: float = 0.0
    final_dropout: float = 0.1
    layerdrop: float = 0.1
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-5
    feat_extract_norm: Literal["group", "layer"] = "group"
    conv_dim: tuple[int, ...] = (512,) * 7
    conv_stride: tuple[int, ...] = (5, 2, 2, 2, 2, 2, 2)
    conv_kernel: tuple[int, ...] = (10, 3, 3, 3, 3, 2, 2)
    conv_bias: bool = False
    num_conv_pos_embeddings: int = 128
    num_conv_pos_embedding_groups: int = 16
    do_stable_layer_norm: bool = False
    mask_time_prob: float = 0.65
    mask_time_length: int = 10
    mask_time_min_masks: int = 2
    num_codevectors_per_group: int = 320
    num_codevector_groups: int = 2
    codevector_dim: int = 256
    proj_codevector_dim: int = 256
    contrastive_logits_temperature: float = 0.1
    num_negatives: int = 100
    diversity_loss_weight: float = 0.1
    vocab_size: int = 32
    pad_token_id: int = 0
    ctc_loss_reduction: Literal["sum", "mean"] = "mean"
    ctc_zero_infinity: bool = True
    do_normalize: bool = False
    quantizer: Literal["gumbel", "cosine", "fsq"] = "gumbel"
    smooth_start: bool = False
    other: Mapping[str, Any] = field(default_factory=dict, compare=False)  # kept as read, written back

    def __post_init__(self) -> None:
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(
                f"hidden_size {self.hidden_size}: expected a multiple of num_attention_heads "
                f"({self.num_attention_heads})."
            )
        if not len(self.conv_dim) == len(self.conv_stride) == len(self.conv_kernel):
            raise ValueError("conv_dim, conv_stride and conv_kernel: expected three lists of one length.")

    @property
    def frame_samples(self) -> int:
        """Samples from one frame to the next: 320 in published models."""
        return math.prod(self.conv_stride)

    @property
    def frame_seconds(self) -> float:
        """Seconds from one frame to the next: 0.02 in published models."""
        return self.frame_samples / SAMPLE_RATE

    @property
    def receptive_field(self) -> int:
        """Samples that one frame has seen: 400, which is 25 ms, in published models."""
        reach, hop = 1, 1
        for kernel, stride in zip(self.conv_kernel, self.conv_stride, strict=True):
            reach, hop = reach + (kernel - 1) * hop, hop * stride
        return reach

    @property
    def hears_whole(self) -> bool:
        """Whether what it makes of a moment depends on the whole recording, also without the Transformer."""
        return self.do_normalize or self.feat_extract_norm == "group"

    def frames(self, samples: int) -> int:
        """Frames of a clip of so many samples; 0 for one shorter than the receptive field."""
        for kernel, stride in zip(self.conv_kernel, self.conv_stride, strict=True):
            samples = (samples - kernel) // stride + 1 if samples >= kernel else 0
        return samples

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Wav2Vec2Config:
        """From the contents of a ``config.json``. Raises ValueError naming what is not supported."""
        for key, allowed in _FIXED.items():
            if key in document and document[key] not in allowed:
                raise ValueError(
                    f"it has {key} = {json.dumps(document[key])}: expected {json.dumps(allowed[0])}; "
                    "adapters and other variants of wav2vec 2.0 are not supported."
                )
        names = {f.name: f.default for f in dataclasses.fields(cls) if f.name != "other"}
        architecture = str((document.get("architectures") or ["Wav2Vec2ForPreTraining"])[0])
        unread = _TRAINING.union(*(keys for head, keys in _OF_A_HEAD.items() if head != architecture))
        known: dict[str, Any] = {}
        for key, value in document.items():
            if key not in names:
                continue
            if expected := _misfit(key, value, names[key]):
                if key in unread:
                    continue
                raise ValueError(f"it has {key} = {json.dumps(value)}: expected {expected}.")
            known[key] = tuple(value) if isinstance(value, list) else value
        return cls(**known, other={key: value for key, value in document.items() if key not in names})

    def to_dict(self, architecture: str) -> dict[str, Any]:
        """The contents of a ``config.json`` for the named Hugging Face class."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "other"}
        del own["smooth_start"]  # says nothing about weights that are there
        if not self.do_normalize:
            del own["do_normalize"]
        if self.quantizer == "gumbel":
            del own["quantizer"]
        lists = {key: list(value) if isinstance(value, tuple) else value for key, value in own.items()}
        fixed = {key: allowed[0] for key, allowed in _FIXED.items()}
        return {**self.other, **fixed, **lists, "architectures": [architecture]}


def _misfit(key: str, value: Any, default: Any) -> str:
    """What was expected of a setting that cannot be used; empty where it can. ``default`` says its kind."""

    def whole(number: Any) -> bool:
        return isinstance(number, int) and not isinstance(number, bool) and number > 0

    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, str):
        return "" if value in _WORDS[key] else " or ".join(f'"{word}"' for word in _WORDS[key])
    if isinstance(default, tuple):
        fits = isinstance(value, list | tuple) and bool(value) and all(map(whole, value))
        return "" if fits else "a list of whole numbers above 0"
    if isinstance(default, int):
        may_be_nought = key in ("pad_token_id", "mask_time_min_masks", "num_hidden_layers") and value == 0
        return "" if whole(value) or may_be_nought else "a whole number above 0"
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf
    return "" if number else "a number"


# The layer-norm variant without bias: what a frame's code is depends on its own 25 ms alone, so that a microphone's
# stream gives the very codes of the finished file. Narrow Transformers begin with larger weights than Base's 0.02: as
# large for their width, or they learn nothing for a thousand steps.
_OURS = Wav2Vec2Config(
    feat_extract_norm="layer",
    do_stable_layer_norm=True,
    hidden_dropout=0.0,
    activation_dropout=0.0,
    attention_dropout=0.0,
    final_dropout=0.0,
    layerdrop=0.0,
    num_codevectors_per_group=64,
    smooth_start=True,
)

PRESETS: dict[str, Wav2Vec2Config] = {
    "tiny": replace(
        _OURS,
        conv_dim=(64,) * 7,
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=512,
        num_conv_pos_embeddings=32,
        num_conv_pos_embedding_groups=8,
        initializer_range=0.05,
        codevector_dim=64,
        proj_codevector_dim=64,
    ),
    "small": replace(
        _OURS,
        conv_dim=(128,) * 7,
        hidden_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        intermediate_size=1024,
        num_conv_pos_embeddings=64,
        initializer_range=0.035,
        codevector_dim=128,
        proj_codevector_dim=128,
    ),
    "base": Wav2Vec2Config(layerdrop=0.05),
    "large": Wav2Vec2Config(
        feat_extract_norm="layer",
        conv_bias=True,
        do_stable_layer_norm=True,
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        hidden_dropout=0.0,
        activation_dropout=0.0,
        attention_dropout=0.0,
        layerdrop=0.0,
        codevector_dim=768,
        proj_codevector_dim=768,
    ),
}
"""``base`` and ``large`` as published (large: LV-60k); ``tiny`` and ``small`` are ours, for a CPU."""
