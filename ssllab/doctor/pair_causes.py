"""What is set wrong where a run of pairs is sick: the controls that are known to make it so, each with its reason."""

from __future__ import annotations

from typing import Any

from ssllab.doctor.causes import LONG_MEMORY, Cause, above, below, equal
from ssllab.doctor.evidence import Evidence
from ssllab.doctor.verdict import tidy

# Learning rates that usually work, for a batch of 256; SGD's and LARS's grow with the batch.
USUAL_LEARNING_RATE = {"adamw": 2e-3, "sgd": 0.06, "lars": 0.3}
# A rate this many times the usual one is to blame before anything else; one this many times lower learns too slowly.
FAR_TOO_HIGH = 3.0
FAR_TOO_LOW = 30.0

USUAL_TEMPERATURE = 0.1
LOW_TEMPERATURE = 0.05
HIGH_TEMPERATURE = 1.0  # the loss can move by about 2/t only

FEW_IMAGES = 32  # of a batch whose other images are all the negatives there are
USUAL_BATCH = 256

EXTRA_AUGMENTATIONS = ("rotate", "cutout", "noise", "sobel")  # all hurt or do little in SimCLR's figure 5


def usual_rate(e: Evidence) -> float | None:
    """The learning rate that usually works with the optimizer and batch size in force."""
    optimizer = (e.setting("optimizer") or "").lower()
    rate = USUAL_LEARNING_RATE.get(optimizer)
    if rate is not None and not optimizer.startswith("adam"):
        rate *= (e.setting("batch_size") or USUAL_BATCH) / USUAL_BATCH
    return rate


def _usual(e: Evidence) -> float | None:
    usual = usual_rate(e)
    return None if usual is None else tidy(usual)


def _too_high(e: Evidence, rate: Any) -> bool:
    return rate > FAR_TOO_HIGH * (usual_rate(e) or rate)


def _too_low(e: Evidence, rate: Any) -> bool:
    return rate < (usual_rate(e) or 0) / FAR_TOO_LOW


def _few(e: Evidence, images: Any) -> bool:
    return images < FEW_IMAGES and e.setting("queue_size") is None


HIGH_RATE = Cause(
    "learning_rate",
    _too_high,
    "The learning rate is far above what usually works: the steps overshoot.",
    _usual,
)
LOW_RATE = Cause(
    "learning_rate", _too_low, "The learning rate is far below what usually works.", _usual, harmless=True
)
DECAY = Cause("weight_decay", above(0.05), "The weight decay pulls the weights towards zero.", lambda e: 1e-4)
COLD = Cause(
    "temperature",
    below(LOW_TEMPERATURE),
    "At this temperature the few hardest negatives push, and hard.",
    lambda e: USUAL_TEMPERATURE,
)
HOT = Cause(
    "temperature",
    above(HIGH_TEMPERATURE),
    "At this temperature all negatives push alike, and spreading along a few directions is enough.",
    lambda e: USUAL_TEMPERATURE,
)
FEW_NEGATIVES = Cause(
    "batch_size",
    _few,
    "The other images of the batch are all the negatives there are, and they are few.",
    lambda e: USUAL_BATCH,
)
NO_HEAD = Cause(
    "head", equal("none"), "Without a head the loss acts on h itself, which forgets what views differ in."
)
KEYS_COPIED = Cause("key_momentum", below(0.5), "Keys in the queue are of encoders that differ too much.")
KEYS_FROZEN = Cause("key_momentum", above(0.99999), "The key encoder never moves from its random start.")
STRONG_JITTER = Cause("jitter_strength", above(1.0), "Colour changes more than images differ by.")
SMALL_CROPS = Cause("crop_min_area", below(0.08), "The crops are smaller than what images share.")
EXTRAS = tuple(
    Cause(name, equal(True), "The two views may share too little: SimCLR's recipe does without this.")
    for name in EXTRA_AUGMENTATIONS
)
NO_JITTER = Cause(
    "jitter",
    equal(False),
    "Without colour jitter two crops of an image share their colours, and matching those is enough.",
)
NO_CROP = Cause("crop", equal(False), "Without crops the two views share their layout pixel by pixel.")
NO_GRAY = Cause("grayscale", equal(False), "Colour may still give an image away.")
LARGE_CROPS = Cause("crop_min_area", above(0.6), "The views overlap too much.")
WEAK_JITTER = Cause("jitter_strength", below(0.5), "The colours change too little.")

TOO_FAST = (HIGH_RATE, DECAY, LONG_MEMORY)
WEAK_VIEWS = (NO_JITTER, NO_GRAY, NO_CROP, LARGE_CROPS, WEAK_JITTER)
KEYS = (KEYS_COPIED, KEYS_FROZEN)
