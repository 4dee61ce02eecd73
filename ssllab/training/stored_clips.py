"""The model of a live run that learns from clips, built anew to be asked."""

from __future__ import annotations

from typing import Any

from ssllab.methods.clips import ClipMethod
from ssllab.methods.registry import method_class
from ssllab.training.device import choose_device
from ssllab.training.messages import ModelCopy
from ssllab.training.stored_models import drawing


def of_copy(copy: ModelCopy, data: Any) -> ClipMethod:
    """In evaluation mode, with the settings in force; ``data`` is what the run learns from. Raises ValueError for a run of
    another lab, ControlError where this machine does not have the run's device."""
    method = untrained(copy.settings.method, copy.config, data)
    method.load_state_dict(copy.state)
    return method.to(choose_device(copy.settings.device)).eval()


def untrained(name: str, config: dict[str, Any], data: Any) -> ClipMethod:
    """The method of that name before its first step; of ``config`` what it has no control for is left out."""
    cls = method_class(name)
    if not issubclass(cls, ClipMethod):
        raise ValueError(f"{cls.title} does not predict frames: expected a method that learns from clips.")
    known = {key: value for key, value in config.items() if key in cls.Config.model_fields}
    with drawing(seed=0):
        return cls.build(cls.Config.make(known), data)
