"""Who is compared in many short runs: methods, and remedies of a method that has several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ssllab.controls import Value
from ssllab.methods.base import Method
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings

REMEDY = "remedy"  # the control that says what keeps a method from collapsing


class Contender(NamedTuple):
    """A method by its name; ``remedy``: a value of its control of that name, empty where it has none."""

    method: str
    remedy: str = ""

    @property
    def title(self) -> str:
        """What it is called among others: its remedy, else its method."""
        if not self.remedy:
            return method_class(self.method).title
        if self.remedy == "none":
            return "No remedy"
        return method_class(self.method).Config.controls()[REMEDY].titled(self.remedy)

    def settings(self, own: RunSettings, changes: dict[str, Value] | None = None) -> RunSettings:
        """How it is trained: by the settings at hand as far as it has them, with ``changes``; the rest is as usual."""
        fields = method_class(self.method).Config.model_fields
        known = {key: value for key, value in {**own.config, **(changes or {})}.items() if key in fields}
        if self.remedy:
            known[REMEDY] = self.remedy
        return own.model_copy(update={"method": self.method, "config": known, "method_file": None})


def contenders(methods: Iterable[type[Method]], kind: str) -> list[Contender]:
    """Everyone there is among ``methods`` that learns from that ``kind`` of data."""
    found = []
    for method in methods:
        if kind in method.kinds:
            spec = method.Config.controls().get(REMEDY)
            found += [Contender(method.name, str(choice)) for choice in (spec.choices if spec else ("",))]
    return found
