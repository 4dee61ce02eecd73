"""Lessons at the full size of the defaults: prints the numbers that their texts speak of.

``python -m tests.benchmarks.lessons_in_full LAB [LESSON ...] [--steps N] [--seed S] [--precision P]``; minutes a lesson. The
tests run the same lessons small.
"""

from __future__ import annotations

import argparse

from ssllab.data.catalogue import load
from ssllab.labs import labs
from ssllab.lessons import lessons
from ssllab.training.device import PRECISIONS
from tests.lesson_runs import run


def main() -> None:
    """Run the lessons of a lab, or those that are named, and print each as soon as it is done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("lab", choices=labs())
    parser.add_argument(
        "lessons", nargs="*", help="names as 06-batch-of-8, or their numbers; without one, all"
    )
    parser.add_argument("--steps", type=int, default=300, help="after the change")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    asked = parser.parse_args()
    lab, begun = labs()[asked.lab], {}
    for lesson in lessons(lab.name):
        if asked.lessons and not lesson.name.startswith(tuple(asked.lessons)):
            continue
        data = load(lesson.data or lab.data, kinds=(lab.kind,))
        more = {"seed": asked.seed, "precision": asked.precision, "probed": True, "begun": begun}
        seen = run(lab.name, lesson, data, asked.steps, **more)
        print(f"{lesson.name}: {lesson.first} steps, then {asked.steps}. The doctor: {seen.verdict}")
        print(f"  {'':24}{'before':>10} {'soon':>10} {'after':>10} {'probes':>10} {'after':>10}")
        for name in sorted(seen.after.keys() | seen.probes_after.keys()):
            found = (seen.before, seen.soon, seen.after, seen.probes_before, seen.probes_after)
            print(f"  {name:24}", *(f"{part[name]:10.4g}" if name in part else " " * 10 for part in found))


if __name__ == "__main__":
    main()
