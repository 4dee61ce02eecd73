"""What the doctor of today says of the runs that the exam has trained, step by step, and how often he is right."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from doctor_exam_cases import CONSTRUCTIONS, NOISE, Case

from ssllab.doctor.evidence import Evidence
from ssllab.doctor.rules import diagnose
from ssllab.doctor.verdict import CALM, Verdict, gravity
from ssllab.methods.registry import method_class
from ssllab.training.metrics import MetricsLog
from ssllab.training.run_record import Event

ASKED_EVERY = 10  # steps
JUDGED_FROM = 200  # false alarms are counted from here on
MOST_DELAY = 200
LEAST_GAIN = 0.05  # of the healthy runs of a data set, for the probes to tell sick from healthy
CURED_SHARE = 0.9  # of the healthy probe
SICK_BELOW, HEALTHY_ABOVE = 0.5, 0.8  # of the healthy run's gain


@dataclass(frozen=True)
class Judged:
    """A run and what was said of it. ``gained``: by the probes; ``reference``: by the healthy runs of its data, NaN
    where there is none."""

    case: Case
    gained: float
    reference: float
    said: list[tuple[int, Verdict]]
    seconds_a_step: float

    @property
    def share(self) -> float:
        """Of the healthy run's gain."""
        return self.gained / self.reference

    @property
    def truth(self) -> str:
        """Sick, healthy or between, by the probes; noise is sick whatever they say.

        The runs that the others are held against are healthy by definition. Where even they gain next to nothing the
        probes cannot tell: there the construction decides, unless the run gained more than that. Where they gain
        nothing at all, as small models do on little real speech, nobody knows whether a run is healthy.
        """
        if self.case.data == NOISE:
            return "sick"
        if not self.reference >= LEAST_GAIN:
            if self.case.sickness and not self.gained >= LEAST_GAIN:
                return "sick"
            return "healthy" if self.reference > 0 or self.gained >= LEAST_GAIN else "unknown"
        if self.case.is_reference:
            return "healthy"
        if self.share < SICK_BELOW:
            return "sick"
        return "healthy" if self.share > HEALTHY_ABOVE else "between"

    @property
    def last(self) -> Verdict:
        """The last word."""
        return self.said[-1][1]

    @property
    def right(self) -> bool:
        """Whether the last word is the true one."""
        name = self.last.state
        healthy, named = name in CALM, name in self.case.sickness
        doubtful = named or healthy or name == "not sure"
        return {"sick": named, "healthy": healthy, "between": doubtful, "unknown": True}[self.truth]

    @property
    def called_healthy_late(self) -> int:
        """The last step at which a sick run was called healthy, counted from its evidence's onset; 0 never."""
        return max((step - self.case.onset for step, v in self.said if v.state == "healthy"), default=0)

    @property
    def delay(self) -> int | None:
        """Steps from the onset until the right name stood for good; None if it never did."""
        since = None
        for step, verdict in self.said:
            named = verdict.state in self.case.sickness
            since = (step if since is None else since) if named else None
        return None if since is None else since - self.case.onset


def case_of(record: Mapping[str, Any]) -> Case:
    """The case that a record was trained from."""
    stored = dict(record["case"])
    stored["changes"] = tuple(tuple(change) for change in stored["changes"])
    return Case(**{**stored, "sickness": tuple(stored["sickness"])})


def replay(record: Mapping[str, Any], every: int = ASKED_EVERY) -> list[tuple[int, Verdict]]:
    """What the doctor would have said, asked every so many steps and at the end."""
    case = case_of(record)
    method = method_class(case.method)
    config = method.Config.make({**case.base, **case.config})
    rows, probed = (columns(record[kind]) for kind in ("metrics", "probes"))
    metrics, probes = MetricsLog(), MetricsLog()
    events: list[Event] = []
    said, asked_last, at = [], 0, 0
    for index, (step, values) in enumerate(rows):
        for when, key, value in case.changes:
            if when == step - 1:
                events.append(Event(when, 0.0, "set", key, getattr(config, key), value))
                config = config.changed({key: value})
        metrics.append(step, values)
        while at < len(probed) and probed[at][0] <= step:
            probes.append(*probed[at])
            at += 1
        if step - asked_last >= every or index == len(rows) - 1:
            asked_last = step
            changed = events[-1].step if events else 0
            evidence = Evidence(
                config, metrics, probes, record["constants"], method.series, changed, list(events)
            )
            said.append((step, diagnose(method.rules, evidence)))
    return said


def columns(table: Mapping[str, Sequence[float]]) -> list[tuple[int, dict[str, float]]]:
    """Rows of a table as the exam keeps them: (step, values)."""
    names = [name for name in table if name != "step"]
    return [
        (int(step), {name: math.nan if table[name][i] is None else table[name][i] for name in names})
        for i, step in enumerate(table["step"])
    ]


def gain(record: Mapping[str, Any]) -> float:
    """How far the probes rose above the untrained model, on their mean."""
    found = probed(record)
    return float(np.mean([values[-1] - values[0] for values in found])) if found else math.nan


def probed(record: Mapping[str, Any]) -> list[np.ndarray]:
    """The probes that a run is judged by, shares all: what h or the context knows, and of speech what the codes do.

    Codes of speech whose phones nobody knows count by the share of the codebook that held-out speech uses.
    """
    probes = {name: np.array(values, float) for name, values in record["probes"].items()}
    names = ("knn_top1", "linear_top1", "phone_top1", "word_top1", "pnmi")
    found = [probes[name] for name in names if name in probes]
    if "pnmi" not in probes and "heldout_code_perplexity" in probes and "code_ceiling" in record["constants"]:
        found.append(probes["heldout_code_perplexity"] / record["constants"]["code_ceiling"])
    return found


def judged(records: Mapping[str, Mapping[str, Any]]) -> list[Judged]:
    """Every run beside the healthy runs of its data and method."""
    healthy: dict[tuple[str, str], list[float]] = {}
    for record in records.values():
        case = case_of(record)
        if case.is_reference:
            healthy.setdefault((case.data, case.method), []).append(gain(record))
    found = []
    for record in records.values():
        case = case_of(record)
        reference = healthy.get((case.data, case.method)) or healthy.get((case.data, "simclr"))
        usual = float(np.mean(reference)) if reference else math.nan
        steps = len(record["metrics"]["step"])
        found.append(Judged(case, gain(record), usual, replay(record), record["seconds"] / max(steps, 1)))
    return found


def tables(found: Sequence[Judged]) -> str:
    """The exam's numbers."""
    lines = []
    sick = [one for one in found if one.truth == "sick" and one.case.sickness]
    healthy = [one for one in found if one.truth == "healthy"]
    states = sorted({one.last.state for one in found})
    truths = {"healthy": healthy}
    truths |= {word: [one for one in found if one.truth == word] for word in ("between", "unknown")}
    for names in dict.fromkeys(one.case.sickness for one in sick):
        truths[CONSTRUCTIONS[names]] = [one for one in sick if one.case.sickness == names]
    lines.append(f"{'by construction':<22}" + "".join(f"{state[:17]:>18}" for state in states))
    for truth, group in truths.items():
        counted = Counter(one.last.state for one in group)
        lines.append(f"{truth:<22}" + "".join(f"{counted[state] or '.':>18}" for state in states))
    alarms = [
        (gravity(verdict.state), one) for one in healthy for step, verdict in one.said if step > JUDGED_FROM
    ]
    red, amber = (sum(grade == level for grade, _ in alarms) for level in (2, 1))
    delays = [(one.delay, one.delay * one.seconds_a_step) for one in sick if one.delay is not None]
    late = [one for one in sick if one.called_healthy_late > MOST_DELAY]
    right = sum(one.right for one in sick)
    lines += [
        "",
        f"runs: {len(found)}, healthy {len(healthy)}, sick {len(sick)}",
        f"named right: {right} of {len(sick)} sick runs ({right / max(len(sick), 1):.1%})",
        f"false alarms: {red} of {len(alarms)} verdicts after step {JUDGED_FROM} ({red / max(len(alarms), 1):.2%}); "
        f"not sure {amber} ({amber / max(len(alarms), 1):.2%})",
        f"sick and called healthy later than {MOST_DELAY} steps after the onset: {len(late)}",
    ]
    if delays:
        steps, seconds = (np.array(column) for column in zip(*delays, strict=True))
        lines.append(
            f"delay of the right name: median {np.median(steps):.0f} steps ({np.median(seconds):.0f} s), "
            f"longest {steps.max():.0f} ({seconds.max():.0f} s)"
        )
    return "\n".join(lines)


def level(record: Mapping[str, Any], best: bool = False) -> float:
    """The mean of the probes: at the run's end, or at its best."""
    mean = np.mean(probed(record), 0)
    return float(mean[1:].max() if best else mean[-1])


def cures(
    found: Sequence[Judged], known: Mapping[str, Mapping[str, Any]], cured: Mapping[str, Mapping[str, Any]]
) -> str:
    """How many remedies brought a sick run to 90 % of the healthy probe; noise, which has none, is left out."""
    healthy: dict[tuple[str, str], list[float]] = {}
    for record in known.values():
        case = case_of(record)
        if case.is_reference:
            healthy.setdefault((case.data, case.method), []).append(level(record))
    lines, worked, twins, count = [], 0, 0, 0
    for one in found:
        if one.truth != "sick" or one.case.data == NOISE or not one.case.sickness:
            continue
        count += 1
        record = cured.get(one.case.name)
        if record is None:
            lines.append(f"no remedy: {one.case.name} ({one.last.state})")
            continue
        wanted = float(np.mean(healthy[one.case.data, one.case.method]))
        got = level(record, best=True)
        twins += "twin" in record
        worked += got >= CURED_SHARE * wanted
        if got < CURED_SHARE * wanted:
            lines.append(f"not cured: {one.case.name}: {record['remedy']} gave {got:.3f} of {wanted:.3f}")
    share = worked / max(count, 1)
    head = f"remedies that work: {worked} of {count} ({share:.1%}); {twins} of the cured runs are healthy runs of the exam"
    return "\n".join([head, *lines])


def line_of(one: Judged) -> str:
    """A run in a line: its truth, what was said of it when, and its name."""
    life: list[str] = []
    for step, verdict in one.said:
        if not life or not life[-1].endswith(verdict.state):
            life.append(f"{step}:{verdict.state}")
    mark = "ok " if one.right else "BAD"
    return f"{mark} {one.truth:<8} {one.gained:+.3f} of {one.reference:+.3f}  {one.case.name}\n      {' '.join(life)}"
