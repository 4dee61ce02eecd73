"""The memory of a step, estimated from small ones, against what autograd really keeps."""

import numpy as np
import pytest
import torch

from ssllab.controls import ControlError
from ssllab.data.catalogue import load
from ssllab.training.memory import COPIES, COPIES_OF_VIEWS, OVERHEAD, check_fits, release, step_bytes
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer


@pytest.fixture(scope="module")
def data():
    return load("shapes", options={"image_size": 16})


def trainer(data, method="simclr", **config):
    return Trainer(RunSettings(method=method, data="shapes", options={"image_size": 16}, config=config), data)


@pytest.mark.parametrize("method", ["simclr", "moco"])
def test_the_estimate_from_small_steps_is_what_a_large_step_keeps(data, method):
    made = trainer(data, method, batch_size=512)
    estimate = step_bytes(made.method, made.data, np.array([512]))[0]
    kept = {}

    def pack(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    batch = made.batches.next(made.config)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = made.method.step(batch, made.generator)
    views = COPIES_OF_VIEWS * 8 * batch.nbytes
    weights = sum(weight.nbytes for weight in made.method.parameters())
    assert estimate == pytest.approx(OVERHEAD * (sum(kept.values()) + views) + COPIES * weights, rel=0.02)
    assert result.loss.isfinite()


def test_a_batch_that_does_not_fit_is_refused_with_the_largest_that_does(data):
    method = trainer(data, batch_size=512).method
    free = step_bytes(method, data, np.array([300]))[0] / 0.9
    with pytest.raises(ControlError, match=r"batch_size 512 needs about .* expected (299|300|301) or less"):
        check_fits(method, data, available=int(free))
    check_fits(method, data, available=int(2 * free))


def test_asking_what_a_step_needs_changes_no_curve(data):
    asked, free = trainer(data, batch_size=128), trainer(data, batch_size=128)
    check_fits(asked.method, asked.data)
    assert asked.train_step() == free.train_step()


def test_giving_memory_back_is_safe_anywhere():
    release()
