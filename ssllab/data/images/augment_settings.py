"""The controls of SimCLR's augmentations, all live."""

from __future__ import annotations

from typing import Annotated

from ssllab.controls import Config, Control, Value

_GROUP = "Augmentations"


def _switch(title: str, help: str, paper: str = "SimCLR appendix A") -> Control:
    return Control(help, live=True, group=_GROUP, title=title, paper=paper)


def _probability(of: str) -> Control:
    return Control(
        f"How often a view gets it: {of}.",
        low=0.0,
        high=1.0,
        live=True,
        group=_GROUP,
        title="Probability",
        needs=of,
    )


class AugmentConfig(Config):
    """Which operators make a view, how strong and how often. A mixin of method configs."""

    crop: Annotated[
        bool,
        _switch("Crop and resize", "A random part of the image, resized to the whole: the key augmentation."),
    ] = True
    crop_min_area: Annotated[
        float,
        Control(
            "Smallest share of the image's area that a crop keeps; the share is uniform from here to 1.",
            low=0.02,
            high=1.0,
            live=True,
            group=_GROUP,
            title="Smallest area",
            paper="SimCLR appendix A: 0.08 on ImageNet; a 32-pixel image bears less",
            needs="crop",
        ),
    ] = 0.3
    crop_probability: Annotated[float, _probability("crop")] = 1.0
    flip: Annotated[bool, _switch("Flip", "Mirror left and right.")] = True
    flip_probability: Annotated[float, _probability("flip")] = 0.5
    jitter: Annotated[
        bool,
        _switch(
            "Colour jitter",
            "Random brightness, contrast, saturation and hue. Without it two crops of one image share their "
            "colours, and colour alone solves the task.",
        ),
    ] = True
    jitter_strength: Annotated[
        float,
        Control(
            "Strength s: brightness, contrast and saturation change by up to 0.8s, hue by up to 0.2s.",
            low=0.0,
            high=2.0,
            live=True,
            group=_GROUP,
            title="Strength",
            paper="SimCLR table 1: 1 on ImageNet; 0.5 on CIFAR-10 (B.9)",
            needs="jitter",
        ),
    ] = 1.0
    jitter_probability: Annotated[float, _probability("jitter")] = 0.8
    grayscale: Annotated[bool, _switch("Colour drop", "Turn the view grey.")] = True
    grayscale_probability: Annotated[float, _probability("grayscale")] = 0.2
    rotate: Annotated[
        bool, _switch("Rotate", "Turn by 90, 180 or 270 degrees.", "SimCLR figure 4f; it hurts in figure 5")
    ] = False
    rotate_probability: Annotated[float, _probability("rotate")] = 0.5
    cutout: Annotated[
        bool, _switch("Cutout", "Cover a square with grey.", "SimCLR figure 4g; DeVries and Taylor 2017")
    ] = False
    cutout_size: Annotated[
        float,
        Control(
            "Side of the square as a share of the image's height (our own choice of default).",
            low=0.0,
            high=1.0,
            live=True,
            group=_GROUP,
            title="Size",
            needs="cutout",
        ),
    ] = 0.4
    cutout_probability: Annotated[float, _probability("cutout")] = 0.5
    noise: Annotated[
        bool, _switch("Gaussian noise", "Add independent noise to every pixel.", "SimCLR figure 4h")
    ] = False
    noise_sigma: Annotated[
        float,
        Control(
            "Standard deviation of the noise, where white is 1 (our own choice of default).",
            low=0.0,
            high=1.0,
            live=True,
            group=_GROUP,
            title="Sigma",
            needs="noise",
        ),
    ] = 0.1
    noise_probability: Annotated[float, _probability("noise")] = 0.5
    blur: Annotated[bool, _switch("Gaussian blur", "Smooth the view; SimCLR leaves it out on CIFAR-10.")] = (
        False
    )
    blur_sigma: Annotated[
        float,
        Control(
            "Largest sigma; each view draws from 0.1 to it. The kernel is a tenth of the height.",
            low=0.1,
            high=5.0,
            unit="pixels",
            live=True,
            group=_GROUP,
            title="Largest sigma",
            paper="SimCLR appendix A: 2",
            needs="blur",
        ),
    ] = 2.0
    blur_probability: Annotated[float, _probability("blur")] = 0.5
    sobel: Annotated[bool, _switch("Sobel", "Replace the view by its edges.", "SimCLR figure 4j")] = False
    sobel_probability: Annotated[float, _probability("sobel")] = 0.5


SWITCHES = ("crop", "flip", "jitter", "grayscale", "rotate", "cutout", "noise", "blur", "sobel")
ABLATION = {
    "crop": ("crop", "flip"),
    "cutout": ("cutout",),
    "colour": ("jitter", "grayscale"),
    "sobel": ("sobel",),
    "noise": ("noise",),
    "blur": ("blur",),
    "rotate": ("rotate",),
}


def ablation_config(first: str, second: str) -> dict[str, Value]:
    """The switches of one cell of figure 5's grid: two transformations, or one on the diagonal.

    The paper transforms one branch only and always crops first; here both views get the pair and nothing else.
    """
    on = {*ABLATION[first], *ABLATION[second]}
    return {name: name in on for name in SWITCHES}
