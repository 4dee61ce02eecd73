"""Every lesson at the full size of the defaults: prints the numbers that its text speaks of.

``python -m tests.benchmarks.lessons_in_full LAB [LESSON ...]``; minutes a lesson. The tests run the same lessons small.
"""

from __future__ import annotations

import sys

from ssllab.data.catalogue import load
from ssllab.labs import labs
from ssllab.lessons import lessons
from tests.lesson_runs import run

STEPS = 300  # after the change


def main(lab: str, *names: str) -> None:
    """Run the lessons of a lab, or those that are named."""
    for lesson in lessons(lab):
        if names and lesson.name not in names:
            continue
        data = load(lesson.data or labs()[lab].data, kinds=(labs()[lab].kind,))
        seen = run(lab, lesson, data, STEPS, probed=True)
        print(f"{lesson.name}: {lesson.first} steps, then {STEPS}. The doctor: {seen.verdict}")
        for name in sorted(seen.after.keys() | seen.probes_after.keys()):
            found = (seen.before, seen.soon, seen.after, seen.probes_before, seen.probes_after)
            print(f"  {name:24}", *(f"{part[name]:10.4g}" if name in part else " " * 10 for part in found))


if __name__ == "__main__":
    main(*sys.argv[1:])
