"""A run goes on with the symbols that its weights know, whatever its text has become."""

from __future__ import annotations

import copy

import pytest

from ssllab.controls import ControlError
from ssllab.data.text.types import TextData, split_of
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

OLD = ["The Rabbit said that it was late. ", "said the Rabbit again and again. "] * 40
NEW = ["My lord the king hath spoken to thee. ", "thou art a king, my lord, he spoke. "] * 60
SMALL = {"layers": 1, "heads": 2, "width": 16, "context": 16, "batch_size": 4}


def text(documents: list[str]) -> TextData:
    return TextData("a", "A text", split_of(documents), split_of(documents[:4]))


def settings(unit: str, method: str) -> RunSettings:
    usual = SMALL if method == "causal_lm" else {}
    config = method_class(method).Config.make(
        usual | {"unit": unit, "vocabulary": 280 if unit == "bpe" else 40}
    )
    return RunSettings(method=method, config=config.model_dump(), data="a", seed=0, device="cpu", steps=3)


@pytest.mark.parametrize("method", ["causal_lm", "ngram"])
@pytest.mark.parametrize("unit", ["word", "char", "bpe"])
def test_another_text_is_cut_as_the_one_before(method: str, unit: str) -> None:
    first = Trainer(settings(unit, method), text(OLD))
    first.train_step()
    tree = first.state()
    again = Trainer(settings(unit, method), text(OLD + NEW), tree)
    assert again.method.units == first.method.units  # type: ignore[attr-defined]
    fresh = Trainer(settings(unit, method), text(OLD + NEW))
    assert fresh.method.units != first.method.units  # type: ignore[attr-defined]
    assert again.train_step()["loss"] > 0


def test_on_the_same_text_it_is_the_run_itself_bit_for_bit() -> None:
    whole = Trainer(settings("bpe", "causal_lm"), text(OLD))
    whole.train_step()
    tree = copy.deepcopy(whole.state())
    expected = whole.train_step()
    again = Trainer(settings("bpe", "causal_lm"), text(OLD), tree)
    assert again.train_step() == expected


def test_weights_of_other_sizes_are_named_in_the_error() -> None:
    first = Trainer(settings("char", "causal_lm"), text(OLD))
    other = settings("char", "causal_lm")
    other = other.model_copy(update={"config": other.config | {"width": 32}})
    with pytest.raises(ControlError, match="size mismatch"):
        Trainer(other, text(OLD), {**first.state(), "config": other.config})
