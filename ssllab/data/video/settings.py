"""The controls of the world that clips show, all live: the next batch is made by them."""

from __future__ import annotations

from typing import Annotated, Literal

from ssllab.controls import WORLD, Config, Control


class WorldSettings(Config):
    """What moves, and before what. A mixin of the configs of methods that learn from clips."""

    background: Annotated[
        Literal["off", "drift", "flicker", "fixed"],
        Control(
            "What is behind: nothing; a pattern that drifts; noise that is new in every frame, which nobody can predict; "
            "noise that is another for each clip and still in time, the easiest thing of all to predict.",
            choice_titles=("Off", "Drifting", "Flickering", "Fixed for a clip"),
            live=True,
            group=WORLD,
            paper="Sobal et al. 2022: a slow feature is learnt in place of what moves",
        ),
    ] = "off"
    background_strength: Annotated[
        float,
        Control(
            "How bright the background is; the ball's brightness is 1.",
            low=0.0,
            high=1.0,
            live=True,
            group=WORLD,
            needs="background=drift,flicker,fixed",
        ),
    ] = 1.0
    objects: Annotated[
        int,
        Control(
            "How many objects move. Of several the orange one is the one that probes ask about.",
            low=1,
            high=6,
            live=True,
            group=WORLD,
        ),
    ] = 1
    shapes: Annotated[
        int,
        Control(
            "How many kinds of objects there are: of Bouncing balls alone, then squares, triangles, rings.",
            low=1,
            high=4,
            live=True,
            group=WORLD,
        ),
    ] = 1
    wall: Annotated[
        bool,
        Control(
            "A wall stands in the picture; what goes behind it cannot be seen until it comes out.",
            live=True,
            group=WORLD,
        ),
    ] = False
    collisions: Annotated[
        bool,
        Control(
            "Objects bounce off each other; without it they pass through each other.",
            live=True,
            group=WORLD,
        ),
    ] = False
