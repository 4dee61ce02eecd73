"""What goes into a checkpoint comes out of it, and a damaged one says so in one line."""

import collections
import json

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from ssllab.training import checkpoint
from ssllab.training.checkpoint import CheckpointError, json_path, load, read_meta, save, tensors_path

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def same(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, dict):
        keys = [(type(k), k) for k in a] == [(type(k), k) for k in b]
        return keys and all(same(v, b[k]) for k, v in a.items())
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(TREES)
def test_every_tree_comes_back_with_its_types(tmp_path, tree):
    save(tmp_path / "c", tree, {"reason": "manual"})
    back, meta = load(tmp_path / "c")
    assert same(tree, back)
    assert meta == {"reason": "manual"}


@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.uint8, torch.bool],
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_tensors_of_every_type_and_shape(tmp_path, dtype, shape):
    tensor = (torch.rand(shape) * 5).to(dtype)
    save(tmp_path / "c", {"t": tensor}, {})
    assert same(load(tmp_path / "c")[0], {"t": tensor})


def test_shared_and_strided_memory(tmp_path):
    whole = torch.arange(24.0).reshape(1, 2, 3, 4)
    tree = {"a": whole, "b": whole, "c": whole[0, 1], "d": whole.to(memory_format=torch.channels_last)}
    save(tmp_path / "c", tree, {})
    back = load(tmp_path / "c")[0]
    assert all(torch.equal(back[key], tree[key]) for key in tree)
    assert back["d"].is_contiguous(memory_format=torch.channels_last)


def test_names_that_would_collide_in_the_file(tmp_path):
    tree = {
        "a": {"b": torch.zeros(1), 1: torch.ones(1), "1": torch.full((1,), 2.0)},
        "a/b": torch.full((1,), 3.0),
    }
    save(tmp_path / "c", tree, {})
    assert same(load(tmp_path / "c")[0], tree)


@pytest.mark.parametrize("optimizer", [torch.optim.AdamW, lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)])
def test_training_goes_on_bit_for_bit(tmp_path, optimizer):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    steps = optimizer(model.parameters())

    def train(model, steps):
        for _ in range(3):
            steps.zero_grad()
            model(torch.randn(4, 3, 8, 8)).square().mean().backward()
            steps.step()

    train(model, steps)
    tree = {"model": model.state_dict(), "optimizer": steps.state_dict(), "rng": torch.get_rng_state()}
    assert isinstance(tree["model"], collections.OrderedDict)
    save(tmp_path / "c", checkpoint.snapshot(tree), {})
    train(model, steps)

    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 2))
    other_steps = optimizer(other.parameters())
    back, _ = load(tmp_path / "c")
    assert list(back["optimizer"]["state"]) == [0, 1, 2, 3, 4, 5]
    other.load_state_dict(back["model"])
    other_steps.load_state_dict(back["optimizer"])
    torch.set_rng_state(back["rng"])
    train(other, other_steps)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_a_snapshot_does_not_follow_the_model():
    weight = torch.zeros(2)
    kept = checkpoint.snapshot({"w": [weight, (weight,)]})
    weight += 1
    assert kept["w"][0].tolist() == kept["w"][1][0].tolist() == [0, 0]


@pytest.mark.parametrize(
    "bad", [{1.5: 1}, {"x": object()}, {"x": {1, 2}}, [b"bytes"], torch.eye(2).to_sparse()]
)
def test_what_cannot_be_stored_is_refused_and_nothing_written(tmp_path, bad):
    with pytest.raises(CheckpointError):
        save(tmp_path / "c", bad, {})
    with pytest.raises(CheckpointError):
        save(tmp_path / "c", {}, {"meta": object()})
    assert list(tmp_path.iterdir()) == []


def one_line(error):
    assert "\n" not in str(error.value)


@pytest.fixture
def stem(tmp_path):
    save(tmp_path / "step-1", {"w": torch.arange(1000.0), "n": {3: 4}}, {"step": 1})
    return tmp_path / "step-1"


@pytest.mark.parametrize("part", [json_path, tensors_path])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "foreign", "directory"])
def test_damaged_files(stem, part, damage):
    path = part(stem)
    content = path.read_bytes()
    path.unlink()
    if damage == "directory":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut": content[:-20], "foreign": b"\x80\x04hello" * 99}[damage])
    with pytest.raises(CheckpointError) as error:
        load(stem)
    one_line(error)


def test_one_flipped_bit_in_a_weight_is_noticed(stem):
    content = bytearray(tensors_path(stem).read_bytes())
    content[-5] ^= 1
    tensors_path(stem).write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        load(stem)


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 99},
        {"meta": 3},
        {"tensors": {}},
        {"tree": {"tensor": "no such"}},
        {"tree": {"tensor": 7}},
        {"tree": {"list": 3}},
        {"tree": {"dict": [[1.5, 2]]}},
        {"tree": {"dict": [["a"]]}},
        {"tree": {"reduce": "os.system"}},
        {"tree": [1, 2]},
        {"tree": {"float": "1e3000 "}},
        {"tree": {}},
    ],
)
def test_json_of_a_wrong_shape(stem, changes):
    document = json.loads(json_path(stem).read_text())
    json_path(stem).write_text(json.dumps({**document, **changes}))
    with pytest.raises(CheckpointError) as error:
        load(stem)
    one_line(error)


def test_deeply_nested_json_is_an_error_not_a_crash(stem):
    json_path(stem).write_text('{"format": 1, "tree": ' + "[" * 100_000 + "]" * 100_000 + "}")
    with pytest.raises(CheckpointError):
        load(stem)


def test_a_checkpoint_counts_only_when_its_json_is_there(tmp_path, monkeypatch):
    def stop(path, content):
        if path.suffix == ".json":
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    save(tmp_path / "c", {"w": torch.zeros(2)}, {"step": 1})
    monkeypatch.setattr(checkpoint, "write_whole", stop)
    with pytest.raises(OSError, match="space"):
        save(tmp_path / "c", {"w": torch.ones(2)}, {"step": 2})
    with pytest.raises(CheckpointError):  # not the old JSON with the new weights
        read_meta(tmp_path / "c")
