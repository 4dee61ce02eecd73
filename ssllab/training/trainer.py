"""One model, its optimizer, its data and its random numbers: everything that a step needs and changes.

A trainer belongs to one thread. It knows no files, no window and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ssllab.controls import Config, ControlError, Value
from ssllab.data.batches import Data
from ssllab.looks import Look
from ssllab.methods.base import Probe
from ssllab.methods.registry import method_class
from ssllab.training.checkpoint import snapshot
from ssllab.training.device import autocast, choose_device, choose_precision
from ssllab.training.memory import check_fits
from ssllab.training.messages import ModelCopy
from ssllab.training.optimizers import apply_settings, build_optimizer, gradient_norm
from ssllab.training.run_record import RunSettings
from ssllab.training.stored_models import drawing, read_model


class Trainer:
    """Trains ``settings.method`` on ``data``, one step at a call, and goes on from ``tree``, what :meth:`state` gave, where
    that is given. Raises ControlError for bad settings."""

    def __init__(self, settings: RunSettings, data: Data, tree: Mapping[str, Any] | None = None) -> None:
        self.settings = settings
        self.device = choose_device(settings.device)
        method = method_class(settings.method)
        config = method.Config.make(settings.config)
        encoder = getattr(config, "encoder", None)
        self.precision = choose_precision(settings.precision, self.device, encoder)
        self._given: Any = data.to(self.device)
        self.step = 0
        try:  # what settings and data do not allow together
            with drawing(settings.seed):
                if tree is None:
                    self.method = method.build(config, data, read_model)
                else:
                    self.method = method.again(config, data, tree["model"], read_model)
            self.method.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            self.method.train()
            self.data: Data = self.method.read(self._given, read_model)
            self.method.prepare(self.data)
            with autocast(self.device, self.precision):
                check_fits(self.method, self.data)
            self.batches = self.method.batches(self.data, settings.seed)
        except ValueError as error:
            raise ControlError(str(error)) from error
        self.optimizer = None if self.method.counts_only else build_optimizer(self.method, config)  # type: ignore[arg-type]
        self.items = 0.0  # of the last step, in the method's unit
        self.generator = torch.Generator(self.device).manual_seed(settings.seed)
        if tree is not None:
            self.load(tree)

    @property
    def over(self) -> bool:
        """Whether all has been learned from that is to be seen once only."""
        return bool(getattr(self.batches, "over", False))

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.method.config

    def set(self, key: str, value: Value) -> tuple[Value, Value]:
        """Change a live control; in force from the next step. Returns (old, new); raises ControlError."""
        spec = self.config.controls().get(key)
        if spec is not None and not spec.live:
            raise ControlError(f"'{key}' cannot change while training: reset the run with the new value.")
        old = getattr(self.config, key, None)
        self.method.config = self.config.changed({key: value})
        return old, getattr(self.config, key)  # type: ignore[return-value]

    def train_step(self) -> dict[str, float]:
        """One step of gradient descent; the scalars it measured, by name."""
        config: Any = self.config
        batch = self.batches.next(config)
        self.items = self.method.items(batch)
        self.method.updates = self.step
        with autocast(self.device, self.precision):
            result = self.method.checked(self.method.step(batch, self.generator))
        measured = dict(result.metrics)  # a person's own may be plain numbers
        rate = {}
        if self.optimizer is not None:
            measured["gradient_norm"], rate["learning_rate"] = self._descend(result.loss, self.optimizer)
        self.step += 1
        # One transfer for all scalars: on a GPU each .item() would wait for the device.
        tensors = [torch.as_tensor(value, device=self.device) for value in measured.values()]
        values = torch.stack([value.detach().float().reshape(()) for value in tensors]).tolist()
        return {**dict(zip(measured, values, strict=True)), **rate}

    def _descend(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> tuple[Tensor, float]:
        """One step down the gradient of ``loss``: the norm of that, and the learning rate."""
        config: Any = self.config
        rate = apply_settings(optimizer, self.step, config)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        norm = gradient_norm(self.method.parameters())
        if most := getattr(config, "clip_norm", 0.0):
            nn.utils.clip_grads_with_norm_(self.method.parameters(), most, norm)
        optimizer.step()
        return norm, rate

    def look(self) -> Look:
        """The method's light picture, in float32 whatever training computes in."""
        return self.method.look(self.data, self.step)

    def probe(self) -> Probe:
        """The method's heavier probe, in float32 whatever training computes in."""
        return self.method.probe(self.data)

    def state(self) -> dict[str, Any]:
        """Everything that the next steps depend on, as a tree of tensors and scalars."""
        return {
            "step": self.step,
            "config": self.config.model_dump(),
            "model": dict(self.method.state_dict()),
            "optimizer": {} if self.optimizer is None else self.optimizer.state_dict(),
            "sampler": self.batches.state(),
            "generator": self.generator.get_state(),
        }

    def copy_model(self) -> ModelCopy:
        """The model as it is now, for others to build anew and look at."""
        model = snapshot(dict(self.method.state_dict()))
        return ModelCopy(self.settings, self.config.model_dump(), self.step, model)

    def load(self, tree: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`: on the CPU the next steps are the same, bit for bit."""
        try:
            self.method.config = type(self.config).make(tree["config"])
            self.method.load_state_dict(tree["model"])
            data = self.method.read(self._given, read_model)
            if data is not self.data:  # a model that was trained before makes another thing of it
                self.data, self.batches = data, self.method.batches(data, self.settings.seed)
            if self.optimizer is not None:
                self.optimizer.load_state_dict(tree["optimizer"])
            self.batches.load(tree["sampler"])
            self.generator.set_state(tree["generator"])
            self.step = self.method.updates = int(tree["step"])
        except (KeyError, TypeError, RuntimeError, ValueError) as error:
            lines = [
                line.strip() for line in str(error).splitlines()
            ]  # torch's first line only says that there are more
            first = " ".join(lines[: 1 + lines[0].endswith(":")])
            raise ControlError(f"the checkpoint does not fit this run's settings: {first}") from error
