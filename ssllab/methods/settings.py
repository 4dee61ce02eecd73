"""Settings that many methods share: the optimizer and its schedule, the encoder and its projection head."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from ssllab.controls import Config, Control

OPTIMIZER = Control(
    "The rule that turns gradients into steps. SimCLR used LARS, made for batches of thousands.",
    choice_titles=("SGD", "AdamW", "LARS"),
    group="Optimizer",
    paper="LARS: You et al. 2017",
)
#: Of the methods that train with Adam alone.
ADAM_RATE = Control(
    "Peak step size, reached after warm-up.",
    low=0.0,
    high=100.0,
    log=True,
    live=True,
    group="Optimizer",
)
LEARNING_RATE = replace(
    ADAM_RATE, help=f"{ADAM_RATE.help} SGD and LARS want about a hundred times what AdamW wants."
)


class BatchSettings(Config):
    """How many images a step sees."""

    batch_size: Annotated[
        int,
        Control(
            "Images per step.",
            low=2,
            high=8192,
            log=True,
            group="Optimizer",
        ),
    ] = 256


class OptimizerSettings(Config):
    """How weights move. Read by :mod:`ssllab.training.optimizers`."""

    adam_beta2: ClassVar[float] = 0.999
    adam_epsilon: ClassVar[float] = 1e-8
    #: Share of the peak at which cosine and line end, so that an open-ended run still learns.
    lowest_rate: ClassVar[float] = 0.01

    optimizer: Annotated[Literal["sgd", "adamw", "lars"], OPTIMIZER] = "adamw"
    learning_rate: Annotated[float, LEARNING_RATE] = 2e-3
    weight_decay: Annotated[
        float,
        Control(
            "Pull of all weights towards zero (not of biases and batch norm).",
            low=0.0,
            high=1.0,
            log=True,
            live=True,
            group="Optimizer",
            paper="SimCLR: 1e-6 (paper), 1e-4 (code)",
        ),
    ] = 1e-4
    momentum: Annotated[
        float,
        Control(
            "Memory of past gradients (SGD, LARS); AdamW's first beta.",
            low=0.0,
            high=0.999,
            live=True,
            group="Optimizer",
        ),
    ] = 0.9
    warmup_steps: Annotated[
        int,
        Control(
            "Steps in which the learning rate grows linearly from zero to its peak.",
            low=0,
            high=100_000,
            group="Optimizer",
        ),
    ] = 30
    schedule: Annotated[
        Literal["cosine", "linear", "tri_stage", "constant"],
        Control(
            "How the learning rate goes on after warm-up. Rise, hold, fall, for fine-tuning, has a warm-up of its own: "
            "it rises over 10 % of the schedule, stays for 40 % and falls to a twentieth over the rest.",
            choice_titles=("Cosine", "Linear", "Rise, hold, fall", "Constant"),
            group="Optimizer",
            paper="wav2vec 2.0 sections 4.2 (linear) and 4.3 (tri-stage)",
        ),
    ] = "cosine"
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
            needs="schedule=cosine,linear,tri_stage",
        ),
    ] = 1500


class EncoderSettings(Config):
    """What is trained: f(.), the encoder, and g(.), the projection head."""

    encoder: Annotated[
        Literal["conv", "resnet18", "resnet50", "vit"],
        Control(
            "The network f that turns an image into its representation h. The small conv net learns within a minute on a "
            "CPU; the ResNets have the CIFAR stem up to 64 pixels; the Vision Transformer is a small one.",
            choice_titles=("Small conv net", "ResNet-18", "ResNet-50", "Vision Transformer"),
            group="Model",
            paper="SimCLR appendix B.9 for the CIFAR stem",
        ),
    ] = "conv"
    head: Annotated[
        Literal["none", "linear", "mlp"],
        Control(
            "The projection g from h to the embedding z in which the loss is taken. After training it is "
            "thrown away: h keeps what the loss made z forget.",
            choice_titles=("None", "Linear", "MLP"),
            group="Model",
            paper="SimCLR figure 8: mlp > linear by 3 points, > none by over 10",
        ),
    ] = "mlp"
    head_layers: Annotated[
        int,
        Control(
            "Linear layers of the MLP head: 2 in SimCLR's paper, 3 in version 2.",
            low=2,
            high=4,
            group="Model",
            needs="head=mlp",
        ),
    ] = 2
    head_width: Annotated[
        int,
        Control(
            "Width of the MLP head's hidden layers.",
            low=8,
            high=8192,
            log=True,
            group="Model",
            needs="head=mlp",
        ),
    ] = 256
    dimension: Annotated[
        int,
        Control(
            "Size of the embedding z. With 2 the map is a true circle, with 3 a true sphere.",
            low=2,
            high=2048,
            log=True,
            group="Model",
            needs="head=linear,mlp",
            paper="SimCLR: 128",
        ),
    ] = 128
