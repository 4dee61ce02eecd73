"""MoCo: the queue's order, equation 2, and that keys get no gradient (He et al. 2020, algorithm 1)."""

import pytest
import torch

from ssllab.methods.moco import MoCo, MoCoConfig


def _moco(**values):
    torch.manual_seed(0)
    settings = {"queue_size": 16, "dimension": 8, "head_width": 16, **values}
    return MoCo(MoCoConfig.make(settings), 16).train()


def _images(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 16, 16), generator=generator, dtype=torch.uint8)


def _step(method, count=6, seed=0):
    return method.step(_images(count, seed), torch.Generator().manual_seed(seed))


def _differ(method):
    """Move the query networks away from the key networks, as an optimizer step would."""
    with torch.no_grad():
        for parameter in (*method.encoder.parameters(), *method.head.parameters()):
            parameter.add_(torch.randn(parameter.shape) * 0.1)


def test_keys_start_as_copies_of_the_query_networks():
    method = _moco()
    for key, query in zip(method.key_encoder.parameters(), method.encoder.parameters(), strict=True):
        assert torch.equal(key, query)
    torch.testing.assert_close(method.queue.norm(dim=1), torch.ones(16))


def test_the_oldest_keys_leave_first_and_the_queue_goes_round():
    method = _moco()
    start = method.queue.clone()
    for number in range(3):  # 3 x 6 keys in 16 places: the last two lie over the first two
        method._enqueue(torch.full((6, 8), float(number)))
        if number == 1:
            assert torch.equal(method.queue[12:], start[12:])
    assert method.queue[:, 0].tolist() == [2.0] * 2 + [0.0] * 4 + [1.0] * 6 + [2.0] * 4
    assert int(method.queue_position) == 2


def test_a_batch_larger_than_the_queue_fills_it_with_the_newest():
    method = _moco()
    method._enqueue(torch.arange(40.0)[:, None].expand(40, 8))
    assert sorted(method.queue[:, 0].tolist()) == list(range(24, 40))


def test_the_key_networks_move_by_equation_2():
    method = _moco(key_momentum=0.75)
    _differ(method)
    query = [p.detach().clone() for p in (*method.encoder.parameters(), *method.head.parameters())]
    old = [p.detach().clone() for p in (*method.key_encoder.parameters(), *method.key_head.parameters())]
    _step(method)
    new = [*method.key_encoder.parameters(), *method.key_head.parameters()]
    for q, before, after in zip(query, old, new, strict=True):
        torch.testing.assert_close(after, 0.75 * before + 0.25 * q)


def test_keys_are_encoded_after_the_momentum_update():
    """With momentum 0 the keys are those of the present query networks (batch norm in training mode)."""
    method = _moco(key_momentum=0.0)
    _differ(method)
    generator = torch.Generator().manual_seed(0)
    _, second = method.views(_images(6), generator)
    with torch.no_grad():
        _, expected = method.embed(second)
    _step(method)
    torch.testing.assert_close(method.queue[:6], torch.nn.functional.normalize(expected.float(), dim=1))


def test_a_batch_is_not_compared_with_its_own_keys_in_the_queue():
    """The official order: loss first, then the keys enter. With them inside, each would be its own negative."""
    method = _moco()
    method.queue.copy_(-torch.ones(16, 8) / 8**0.5)
    result = _step(method)
    assert result.metrics["chance_loss"].item() == pytest.approx(torch.tensor(17.0).log().item())
    assert int(method.queue_position) == 6


def test_keys_and_queue_get_no_gradient():
    method = _moco()
    _differ(method)
    _step(method).loss.backward()
    assert all(p.grad is None for p in (*method.key_encoder.parameters(), *method.key_head.parameters()))
    assert not method.queue.requires_grad
    assert all(p.grad is not None for p in method.encoder.parameters())


def test_key_momentum_is_read_anew_at_each_step():
    method = _moco(key_momentum=1.0)
    _differ(method)
    before = [p.detach().clone() for p in method.key_encoder.parameters()]
    _step(method)
    assert all(map(torch.equal, before, method.key_encoder.parameters()))
    method.config = method.config.changed({"key_momentum": 0.0})
    _step(method)
    assert all(map(torch.equal, method.encoder.parameters(), method.key_encoder.parameters()))


def test_queue_and_position_are_part_of_the_state():
    method = _moco()
    _step(method)
    state = method.state_dict()
    other = _moco()
    other.load_state_dict(state)
    assert torch.equal(other.queue, method.queue)
    assert int(other.queue_position) == 6
