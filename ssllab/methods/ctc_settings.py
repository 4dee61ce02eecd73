"""The settings of fine-tuning to text."""

from __future__ import annotations

from typing import Annotated, Literal

from ssllab.controls import Config, Control
from ssllab.methods.settings import OptimizerSettings


class SearchSettings(Config):
    """How text is read from posteriors; it changes nothing that is learned."""

    language_model: Annotated[
        Literal["none", "character", "word"],
        Control(
            "The n-gram that helps beam search, made from the training transcripts in use: of characters (five in a "
            "row) or of words (pairs).",
            live=True,
            choice_titles=("None", "Characters", "Words"),
            group="Search",
        ),
    ] = "character"
    language_weight: Annotated[
        float,
        Control(
            "How much the n-gram counts against the sound (alpha).",
            low=0.0,
            high=5.0,
            live=True,
            group="Search",
            needs="language_model=character,word",
            paper="Hannun et al. 2014, equation 2",
        ),
    ] = 0.5
    length_bonus: Annotated[
        float,
        Control(
            "Added for every character (of the word n-gram: every word) written: without it a strong n-gram would "
            "leave words out (beta).",
            low=-5.0,
            high=10.0,
            unit="nats",
            live=True,
            group="Search",
            needs="language_model=character,word",
            paper="Hannun et al. 2014, equation 2",
        ),
    ] = 1.0
    beam_width: Annotated[
        int,
        Control(
            "Texts that beam search follows at a time.", low=1, high=256, log=True, live=True, group="Search"
        ),
    ] = 16


class FineTuningSettings(Config):
    """From where fine-tuning begins, and with how many transcripts."""

    pretrained: Annotated[
        str,
        Control(
            "The encoder to begin from: 'shipped', the folder of a run of this lab, a folder with config.json and "
            "model.safetensors as Hugging Face's, or owner/name of a model there.",
            group="Fine-tuning",
            browse="folder",
        ),
    ] = "shipped"
    from_scratch: Annotated[
        bool,
        Control(
            "Begin with random weights in the same shapes: what pre-training is worth is the difference. All of such "
            "a model learns, whatever is frozen below.",
            group="Fine-tuning",
        ),
    ] = False
    labelled_minutes: Annotated[
        float,
        Control(
            "How much transcribed speech of the data is used; 0 is all of it.",
            low=0.0,
            high=100_000.0,
            unit="min",
            group="Fine-tuning",
            paper="wav2vec 2.0 table 1: 10 min, 1 h, 10 h, 100 h",
        ),
    ] = 0.0


class CTCConfig(FineTuningSettings, SearchSettings, OptimizerSettings):
    """What is fine-tuned, on how much, and how gently; optimizer and search by inheritance."""

    batch_seconds: Annotated[
        float,
        Control(
            "Speech per step, padding included.",
            low=1.0,
            high=10_000.0,
            log=True,
            unit="s",
            group="Optimizer",
        ),
    ] = 24.0
    freeze_feature_encoder: Annotated[
        bool,
        Control(
            "The convolutions learn nothing more.",
            live=True,
            group="Fine-tuning",
            paper="wav2vec 2.0 section 4.3: always",
        ),
    ] = True
    freeze_encoder: Annotated[
        bool,
        Control("Only the last layer, from vectors to characters, learns.", live=True, group="Fine-tuning"),
    ] = False
    freeze_steps: Annotated[
        int,
        Control(
            "Steps at the start in which only the last layer learns, so that its first random gradients spoil nothing.",
            low=0,
            high=1_000_000,
            unit="steps",
            group="Fine-tuning",
            paper="wav2vec 2.0 section 4.3: 10,000",
        ),
    ] = 30
    mask_probability: Annotated[
        float,
        Control(
            "Share of frames hidden in training, were the spans not to overlap: SpecAugment's time masking.",
            low=0.0,
            high=1.0,
            live=True,
            group="Regularisation",
            paper="wav2vec 2.0 appendix B",
        ),
    ] = 0.3
    mask_length: Annotated[
        int,
        Control(
            "Frames in a hidden span.",
            low=1,
            high=100,
            live=True,
            group="Regularisation",
            needs="mask_probability",
        ),
    ] = 5
    dropout: Annotated[
        float,
        Control(
            "Share of values dropped within the Transformer.",
            low=0.0,
            high=0.9,
            live=True,
            group="Regularisation",
        ),
    ] = 0.1
    layerdrop: Annotated[
        float,
        Control(
            "Chance that a Transformer layer is left out of a step.",
            low=0.0,
            high=0.9,
            live=True,
            group="Regularisation",
        ),
    ] = 0.0
    clip_norm: Annotated[
        float,
        Control(
            "The gradient is scaled down to this norm; 0 leaves it.",
            low=0.0,
            high=1000.0,
            live=True,
            group="Optimizer",
        ),
    ] = 1.0
    learning_rate: Annotated[
        float,
        Control("Peak step size.", low=0.0, high=100.0, log=True, live=True, group="Optimizer"),
    ] = 4e-3
    weight_decay: Annotated[
        float,
        Control(
            "Pull of all weight matrices towards zero.",
            low=0.0,
            high=1.0,
            log=True,
            live=True,
            group="Optimizer",
        ),
    ] = 0.01
    schedule: Annotated[
        Literal["tri_stage", "cosine", "linear", "constant"],
        Control(
            "How the learning rate goes. Rise, hold, fall: it rises over a tenth of the schedule, stays for 40 % and "
            "falls to a twentieth.",
            choice_titles=("Rise, hold, fall", "Cosine", "Linear", "Constant"),
            group="Optimizer",
            paper="wav2vec 2.0 section 4.3",
        ),
    ] = "tri_stage"
    schedule_steps: Annotated[
        int,
        Control(
            "Length of the schedule: the rate has fallen to its lowest by this step and stays there.",
            low=1,
            high=10_000_000,
            log=True,
            unit="steps",
            live=True,
            group="Optimizer",
            needs="schedule=tri_stage,cosine,linear",
        ),
    ] = 600
