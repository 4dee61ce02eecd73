"""The column log against a plain list of rows, and against readers on other threads."""

import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssllab.training.metrics import MetricsLog

NAMES = st.sampled_from(["loss", "top1", "rankme", "a long name"])
FLOATS = st.floats(width=32)
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.dictionaries(NAMES, FLOATS, max_size=4)), min_size=0, max_size=40
)


def rows_of(gaps):
    step, rows = 0, []
    for gap, values in gaps:
        step += gap
        rows.append((step, values))
    return rows


def filled(rows):
    log = MetricsLog()
    for step, values in rows:
        log.append(step, values)
    return log


def check_equal(log, rows):
    assert len(log) == len(rows)
    for name in log.names:
        steps, values = log.column(name)
        assert steps.tolist() == [step for step, _ in rows]
        np.testing.assert_array_equal(
            values, np.array([row.get(name, math.nan) for _, row in rows], np.float32)
        )


@given(ROWS)
def test_columns_are_the_rows_that_were_appended(gaps):
    rows = rows_of(gaps)
    log = filled(rows)
    check_equal(log, rows)
    assert set(log.names) == {name for _, row in rows for name in row}
    assert log.last_step == (rows[-1][0] if rows else None)
    for name in (*log.names, "never"):
        measured = [row[name] for _, row in rows if name in row]
        last = log.last(name)
        if not measured:
            assert last is None
        else:
            assert last == measured[-1] or (math.isnan(last) and math.isnan(measured[-1]))


@given(ROWS, st.lists(st.integers(0, 40), max_size=5))
def test_a_cursor_sees_every_row_once_and_in_order(gaps, stops):
    rows = rows_of(gaps)
    log, cursor, seen = MetricsLog(), 0, []
    for i, (step, values) in enumerate(rows):
        log.append(step, values)
        if i in stops:
            cursor, steps, _ = log.since(cursor)
            seen += steps.tolist()
    cursor, steps, columns = log.since(cursor)
    assert seen + steps.tolist() == [step for step, _ in rows]
    assert cursor == len(rows)
    assert all(len(values) == len(steps) for values in columns.values())


@given(ROWS, st.integers(-1, 130), ROWS)
def test_truncate_forgets_later_steps_and_leaves_old_views_alone(gaps, step, more):
    rows = rows_of(gaps)
    log = filled(rows)
    before = {name: (log.column(name)[1], log.column(name)[1].copy()) for name in log.names}
    log.truncate(step)
    kept = [row for row in rows if row[0] <= step]
    check_equal(log, kept)
    start = kept[-1][0] if kept else 0
    new = [(start + at, values) for at, values in rows_of(more)]
    for at, values in new:
        log.append(at, values)
    check_equal(log, kept + new)
    for view, copy in before.values():
        np.testing.assert_array_equal(view, copy)


@given(ROWS, ROWS)
def test_extend_equals_many_appends(first, second):
    log = filled(rows_of(first))
    start = log.last_step or 0
    rows = [(start + step, values) for step, values in rows_of(second)]
    names = {name for _, row in rows for name in row}
    log.extend(
        [step for step, _ in rows],
        {name: [row.get(name, math.nan) for _, row in rows] for name in names},
    )
    check_equal(log, rows_of(first) + rows)


def test_bad_rows_are_refused_and_change_nothing():
    log = filled([(5, {"loss": 1.0})])
    with pytest.raises(ValueError, match="must not fall"):
        log.append(4, {"loss": 1.0})
    with pytest.raises(ValueError, match="must not fall"):
        log.extend([6, 5], {"loss": [1.0, 2.0]})
    with pytest.raises(ValueError, match="shape"):
        log.extend([6, 7], {"loss": [1.0]})
    check_equal(log, [(5, {"loss": 1.0})])


def test_views_cannot_be_written():
    steps, values = filled([(0, {"loss": 1.0})]).column("loss")
    for view in (steps, values):
        with pytest.raises(ValueError, match="read-only"):
            view[0] = 3


def test_readers_see_whole_rows_while_a_writer_appends():
    log, rows, wrong = MetricsLog(), 30_000, []

    def read():
        cursor = seen = 0
        while seen < rows and not wrong:
            cursor, steps, columns = log.since(cursor)
            expected = np.arange(seen, seen + len(steps))
            values = columns.get("double", np.empty(0))
            if not (np.array_equal(steps, expected) and np.array_equal(values, 2.0 * expected)):
                wrong.append((seen, steps, values))
            seen += len(steps)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for step in range(rows):
        log.append(step, {"double": 2 * step, **({f"late{step}": 1.0} if step % 6000 == 5 else {})})
    for reader in readers:
        reader.join(60)
    assert not wrong
