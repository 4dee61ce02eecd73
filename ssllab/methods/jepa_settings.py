"""The settings of the joint-embedding predictive architecture: what keeps its embeddings from becoming one vector."""

from __future__ import annotations

from typing import Annotated, Literal

from ssllab.controls import Config, Control

_GROUP = "Collapse"


class RemedySettings(Config):
    """The remedy against collapse, and its strength."""

    remedy: Annotated[
        Literal["none", "stop_gradient", "ema", "contrastive", "vicreg", "sigreg"],
        Control(
            "What keeps embeddings from becoming one vector: nothing; no gradient into the next frame; a target encoder "
            "that follows slowly; other frames that must not fit; a spread and no copies; a normal distribution.",
            choice_titles=("None", "Stop-gradient", "EMA target", "Contrastive", "VICReg", "SIGReg"),
            live=True,
            group=_GROUP,
            paper="LeCun 2022 section 4.5",
        ),
    ] = "vicreg"
    predictor: Annotated[
        bool,
        Control(
            "A network predicts the next embedding. Off: the last frame's embedding is the prediction, so only what "
            "stands still is worth seeing.",
            live=True,
            group=_GROUP,
        ),
    ] = True
    target_momentum: Annotated[
        float,
        Control(
            "How slowly the target follows: 0 copies the encoder at each step, 1 leaves it as it is.",
            low=0.0, high=1.0, live=True, group=_GROUP, needs="remedy=ema", paper="I-JEPA: 0.996 to 1",
        ),
    ] = 0.99  # fmt: skip
    invariance_weight: Annotated[
        float,
        Control(
            "Weight of the prediction error.",
            low=0.0, high=1000.0, live=True, group=_GROUP, needs="remedy=vicreg", paper="VICReg: 25",
        ),
    ] = 25.0  # fmt: skip
    variance_weight: Annotated[
        float,
        Control(
            "Weight of what a dimension lacks of a standard deviation of 1.",
            low=0.0, high=1000.0, live=True, group=_GROUP, needs="remedy=vicreg", paper="VICReg: 25",
        ),
    ] = 25.0  # fmt: skip
    covariance_weight: Annotated[
        float,
        Control(
            "Weight of what dimensions have in common; half of VICReg's at the same number, a mean where that is a sum.",
            low=0.0, high=1000.0, live=True, group=_GROUP, needs="remedy=vicreg", paper="VICReg: 1",
        ),
    ] = 1.0  # fmt: skip
    sigreg_weight: Annotated[
        float,
        Control(
            "Weight of the statistic (lambda); the prediction weighs the rest.",
            low=0.0, high=1.0, live=True, group=_GROUP, title="SIGReg weight", needs="remedy=sigreg",
            paper="LeJEPA: 0.02 to 0.1",
        ),
    ] = 0.1  # fmt: skip
    slices: Annotated[
        int,
        Control(
            "Random directions along which the distribution is compared.",
            low=1, high=8192, log=True, live=True, group=_GROUP, needs="remedy=sigreg", paper="LeJEPA: 1024",
        ),
    ] = 256  # fmt: skip
    negatives: Annotated[
        int,
        Control(
            "Frames that must not fit, drawn anew at each step from all of the batch; those of its own clip do not count, "
            "so that a clip may have fewer.",
            low=1, high=8192, log=True, live=True, group=_GROUP, needs="remedy=contrastive",
        ),
    ] = 256  # fmt: skip
    temperature: Annotated[
        float,
        Control(
            "Energies are divided by it before they are contrasted.",
            low=0.01, high=10.0, log=True, live=True, group=_GROUP, needs="remedy=contrastive",
        ),
    ] = 0.1  # fmt: skip
