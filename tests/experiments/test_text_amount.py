"""How much text: a ladder of shares, two methods on each, the same held-out text for all."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from ssllab.data.catalogue import load
from ssllab.data.text.types import TextData, beginning, split_of
from ssllab.experiments.text_amount import Cell, TextAmount, curve, from_plain, ladder, to_plain
from ssllab.training.run_record import RunSettings

SHAKESPEARE = Path(__file__).parents[3] / "shared" / "data" / "text_tinyshakespeare"
SMALL = {
    "unit": "char",
    "width": 32,
    "layers": 1,
    "heads": 2,
    "context": 32,
    "warmup_steps": 5,
    "learning_rate": 0.01,
}


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def prose() -> TextData:
    words = [
        f"The {colour} cat sat on mat {n % 7}. " for n in range(40) for colour in ("grey", "red", "calico")
    ]
    return TextData(
        "mine", "Mine", split_of(["".join(words), "".join(words[:9])]), split_of(["".join(words[5:25])])
    )


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.93, 1.0])
def test_a_share_is_the_beginning_of_the_text_to_the_byte(share: float) -> None:
    split = split_of(["ab" * 50, "", "c" * 300])
    part = beginning(split, share)
    assert part.size == max(1, round(share * split.size))
    assert "".join(split.documents()).startswith("".join(part.documents()))


def test_all_of_it_is_the_text_itself_and_no_character_is_cut() -> None:
    split = split_of(["日本語のテキスト"])
    assert beginning(split, 1.0) is split
    assert [beginning(split, share).document(0) for share in (0.01, 0.2, 0.5)] == ["日", "日本", "日本語の"]


def test_the_ladder_is_even_in_the_logarithm_and_ends_with_all() -> None:
    shares = ladder(1_000_000)
    assert shares[0] == pytest.approx(0.003)
    assert shares[-1] == 1
    assert len({round(math.log10(b / a), 6) for a, b in pairwise(shares[:-1])}) == 1
    assert ladder(1000) == [1.0]


def test_every_amount_is_learned_from_twice_and_read_on_the_same_text(prose) -> None:
    settings = RunSettings(method="causal_lm", config=SMALL, data="mine")
    runs = TextAmount(settings, prose, 3, [0.1, 1.0])
    assert runs.wait(120)
    assert runs.failure is None, runs.failure
    assert runs.progress == 1
    for method in ("ngram", "causal_lm"):
        few, everything = curve(runs.results, method)
        assert few.bytes == round(0.1 * prose.train.size)
        assert everything.bytes == prose.train.size
        assert all(math.isfinite(one.held_out_loss) and one.bits_per_byte > 0 for one in (few, everything))
    assert from_plain(to_plain(runs.results)) == runs.results


def test_the_units_are_those_of_the_whole_text_whatever_the_share(prose) -> None:
    from ssllab.training.trainer import Trainer

    made = [
        Trainer(RunSettings(method="ngram", config={"unit": "char", "text_share": share}, data="mine"), prose)
        for share in (0.01, 1.0)
    ]
    assert made[0].method.units.symbols == made[1].method.units.symbols
    assert len(made[0].batches.ids) < 0.02 * len(made[1].batches.ids) + 10


def test_counting_reads_all_of_its_share_within_the_steps(prose) -> None:
    runs = TextAmount(RunSettings(method="ngram", config={"unit": "char"}, data="mine"), prose, 2, [1.0])
    runs.wait(120)
    assert runs.settings_of(Cell(1.0, "ngram")).config["chunk"] * 1024 * 2 >= prose.train.size
    assert runs.settings_of(Cell(1.0, "causal_lm")).config["schedule_steps"] == 2


def test_on_little_shakespeare_counting_is_ahead_of_a_small_transformer() -> None:
    if not SHAKESPEARE.exists():
        pytest.skip("the texts of ../shared/data are not here")
    data = load(str(SHAKESPEARE), kinds=("text",))
    settings = RunSettings(method="causal_lm", config=SMALL, data=data.name)
    runs = TextAmount(settings, data, 60, [0.01, 0.1])
    assert runs.wait(240)
    for counted, trained in zip(curve(runs.results, "ngram"), curve(runs.results, "causal_lm"), strict=True):
        assert counted.held_out_loss < trained.held_out_loss - 0.2
    few, more = curve(runs.results, "ngram")
    assert more.held_out_loss < few.held_out_loss - 0.2
