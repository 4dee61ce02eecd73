"""Units and n-grams of Tiny Shakespeare: how long they take, and how many nats a symbol Kneser-Ney needs.

    python tests/benchmarks/bench_units.py

Claimed: 1 MB of characters is counted up to order 6 in under 5 s on a quiet core. Expected of orders 3 to 6 (measured
beforehand): 2.058, 1.716, 1.585, 1.555 nats. Both the wall's and the processor's time are printed: on a machine that others
use the first says little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from ssllab.text.kneser_ney import KneserNey
from ssllab.text.units import learn

TEXT = (
    Path(__file__).parents[2] / "../shared/data/text_tinyshakespeare/tinyshakespeare_first80.txt"
).resolve()
TRAINING, CHUNK = 802_906, 1 << 16
T = TypeVar("T")


def timed(what: str, work: Callable[[], T]) -> T:
    """What ``work`` gives; prints how long it took."""
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    print(
        f"{what:<44} {time.perf_counter() - wall:6.2f} s, processor {time.process_time() - processor:5.2f} s"
    )
    return found


def counted(ids: np.ndarray, order: int) -> KneserNey:
    """A model of ``ids``, counted in chunks of 64 kB as training does."""
    model = KneserNey(int(ids.max()) + 1, order)
    for start in range(0, len(ids), CHUNK):
        model.count(ids[start : start + CHUNK])
        _ = model.n_grams
    return model


def main() -> None:
    """Print the times and the nats."""
    text = TEXT.read_text()
    training = text[:TRAINING]
    for name, size in (("char", 0), ("word", 8000), ("bpe", 512), ("bpe", 2000)):
        units = timed(
            f"learn {name} {size or ''}", lambda name=name, size=size: learn(name, [training], size)
        )
        ids = timed("  encode", lambda units=units: units.encode(text))
        print(f"  {len(units)} symbols, {len(text) / len(ids):.2f} bytes a symbol")
    ids = np.unique(np.frombuffer(text.encode(), np.uint8), return_inverse=True)[1]
    timed("count 1 MB of characters up to order 6", lambda: counted(np.resize(ids, 1_000_000), 6))
    model = counted(ids[:TRAINING], 6)
    for order in range(1, 7):
        nats = timed(
            f"score {len(ids) - TRAINING:,} characters, order {order}",
            lambda order=order: -model.log_probabilities(ids[TRAINING:], order).mean(),
        )
        estimated = [found.estimated for found in model.discounts(order)]
        print(f"  {nats:.3f} nats; discounts estimated for {sum(estimated)} of {order} orders")


if __name__ == "__main__":
    main()
