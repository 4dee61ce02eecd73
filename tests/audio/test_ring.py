"""Between the sound card's thread and ours nothing is lost unnoticed and nothing changes its place."""

import threading
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ssllab.audio.ring import RingBuffer


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40))
def test_what_is_read_is_what_had_room(moves):
    ring = RingBuffer(10, 1, 2)
    sent, kept, got, lost = 0, [], [], 0
    for writes, reads in moves:
        block = np.arange(sent, sent + writes, dtype=np.float32)
        sent += writes
        dropped = ring.write(np.stack([block, -block], axis=1))
        lost += dropped
        kept += list(block[: writes - dropped])
        out = np.empty((reads, 2), np.float32)
        count = ring.read_into(out)
        np.testing.assert_array_equal(out[:count, 0], -out[:count, 1])
        got += list(out[:count, 0])
        assert ring.waiting == len(kept) - len(got) <= ring.capacity
    got += list(ring.read()[:, 0])
    assert got == kept
    assert ring.dropped == lost == sent - len(kept)


def test_two_threads_and_no_lock():
    ring = RingBuffer(1, 1000, 1)
    total = 100_000

    def write():
        at = 0
        while at < total:
            block = np.arange(at, min(at + 137, total), dtype=np.float32)[:, None]
            while ring.capacity - ring.waiting < len(block):
                time.sleep(0)
            ring.write(block)
            at += len(block)

    writer = threading.Thread(target=write)
    writer.start()
    got = []
    while writer.is_alive() or ring.waiting:
        got.append(ring.read()[:, 0])
        time.sleep(0)
    writer.join()
    np.testing.assert_array_equal(np.concatenate(got), np.arange(total, dtype=np.float32))
    assert ring.dropped == 0


def test_frames_lost_before_the_ring_are_counted_too():
    ring = RingBuffer(1, 10, 1)
    assert ring.write(np.zeros((14, 1), np.float32)) == 4
    ring.lost(6)
    assert ring.dropped == 10
