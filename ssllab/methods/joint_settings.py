"""The settings that methods without negatives share beside those of all pairs: batch norm in the head, which can be what
keeps embeddings apart, and can hide that they are one."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from ssllab.controls import Control
from ssllab.methods.pair_settings import PairSettings
from ssllab.methods.settings import LEARNING_RATE, OPTIMIZER

OUTPUT = Control(
    "Batch norm on the embedding itself, without scale. It holds each dimension's spread at 1 and so hides a collapse "
    "from the spread: read the rank.",
    live=True,
    group="Collapse",
    needs="head=mlp",
    paper="SimSiam: on; BYOL, VICReg, Barlow Twins, LeJEPA: off",
)

PREDICTOR_WIDTH = Control(
    "Width of the predictor's hidden layer.",
    low=2,
    high=4096,
    log=True,
    group="Model",
    paper="SimSiam: 512, a quarter of the embedding; BYOL: 4096",
)


class JointSettings(PairSettings):
    """Batch norm in the head, live."""

    scaled_output: ClassVar[bool] = False

    head_batch_norm: Annotated[
        bool,
        Control(
            "Batch norm in the hidden layers of head and predictor. Off: their scale and shift alone.",
            live=True,
            group="Collapse",
            needs="head=mlp",
            paper="SimSiam table 3: without any 34.6 %, hidden only 67.4, with the output's 68.1; VICReg table 4",
        ),
    ] = True
    output_batch_norm: Annotated[bool, OUTPUT] = False


class AngleSettings(JointSettings):
    """Of the methods that compare what a predictor says with the other view's direction: SGD, as in SimSiam. With AdamW at
    its usual rate the embeddings lose their dimensions (RankMe 3 and 6 of 128 after 300 steps, against 18 and 10)."""

    predictor: Annotated[
        bool,
        Control(
            "A small network predicts the other view's embedding. Off: the embedding itself is compared.",
            live=True,
            group="Collapse",
            paper="without: SimSiam table 1 0.1 %, BYOL table 5 0.2 %",
        ),
    ] = True
    optimizer: Annotated[Literal["sgd", "adamw", "lars"], OPTIMIZER] = "sgd"
    learning_rate: Annotated[float, LEARNING_RATE] = 0.05
