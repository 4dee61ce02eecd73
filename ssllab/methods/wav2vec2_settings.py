"""wav2vec 2.0's settings: the quantizer, the contrastive task, and measures against collapse beyond the paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from ssllab.controls import Control
from ssllab.methods.speech_settings import PretrainingConfig
from ssllab.nn.wav2vec2.config import PRESETS, Wav2Vec2Config


class Wav2Vec2Settings(PretrainingConfig):
    """The quantizer, the contrastive task, and measures against collapse beyond the paper."""

    quantizer: Annotated[
        Literal["gumbel", "fsq"],
        Control(
            "Gumbel: the paper's product quantizer. FSQ: each channel is rounded to a few levels; there is no "
            "codebook that could collapse.",
            choice_titles=("Gumbel", "FSQ"),
            group="Codes",
            paper="wav2vec 2.0 equation 1; FSQ: Mentzer et al. 2023",
        ),
    ] = "gumbel"
    groups: Annotated[
        int,
        Control("Codebooks side by side: G. A frame has one code of each.", low=1, high=8, group="Codes",
                paper="wav2vec 2.0: G = 2; G = 4, 8 in table 13"),
    ] = 2  # fmt: skip
    codebook_size: Annotated[
        int,
        Control(
            "Codes in each group: V.", low=2, high=2048, log=True, group="Codes", paper="wav2vec 2.0: V = 320"
        ),
    ] = 320
    gumbel_temperature: Annotated[
        float,
        Control(
            "Where the temperature of the Gumbel softmax begins. High: every code gets gradient; low: hardly any "
            "but the chosen one.",
            low=0.01,
            high=10.0,
            log=True,
            live=True,
            group="Codes",
            needs="quantizer=gumbel",
            paper="wav2vec 2.0: 2",
        ),
    ] = 2.0
    gumbel_floor: Annotated[
        float,
        Control(
            "Where its fall ends.",
            low=0.01,
            high=10.0,
            log=True,
            live=True,
            group="Codes",
            needs="quantizer=gumbel",
            paper="wav2vec 2.0: 0.5 Base, 0.1 Large",
        ),
    ] = 0.5
    gumbel_decay: Annotated[
        float,
        Control(
            "Factor of the temperature at each step. The paper's 0.999995 reaches the floor after 277,000 steps; "
            "a run of some thousand needs a faster fall, as 0.9995.",
            low=0.9,
            high=1.0,
            live=True,
            group="Codes",
            needs="quantizer=gumbel",
            paper="wav2vec 2.0: 0.999995",
        ),
    ] = 0.999995
    gumbel_noise: Annotated[
        bool,
        Control(
            "Gumbel noise on the scores: codes are tried at random. Without it the winner takes all the gradient.",
            live=True,
            group="Codes",
            needs="quantizer=gumbel",
            paper="wav2vec 2.0 table 13: 8.73 without, 7.97 with",
        ),
    ] = True
    freeze_codes: Annotated[
        bool,
        Control("Leave the quantizer as it is: only the rest of the model learns.", live=True, group="Codes"),
    ] = False
    distractors: Annotated[
        int,
        Control(
            "Wrong candidates for each hidden frame: K, from the hidden frames of the same utterance.",
            low=1,
            high=1000,
            log=True,
            live=True,
            group="Contrast",
            paper="wav2vec 2.0: K = 100",
        ),
    ] = 100
    kappa: Annotated[
        float,
        Control(
            "Divides the cosines before the softmax: the contrastive temperature.",
            low=0.01,
            high=10.0,
            log=True,
            live=True,
            group="Contrast",
            paper="wav2vec 2.0: 0.1",
        ),
    ] = 0.1
    diversity_weight: Annotated[
        float,
        Control(
            "Weight of the diversity loss, which wants all codes used alike. At 0 small runs collapse.",
            low=0.0,
            high=10.0,
            live=True,
            group="Contrast",
            paper="wav2vec 2.0 equation 2: alpha = 0.1",
        ),
    ] = 0.1
    entropy_weight: Annotated[
        float,
        Control(
            "Beyond the paper, whose value is 0: weight of an entropy loss, which wants to be sure of each frame and "
            "undecided over many. It lets small runs find codes within a minute.",
            low=0.0,
            high=10.0,
            live=True,
            group="Against collapse",
            needs="quantizer=gumbel",
            paper="MAGVIT-v2: Yu et al. 2023, equation 6",
        ),
    ] = 0.1
    dead_code_restart: Annotated[
        bool,
        Control(
            "Beyond the paper: a code that nothing chose for a whole window takes the place of a latent seen now.",
            live=True,
            group="Against collapse",
            needs="quantizer=gumbel",
            paper="Jukebox: Dhariwal et al. 2020, section 3.3",
        ),
    ] = False
    kmeans_init: Annotated[
        bool,
        Control(
            "Beyond the paper: codes begin at the k-means centres of the untrained latents, which tell sounds apart "
            "already, instead of at random.",
            title="K-means start",
            group="Against collapse",
            needs="quantizer=gumbel",
            paper="SoundStream: Zeghidour et al. 2021, section III-C",
        ),
    ] = False
    cosine_codes: Annotated[
        bool,
        Control(
            "Beyond the paper: latents and codes are compared by their cosine, so that no code wins by its length.",
            group="Against collapse",
            needs="quantizer=gumbel",
            paper="ViT-VQGAN: Yu et al. 2022, section 3.2",
        ),
    ] = False


def model_config(config: Wav2Vec2Settings, start: Wav2Vec2Config | None = None) -> Wav2Vec2Config:
    """The preset, or the shapes of ``start``, with the settings' quantizer. Raises ValueError where they do not fit."""
    preset = start or PRESETS[config.preset]
    if preset.codevector_dim % config.groups:
        raise ValueError(
            f"groups = {config.groups}: expected a divisor of the codevectors' {preset.codevector_dim}."
        )
    kind: Literal["gumbel", "cosine", "fsq"] = config.quantizer
    if kind == "gumbel" and config.cosine_codes:
        kind = "cosine"
    return replace(
        preset,
        quantizer=kind,
        num_codevector_groups=config.groups,
        num_codevectors_per_group=config.codebook_size,
        mask_time_prob=config.mask_probability,
        mask_time_length=config.mask_length,
        num_negatives=config.distractors,
        contrastive_logits_temperature=config.kappa,
        diversity_loss_weight=config.diversity_weight,
    )
