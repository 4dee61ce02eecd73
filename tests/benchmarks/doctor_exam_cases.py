"""The patients of the doctor's exam: what is trained, on what, and which sickness its construction gives it.

A case is judged by its final probes, not by its place in this list: one that was made sick and learned all the same
counts as healthy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[3] / "shared" / "data"
NOISE = "noise"  # images and sound of pure noise, made by the exam

PATHS = {
    "cifar": DATA / "images_cifar10_jpeg" / "cifar10_jpeg_val500x10.zip",
    "omniglot": DATA / "images_omniglot_small" / "images_background_small1.zip",
    "fsdd": DATA / "speech_fsdd" / "fsdd_4speakers.zip",
    "keywords": DATA / "speech_keywords6" / "keywords6_16k_flac.tar",
    "ljspeech": DATA / "speech_ljspeech_mini" / "ljspeech_mini_16k_flac.tar",
}
SIZES = {"shapes": 16, "digits": 16, "photos": 32, "cifar": 32, "omniglot": 28, NOISE: 16}

SPEECH = {"wav2vec2", "hubert"}
SMALL_SPEECH = {"batch_seconds": 4.0, "crop_seconds": 2.0}

# What may truly be said of a cause: the same one shows as one state or another by its strength.
TOO_FAST = ("diverged", "complete collapse", "dimensional collapse", "codebook collapse", "stuck at chance")
SHORTCUT = ("shortcut",)
BAD_TEMPERATURE = (
    "weak contrast",
    "stuck at chance",
    "dimensional collapse",
    "complete collapse",
    "diverged",
)
FEW_NEGATIVES = ("weak contrast",)
NO_HEAD = ("no head", "dimensional collapse")
KEYS = ("stuck at chance", "weak contrast", "complete collapse", "dimensional collapse", "diverged")
CODES = ("codebook collapse", "soft but not hard")
HELD_OUT_SEED = 7
NOTHING_THERE = ("stuck at chance", "nothing to learn", "codebook collapse", "shortcut")

CONSTRUCTIONS = {
    TOO_FAST: "learning rate",
    SHORTCUT: "no colour, no crop",
    BAD_TEMPERATURE: "temperature",
    FEW_NEGATIVES: "batch of 8",
    NO_HEAD: "no head",
    KEYS: "key momentum",
    CODES: "codes",
    NOTHING_THERE: "pure noise",
}


@dataclass(frozen=True)
class Case:
    """A run: ``changes`` are (step, control, value), ``sickness`` the states its construction may be called, () healthy.

    ``held_out`` cases took no part in drawing the doctor's lines.
    """

    data: str
    method: str = "simclr"
    config: dict[str, Any] = field(default_factory=dict)
    changes: tuple[tuple[int, str, Any], ...] = ()
    seed: int = 0
    sickness: tuple[str, ...] = ()
    steps: int = 0

    @property
    def speech(self) -> bool:
        """Whether it is of the Speech lab."""
        return self.method in SPEECH

    @property
    def name(self) -> str:
        """Unique, readable."""
        settings = [f"{key}={value}" for key, value in self.config.items()]
        live = [f"{key}={value}@{step}" for step, key, value in self.changes]
        steps = [f"steps={self.steps}"] if self.steps else []
        return " ".join([self.data, self.method, *settings, *live, *steps, f"seed={self.seed}"])

    @property
    def length(self) -> int:
        """Steps of training."""
        return self.steps or (400 if self.changes else 350)

    @property
    def base(self) -> dict[str, Any]:
        """What every run of this data has beside the method's defaults: small enough for one core."""
        if self.speech:
            return dict(SMALL_SPEECH)
        return {"batch_size": 128 if SIZES[self.data] <= 16 else 96}

    @property
    def onset(self) -> int:
        """The step from which it was sick."""
        return max((step for step, _, _ in self.changes), default=0) if self.sickness else 0

    @property
    def is_reference(self) -> bool:
        """Whether the other runs of its data are held against it: as the method ships."""
        return not (self.sickness or self.config or self.changes)

    @property
    def held_out(self) -> bool:
        """Whether it was trained after the doctor's lines had been drawn."""
        return self.seed >= HELD_OUT_SEED


def _healthy() -> list[Case]:
    found = [Case(data, seed=seed) for data in ("shapes", "photos", "cifar") for seed in (0, 1, 2)]
    found += [Case(data, seed=seed) for data in ("digits", "omniglot") for seed in (0, 1)]
    found += [Case(data, "moco", seed=seed) for data, seed in (("shapes", 0), ("photos", 1), ("cifar", 2))]
    mild: list[tuple[str, dict[str, Any], int]] = [
        ("shapes", {"temperature": 0.2}, 1),
        ("cifar", {"temperature": 0.2}, 2),
        ("photos", {"temperature": 0.5}, 1),
        ("cifar", {"learning_rate": 4e-3}, 1),
        ("shapes", {"learning_rate": 1e-3}, 2),
        ("photos", {"head": "linear"}, 2),
        ("cifar", {"loss": "info_nce"}, 0),
        ("shapes", {"batch_size": 64}, 0),
        ("cifar", {"crop_min_area": 0.2}, 1),
        ("photos", {"dimension": 64, "head_layers": 3}, 0),
        ("omniglot", {"jitter": False, "grayscale": False}, 2),  # there is no colour to go by
        ("digits", {"temperature": 0.2}, 2),
    ]
    found += [Case(data, config=config, seed=seed) for data, config, seed in mild]
    found.append(Case("shapes", changes=((100, "temperature", 0.2),), seed=2))
    found.append(Case("cifar", changes=((100, "learning_rate", 1e-3),), seed=0))
    found += [Case("spoken", "wav2vec2", seed=seed) for seed in (0, 1, 2)]
    found += [
        Case(data, "wav2vec2", seed=seed) for data in ("fsdd", "keywords", "ljspeech") for seed in (0, 1)
    ]
    found += [Case("spoken", "hubert", seed=seed) for seed in (0, 1)]
    found += [Case("fsdd", "hubert", seed=2)]
    for data, config, seed in (
        ("spoken", {"entropy_weight": 0.2}, 1),
        ("fsdd", {"kmeans_init": True}, 0),
        ("spoken", {"learning_rate": 1.5e-3}, 2),
        ("ljspeech", {"mask_length": 4}, 2),
        ("spoken", {"codebook_size": 160}, 0),
        ("fsdd", {"diversity_weight": 0.2}, 1),
        ("spoken", {"dead_code_restart": True}, 1),
    ):
        found.append(Case(data, "wav2vec2", config, seed=seed))
    return found


def _sick_contrast() -> list[Case]:
    no_colour = {"jitter": False, "grayscale": False}
    cases: list[tuple[str, dict[str, Any], tuple[str, ...], int]] = [
        ("shapes", no_colour, SHORTCUT, 0),
        ("photos", no_colour, SHORTCUT, 1),
        ("cifar", no_colour, SHORTCUT, 2),
        ("shapes", {"crop": False}, SHORTCUT, 1),
        ("cifar", {"crop": False}, SHORTCUT, 0),
        ("photos", {"crop": False}, SHORTCUT, 2),
        ("shapes", {"learning_rate": 0.04}, TOO_FAST, 0),
        ("cifar", {"learning_rate": 0.4}, TOO_FAST, 1),
        ("photos", {"learning_rate": 5.0}, TOO_FAST, 2),
        ("digits", {"learning_rate": 50.0}, TOO_FAST, 0),
        ("shapes", {"learning_rate": 50.0}, TOO_FAST, 1),
        ("shapes", {"temperature": 0.01}, BAD_TEMPERATURE, 0),
        ("cifar", {"temperature": 0.01}, BAD_TEMPERATURE, 1),
        ("shapes", {"temperature": 5.0}, BAD_TEMPERATURE, 1),
        ("photos", {"temperature": 5.0}, BAD_TEMPERATURE, 2),
        ("cifar", {"temperature": 50.0}, BAD_TEMPERATURE, 0),
        ("shapes", {"temperature": 50.0}, BAD_TEMPERATURE, 2),
        ("shapes", {"batch_size": 8}, FEW_NEGATIVES, 0),
        ("cifar", {"batch_size": 8}, FEW_NEGATIVES, 1),
        ("shapes", {"head": "none"}, NO_HEAD, 1),
        ("cifar", {"head": "none"}, NO_HEAD, 0),
        (NOISE, {}, NOTHING_THERE, 0),
        (NOISE, {}, NOTHING_THERE, 1),
    ]
    found = [Case(data, config=config, sickness=names, seed=seed) for data, config, names, seed in cases]
    for momentum, data, seed in (
        (0.0, "shapes", 0),
        (1.0, "shapes", 1),
        (0.0, "cifar", 2),
        (1.0, "photos", 0),
    ):
        found.append(Case(data, "moco", {"key_momentum": momentum}, seed=seed, sickness=KEYS))
    for data, key, value, names, seed in (
        ("shapes", "temperature", 0.01, BAD_TEMPERATURE, 0),
        ("cifar", "temperature", 50.0, BAD_TEMPERATURE, 1),
        ("shapes", "learning_rate", 50.0, TOO_FAST, 1),
        ("photos", "learning_rate", 50.0, TOO_FAST, 0),
        ("cifar", "learning_rate", 1.0, TOO_FAST, 2),
    ):
        found.append(Case(data, changes=((100, key, value),), sickness=names, seed=seed))
    return found


def _sick_speech() -> list[Case]:
    bare = {"entropy_weight": 0.0}  # what the paper has
    cold = {"gumbel_temperature": 0.05, "gumbel_floor": 0.05}
    cases: list[tuple[str, dict[str, Any], tuple[str, ...], int]] = [
        ("spoken", {**bare, "diversity_weight": 0.0}, CODES, 0),
        ("fsdd", {**bare, "diversity_weight": 0.0}, CODES, 1),
        ("spoken", {**bare, "gumbel_noise": False}, CODES, 1),
        ("keywords", {**bare, "gumbel_noise": False}, CODES, 2),
        ("spoken", {**bare, "freeze_codes": True}, CODES, 2),
        ("ljspeech", {**bare, "freeze_codes": True}, CODES, 0),
        ("spoken", {**bare, **cold, "diversity_weight": 0.0}, CODES, 2),
        ("fsdd", {**bare, **cold}, CODES, 0),
        ("spoken", {"learning_rate": 0.06}, TOO_FAST, 0),
        ("fsdd", {"learning_rate": 0.6}, TOO_FAST, 1),
        ("spoken", {"learning_rate": 75.0}, TOO_FAST, 1),
        ("spoken", {"diversity_weight": 0.0, "gumbel_noise": False}, CODES, 2),
    ]
    found = [Case(data, "wav2vec2", config, sickness=names, seed=seed) for data, config, names, seed in cases]
    # A healthy small model is at chance for hundreds of steps as well: noise shows by a plateau of a thousand.
    found.append(Case(NOISE, "wav2vec2", seed=0, sickness=NOTHING_THERE, steps=1050))
    found.append(
        Case("spoken", "wav2vec2", bare, ((1, "gumbel_decay", 0.9), (1, "gumbel_floor", 0.01)), 0, CODES)
    )
    found.append(
        Case("spoken", "wav2vec2", changes=((100, "learning_rate", 1.0),), seed=0, sickness=TOO_FAST)
    )
    found.append(Case("fsdd", "wav2vec2", changes=((100, "learning_rate", 10.0),), seed=2, sickness=TOO_FAST))
    found.append(Case("spoken", "hubert", {"learning_rate": 0.6}, seed=0, sickness=TOO_FAST))
    return found


def _held_out() -> list[Case]:
    no_colour = {"jitter": False, "grayscale": False}
    bare = {"entropy_weight": 0.0}
    cold = {"gumbel_temperature": 0.05, "gumbel_floor": 0.05}
    found = [Case(data, seed=7) for data in ("shapes", "cifar", "omniglot", "digits")]
    found += [
        Case("spoken", "wav2vec2", seed=7),
        Case("cifar", config={"temperature": 0.3}, seed=8),
        Case("shapes", config={"learning_rate": 3e-3}, seed=8),
        Case("omniglot", changes=((100, "jitter_strength", 0.8),), seed=8),
        Case("shapes", config=no_colour, seed=7, sickness=SHORTCUT),
        Case("cifar", config={"crop": False}, seed=7, sickness=SHORTCUT),
        Case("cifar", config={"learning_rate": 50.0}, seed=7, sickness=TOO_FAST),
        Case("omniglot", config={"learning_rate": 5.0}, seed=7, sickness=TOO_FAST),
        Case("shapes", config={"temperature": 0.01}, seed=7, sickness=BAD_TEMPERATURE),
        Case("omniglot", config={"temperature": 5.0}, seed=7, sickness=BAD_TEMPERATURE),
        Case("shapes", config={"batch_size": 8}, seed=8, sickness=FEW_NEGATIVES),
        Case("cifar", "moco", {"key_momentum": 1.0}, seed=7, sickness=KEYS),
        Case("shapes", changes=((100, "learning_rate", 5.0),), seed=7, sickness=TOO_FAST),
        Case("cifar", changes=((100, "temperature", 0.01),), seed=7, sickness=BAD_TEMPERATURE),
        Case(NOISE, seed=7, sickness=NOTHING_THERE),
        Case("spoken", "wav2vec2", {**bare, "diversity_weight": 0.0}, seed=7, sickness=CODES),
        Case("keywords", "wav2vec2", {**bare, "freeze_codes": True}, seed=8, sickness=CODES),
        Case("ljspeech", "wav2vec2", {**bare, "gumbel_noise": False}, seed=7, sickness=CODES),
        Case("spoken", "wav2vec2", {**bare, **cold}, seed=7, sickness=CODES),
        Case("fsdd", "wav2vec2", {"learning_rate": 0.2}, seed=7, sickness=TOO_FAST),
        Case("spoken", "wav2vec2", changes=((100, "learning_rate", 3.0),), seed=7, sickness=TOO_FAST),
    ]
    return found


def cases() -> list[Case]:
    """All of them, in an order in which any beginning of the list is a mixture."""
    groups = [_healthy(), _sick_contrast(), _sick_speech()]
    placed = [(index / len(group), case) for group in groups for index, case in enumerate(group)]
    return [*(case for _, case in sorted(placed, key=lambda pair: pair[0])), *_held_out()]
