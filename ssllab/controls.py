"""One declaration drives all: a control's type, default, bounds, unit, help and live flag.

A method's config is a frozen pydantic model whose fields carry a :class:`Control`::

    temperature: Annotated[float, Control("Softmax temperature.", low=0.01, high=100, log=True, live=True)] = 0.5

The slider, the command line flag, the validation error, the JSON in the run and the marker in the
plots are all made from it. Nothing here imports torch or Qt, so the window can be drawn at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Value = float | int | bool | str

WORLD = "World"  # the group of those that change what is looked at, not how it is learnt


class ControlError(ValueError):
    """A control got an unknown name or a bad value; the message is one line for the user."""


@dataclass(frozen=True)
class Control:
    """What a hyper-parameter means and how far it goes.

    ``live`` controls may change while training; the others need a restart of the run.
    ``needs`` names the control that must be on (``"name"``) or have one of some values
    (``"name=a,b"``) for this one to matter; the window greys it out otherwise. ``browse``: what a text
    control's button looks for, where the text is a path. ``choice_titles``: what the window calls the choices, in
    their order; files and the command line keep the identifiers.
    """

    help: str
    low: float | None = None
    high: float | None = None
    unit: str = ""
    log: bool = False
    live: bool = False
    group: str = "Method"
    title: str = ""
    paper: str = ""
    needs: str = ""
    browse: Literal["", "file", "folder"] = ""
    choice_titles: tuple[str, ...] = ()

    def range(self) -> str:
        """The bounds in words, for errors and tooltips."""
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}"
        if self.low is not None:
            return f"at least {self.low:g}"
        if self.high is not None:
            return f"at most {self.high:g}"
        return "any"

    def _check(self, value: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            inside = (
                math.isfinite(value)
                and (self.low is None or value >= self.low)
                and (self.high is None or value <= self.high)
            )
            if not inside:
                raise PydanticCustomError("bounds", "expected a number {range}", {"range": self.range()})
        if isinstance(value, str) and not value.isprintable():
            raise PydanticCustomError("text", "expected one line of text")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._check, handler(source))


@dataclass(frozen=True)
class ControlSpec:
    """A control as the rest of the program sees it: the declaration joined with name, kind, default."""

    name: str
    kind: Literal["float", "int", "bool", "choice", "text"]
    default: Value
    control: Control
    choices: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the window calls it."""
        return self.control.title or self.name.replace("_", " ").capitalize()

    def titled(self, value: Value | None) -> str:
        """What the window calls a value: a choice by its title, a switch on or off."""
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, float):
            return f"{value:.6g}"
        titles = dict(zip(self.choices, self.control.choice_titles, strict=False))
        return titles.get(str(value), str(value))

    @property
    def live(self) -> bool:
        """Whether it may change while training."""
        return self.control.live

    def expected(self) -> str:
        """What a good value is, in words."""
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "bool":
            return "true or false"
        if self.kind == "text":
            what = {"file": "the path of a file", "folder": "the path of a folder"}
            return what.get(self.control.browse, "one line of text")
        noun = "a whole number" if self.kind == "int" else "a number"
        return f"{noun} {self.control.range()}"

    def as_dict(self) -> dict[str, Any]:
        """For ``ssllab methods --json``."""
        return {
            "name": self.name,
            "title": self.title,
            "kind": self.kind,
            "default": self.default,
            "choices": list(self.choices),
            "low": self.control.low,
            "high": self.control.high,
            "unit": self.control.unit,
            "log": self.control.log,
            "live": self.control.live,
            "group": self.control.group,
            "help": self.control.help,
            "paper": self.control.paper,
        }


class Config(BaseModel):
    """Base of every method's settings. Frozen: a change makes a validated copy (:meth:`changed`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def controls(cls) -> dict[str, ControlSpec]:
        """Every control by name, in the order of declaration."""
        specs: dict[str, ControlSpec] = {}
        for name, field in cls.model_fields.items():
            control = next((m for m in field.metadata if isinstance(m, Control)), None)
            if control is None:
                continue
            choices: tuple[str, ...] = ()
            kind: Literal["float", "int", "bool", "choice", "text"]
            if get_origin(field.annotation) is Literal:
                kind, choices = "choice", tuple(get_args(field.annotation))
            elif field.annotation is bool:
                kind = "bool"
            elif field.annotation is int:
                kind = "int"
            elif field.annotation is str:
                kind = "text"
            else:
                kind = "float"
            specs[name] = ControlSpec(name, kind, field.default, control, choices)
        return specs

    @classmethod
    def make(cls, values: Mapping[str, Any] | None = None) -> Self:
        """A config from names and values (numbers may be strings, as the command line gives them).

        Raises :class:`ControlError` with one clear line for an unknown name or a bad value.
        """
        values = dict(values or {})
        cls._known(values)
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ControlError(cls._explain(error)) from None

    def changed(self, updates: Mapping[str, Any]) -> Self:
        """A validated copy with some values replaced."""
        return type(self).make({**self.model_dump(), **updates})

    def unfit(self, allows: Mapping[str, Sequence[Value]]) -> dict[str, Value]:
        """What must change where of some controls only these values are allowed: the first is taken for another."""
        mine = self.model_dump()
        return {key: good[0] for key, good in allows.items() if key in mine and mine[key] not in good}

    def matters(self, name: str) -> bool:
        """Whether a control has an effect as the others are: what it needs is so, and matters itself."""
        field = type(self).model_fields.get(name)
        needs = next((m.needs for m in field.metadata if isinstance(m, Control)), "") if field else ""
        if not needs:
            return True
        other, _, values = needs.partition("=")
        now = getattr(self, other, None)
        return (str(now) in values.split(",") if values else bool(now)) and self.matters(other)

    def needs_restart(self, running: Config) -> bool:
        """Whether a run with the settings ``running`` must begin anew to take these: one is not live and differs."""
        return any(
            getattr(running, name, None) != getattr(self, name)
            for name, spec in self.controls().items()
            if not spec.live
        )

    @classmethod
    def _known(cls, names: Iterable[str]) -> None:
        for name in names:
            if name not in cls.model_fields:
                import difflib

                near = difflib.get_close_matches(name, cls.model_fields, n=1)
                hint = f" Did you mean '{near[0]}'?" if near else ""
                raise ControlError(
                    f"unknown control '{name}'.{hint} 'ssllab methods --json' lists every control."
                )

    @classmethod
    def _explain(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        if not first["loc"]:
            return str(first["msg"])
        name = str(first["loc"][0])
        spec = cls.controls().get(name)
        expected = spec.expected() if spec else first["msg"]
        default = f" (default {spec.default})" if spec else ""
        return f"{name} = {first['input']}: expected {expected}{default}."
