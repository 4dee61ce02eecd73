"""The settings of contrastive predictive coding over frames."""

from __future__ import annotations

from typing import Annotated, Literal

from ssllab.controls import Control
from ssllab.methods.clip_settings import ClipSettings


class CPCConfig(ClipSettings):
    """Where the frames come from that must not fit."""

    negatives_from: Annotated[
        Literal["other", "same", "both"],
        Control(
            "Frames that are to be told from the next one: of other clips at the same time, of the same clip at other "
            "times, or both. Other clips alone are told apart by anything that stands still.",
            choice_titles=("Other clips", "The same clip", "Both"),
            live=True,
            group="Collapse",
        ),
    ] = "both"
    negatives: Annotated[
        int,
        Control(
            "How many other clips stand against each; at most those of the batch.",
            low=1, high=8192, log=True, live=True, group="Collapse", needs="negatives_from=other,both",
        ),
    ] = 127  # fmt: skip
