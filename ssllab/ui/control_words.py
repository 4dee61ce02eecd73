"""What the window calls a control and its value where only its name is known: markers, undo, names and tables of runs.

The words are those of the declarations; a control that no shipped method declares is called by its name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from ssllab.controls import Config, ControlSpec
from ssllab.training.changes import value_text

_DECLARED_IN = (  # none of them imports torch
    "ssllab.data.images.augment_settings",
    "ssllab.methods.settings",
    "ssllab.methods.pair_settings",
    "ssllab.methods.joint_settings",
    "ssllab.methods.contrast_settings",
    "ssllab.methods.speech_settings",
    "ssllab.methods.wav2vec2_settings",
    "ssllab.methods.ctc_settings",
    "ssllab.methods.sequence_settings",
    "ssllab.methods.jepa_settings",
    "ssllab.methods.cpc_settings",
)

_PERSONS = ("Gaussian", "Gumbel", "Sobel")


@cache
def _declared() -> dict[str, ControlSpec]:
    specs: dict[str, ControlSpec] = {}
    for module in _DECLARED_IN:
        for value in vars(import_module(module)).values():
            if isinstance(value, type) and issubclass(value, Config):
                specs = {**value.controls(), **specs}
    return specs


def control_words(key: str) -> str:
    """``learning rate``, ``colour drop``; of a control that belongs to a switch ``colour drop: probability``."""
    spec = _declared().get(key)
    if spec is None:
        return key.replace("_", " ")
    switch = _declared().get(spec.control.needs)
    if spec.control.title and switch is not None:
        return f"{_low(switch.title)}: {_low(spec.title)}"
    return _low(spec.title)


def control_value(key: str, value: Any) -> str:
    """``0.1``, ``on``, ``InfoNCE``."""
    spec = _declared().get(key)
    return spec.titled(value) if spec is not None and spec.kind == "choice" and value else value_text(value)


def _low(title: str) -> str:
    keeps = title[1:2].isupper() or not title[1:2].isalpha() or title.startswith(_PERSONS)
    return title if keeps else title[0].lower() + title[1:]
