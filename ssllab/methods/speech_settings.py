"""The settings that the pre-training methods of the Speech lab share."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from ssllab.controls import Config, Control
from ssllab.methods.settings import ADAM_RATE, OptimizerSettings


class SpeechBatchSettings(Config):
    """How much speech a step hears, and how its gradient is tamed."""

    batch_seconds: Annotated[
        float,
        Control(
            "Sound in a step, padding counted. The paper's batches are 1.6 hours on 64 GPUs; a CPU learns from "
            "many small steps.",
            low=1.0,
            high=3600.0,
            log=True,
            unit="s",
            group="Optimizer",
            paper="wav2vec 2.0 section 4.2",
        ),
    ] = 8.0
    crop_seconds: Annotated[
        float,
        Control(
            "The most that is heard of one clip, from a random place. Distractors come from the same crop.",
            low=0.5,
            high=60.0,
            log=True,
            unit="s",
            group="Optimizer",
            paper="wav2vec 2.0 section 4.2: 15.6 s",
        ),
    ] = 4.0
    clip_norm: Annotated[
        float,
        Control(
            "The gradient is scaled down to this norm when it is longer; 0 leaves it. It stays between 0.5 and 2 "
            "in healthy small runs.",
            low=0.0,
            high=1000.0,
            live=True,
            group="Optimizer",
        ),
    ] = 5.0


class PretrainingConfig(OptimizerSettings, SpeechBatchSettings):
    """Model, masking and regularisation; optimizer and batch by inheritance."""

    adam_beta2: ClassVar[float] = 0.98  # fairseq's, for pre-training
    adam_epsilon: ClassVar[float] = 1e-6

    learning_rate: Annotated[
        float,
        replace(ADAM_RATE, paper="wav2vec 2.0: 5e-4 Base, 3e-4 Large, with batches of 1.6 hours"),
    ] = 3e-3
    weight_decay: Annotated[
        float,
        Control(
            "Pull of all weights towards zero (not of biases and norms).",
            low=0.0,
            high=1.0,
            log=True,
            live=True,
            group="Optimizer",
            paper="fairseq: 0.01",
        ),
    ] = 0.01

    preset: Annotated[
        Literal["tiny", "small", "base", "large"],
        Control(
            "The model: tiny learns within minutes on a CPU and is what ships, small has 4 million parameters, base and "
            "large are as published and want a GPU.",
            choice_titles=("Tiny", "Small", "Base", "Large"),
            group="Model",
            paper="wav2vec 2.0 section 4.2",
        ),
    ] = "tiny"
    start_from: Annotated[
        str,
        Control(
            "What was trained before to begin with, instead of random weights: 'shipped', the folder of a run of this "
            "lab, a folder with config.json and model.safetensors as Hugging Face's, or owner/name of a model there. "
            "The preset is then that of the model.",
            group="Model",
            browse="folder",
        ),
    ] = ""
    mask_probability: Annotated[
        float,
        Control(
            "Share of frames that would be hidden if spans never overlapped; they do, and at 0.65 about 49 % are.",
            low=0.05,
            high=0.95,
            live=True,
            group="Masking",
            paper="wav2vec 2.0 section 4.2: 0.65, that is p = 0.065 starts times M = 10",
        ),
    ] = 0.5
    mask_length: Annotated[
        int,
        Control(
            "Frames of 20 ms in one hidden span. Long spans want the meaning of what is around and thousands of steps; "
            "short ones can be guessed from their neighbours, which a small model learns within minutes.",
            low=1,
            high=50,
            live=True,
            group="Masking",
            paper="wav2vec 2.0: M = 10",
        ),
    ] = 3
    dropout: Annotated[
        float,
        Control(
            "Values of the Transformer set to zero at random: hidden, activations and attention.",
            low=0.0,
            high=0.9,
            live=True,
            group="Regularisation",
            paper="wav2vec 2.0: 0.1 for Base; small runs want none",
        ),
    ] = 0.0
    layerdrop: Annotated[
        float,
        Control(
            "Chance of each Transformer layer to be left out of a step.",
            low=0.0,
            high=0.9,
            live=True,
            group="Regularisation",
            paper="Fan et al. 2019; wav2vec 2.0: 0.05 Base, 0.2 Large, 0 on LV-60k",
        ),
    ] = 0.0
    feature_gradient: Annotated[
        float,
        Control(
            "Scales the gradient into the convolutional encoder; 0 freezes it.",
            low=0.0,
            high=1.0,
            live=True,
            group="Regularisation",
            paper="wav2vec 2.0, fairseq's feature_grad_mult: 0.1 Base, 1 Large",
        ),
    ] = 0.1
    feature_penalty: Annotated[
        float,
        Control(
            "Weight of the mean square of the encoder's outputs, before their norm.",
            low=0.0,
            high=1000.0,
            live=True,
            group="Regularisation",
            paper="fairseq's loss_weights: 10 Base, 0 Large",
        ),
    ] = 0.0
