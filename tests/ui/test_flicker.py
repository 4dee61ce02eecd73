"""Video previews change at most three times a second, however often they are asked to be drawn."""

import numpy as np

from ssllab.ui.flicker import PER_SECOND, AtMostASecond


def test_what_is_drawn_at_any_rate_changes_at_most_three_times_in_any_second() -> None:
    for rate in (2, 3, 12, 30, 61):
        now = [0.0]
        calm = AtMostASecond(clock=lambda now=now: now[0])
        changes = []
        for tick in range(10 * rate):
            now[0] = tick / rate
            if calm.due():
                changes.append(now[0])
        for start in changes:
            assert sum(start <= change < start + 1.0 - 1e-9 for change in changes) <= PER_SECOND
        assert len(changes) >= 10 * min(rate, 3) * 0.8  # and not much less often
    assert changes[0] == 0.0  # the first at once


def test_a_long_rest_is_not_made_up_for() -> None:
    now = [0.0]
    calm = AtMostASecond(clock=lambda: now[0])
    assert calm.due()
    now[0] = 100.0
    due = []
    for moment in np.linspace(100.0, 100.9, 20):
        now[0] = moment
        due.append(calm.due())
    assert sum(due) <= 3
