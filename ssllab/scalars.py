"""One declaration of everything measured: the metrics of a step, the probes, and the constants beside them.

A method says once what each of its scalars is. From that come the curves and their charts, the columns, the order and
the words of the run browser, the tables of the command line, and the lines of the doctor's evidence. A run keeps the
declarations it was made with, so that it is shown without its method. Nothing here imports torch or Qt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Better = Literal["lower", "higher", ""]


@dataclass(frozen=True)
class Series:
    """A number measured over and over, or a constant of the data and the settings that others are held against.

    ``title`` is its whole name, ``short`` what a legend calls it. With ``percent`` the value is a share in 0..1 that is
    shown times 100. ``measured``: in every "step", by a "probe", or "once" for a constant. ``chart`` names the chart it
    belongs to, several are parted by commas, "" is none. ``line``: a "curve", or a "reference" that is drawn as a
    dashed line (a chance level, a ceiling). ``untrained``: its first value, that of the untrained model, is a reference
    line too. ``headline``: of the scalars that a run has, the one with the largest says most about it.
    ``when``: what must be there for it to be measured: "labels", "factors", "phones", "words", "speakers",
    "transcripts", "truth" (the data's true distribution is known), "weights" (that gradients train), or a control as
    "name" or "name=a,b"; several are joined by " and ". ``role``: its colour in the theme, the first one's in a family;
    ``overlay``: whether other runs draw it behind the live one. ``shown``: whether it is, before anybody asked for it by
    the legend.

    A name may hold one placeholder, as ``"factor_{factor}"``: it declares a family, every name of that form, and its
    texts may hold the same placeholder.
    """

    title: str
    help: str = ""
    unit: str = ""
    better: Better = ""
    percent: bool = False
    measured: Literal["step", "probe", "once"] = "step"
    chart: str = ""
    short: str = ""
    line: Literal["curve", "reference"] = "curve"
    untrained: bool = False
    headline: int = 0
    when: str = ""
    role: str = "0"
    dash: bool = False
    overlay: bool = True
    shown: bool = True

    @property
    def name(self) -> str:
        """What a legend calls it."""
        return self.short or self.title

    @property
    def charts(self) -> tuple[str, ...]:
        """The names of its charts."""
        return tuple(name.strip() for name in self.chart.split(",") if name.strip())

    @property
    def scale(self) -> float:
        """What a value is multiplied with to be shown."""
        return 100.0 if self.percent else 1.0

    @property
    def shown_unit(self) -> str:
        """The unit of a value that is shown."""
        return "%" if self.percent else self.unit

    def said(self, value: float | None) -> str:
        """A value with its unit as a person writes it; empty when it is not known."""
        if value is None or not math.isfinite(value):
            return ""
        shown = value * self.scale
        text = f"{shown:.1f}" if self.percent else f"{shown:.4g}"
        return f"{text} {self.shown_unit}".rstrip()


@dataclass(frozen=True)
class Chart:
    """Where curves of one unit stand together.

    ``panel`` is the id of the panel of curves that shows it. ``help``: what it shows, how to read it, the paper; rich
    text. ``label``: of the vertical axis. ``hint``: what stands there before the first value. ``always``: values that
    the axis always shows, ``empty``: its range before the first value, both as shown.
    """

    name: str
    panel: str = "loss"
    help: str = ""
    label: str = ""
    hint: str = ""
    log: bool = False
    always: tuple[float, ...] = ()
    empty: tuple[float, float] = (0.0, 1.0)


def form_of(declared: Mapping[str, Series], name: str) -> str | None:
    """The name under which ``name`` is declared: itself, or the closest form with a placeholder; None if it is not."""
    if name in declared:
        return name
    forms = sorted((key for key in declared if "{" in key), key=len, reverse=True)
    return next((form for form in forms if _pattern(form).fullmatch(name)), None)


def series_of(declared: Mapping[str, Series], name: str) -> Series:
    """The declaration of the scalar ``name``; of one that nobody declared, its name made readable."""
    form = form_of(declared, name)
    if form is None:
        return Series(name.replace("_", " ").capitalize())
    found = _pattern(form).fullmatch(name)
    return _filled(declared[form], found.groupdict()) if found else declared[form]


def is_declared(declared: Mapping[str, Series], name: str) -> bool:
    """Whether ``name`` is declared, by itself or by a name with a placeholder."""
    return form_of(declared, name) is not None


def headlines(declared: Mapping[str, Series], names: Iterable[str]) -> list[str]:
    """Those of ``names`` that say something about a run in a line: the loss, then what says most."""
    told = {name: series_of(declared, name).headline for name in names}
    return sorted((n for n in told if told[n] or n == "loss"), key=lambda n: (n != "loss", -told[n]))


def headline(declared: Mapping[str, Series], names: Iterable[str]) -> str:
    """Which of ``names`` says most about a run; "" where none is a headline."""
    return next((name for name in headlines(declared, names) if name != "loss"), "")


def as_json(declared: Mapping[str, Series]) -> dict[str, dict[str, Any]]:
    """What a run keeps: every declaration without what is usual."""
    usual = asdict(Series(""))
    return {
        name: {key: value for key, value in asdict(series).items() if key == "title" or value != usual[key]}
        for name, series in declared.items()
    }


def from_json(document: object) -> dict[str, Series]:
    """The declarations of a stored run. What is not well formed is left out: a run is only ever shown by them."""
    usual = asdict(Series(""))
    found = {}
    for name, entry in document.items() if isinstance(document, dict) else ():
        if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
            continue
        known = {
            field.name: entry[field.name]
            for field in fields(Series)
            if field.name in entry and type(entry[field.name]) is type(usual[field.name])
        }
        found[str(name)] = Series(**known)
    return found


def _pattern(form: str) -> re.Pattern[str]:
    before, _, rest = form.partition("{")
    word, _, after = rest.partition("}")
    family = f"{re.escape(before)}(?P<{word}>.+){re.escape(after)}"
    return re.compile(family if word.isidentifier() else re.escape(form))


def _filled(series: Series, values: Mapping[str, str]) -> Series:
    texts = {key: text for key, text in asdict(series).items() if isinstance(text, str)}
    for word, value in values.items():
        texts = {key: text.replace("{" + word + "}", value.replace("_", " ")) for key, text in texts.items()}
    return Series(**{**asdict(series), **texts})
