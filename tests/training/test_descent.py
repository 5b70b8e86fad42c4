"""One step of learning, and the rates that fall."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lecturekit.training import AGAINST_AN_OPPONENT, Descent, Schedule, linear_decay


def line() -> nn.Linear:
    net = nn.Linear(2, 1, bias=False)
    nn.init.constant_(net.weight, 0.5)
    return net


@pytest.mark.parametrize("ascent", [False, True])
def test_each_update_has_the_rate_of_that_update(ascent):
    net = line()
    descent = Descent(net, ascent=ascent)
    for rate in (0.1, 0.0):
        descent.step((net.weight * torch.tensor([3.0, -0.5])).sum(), rate)
    # Adam's first step goes by the sign of the slope, the second went nowhere
    moved = torch.tensor([[0.1, -0.1]]) * (1 if ascent else -1)
    torch.testing.assert_close(net.weight.detach(), 0.5 + moved)


@pytest.mark.parametrize("betas", [(0.9, 0.999), AGAINST_AN_OPPONENT])
def test_many_updates_are_those_of_adam(betas):
    """As Kingma & Ba 2015 write them, algorithm 1."""
    net = line()
    descent = Descent(net, betas=betas)
    w, m, v = torch.full((1, 2), 0.5), torch.zeros(1, 2), torch.zeros(1, 2)
    for t in range(1, 30):
        rate = 0.1 / t
        descent.step((net.weight - torch.tensor([2.0, -1.0])).square().sum(), rate)
        slope = 2 * (w - torch.tensor([2.0, -1.0]))
        m = betas[0] * m + (1 - betas[0]) * slope
        v = betas[1] * v + (1 - betas[1]) * slope**2
        w = w - rate * (m / (1 - betas[0] ** t)) / ((v / (1 - betas[1] ** t)).sqrt() + 1e-8)
    torch.testing.assert_close(net.weight.detach(), w)


def test_what_belongs_to_others_is_frozen():
    net, opponent = line(), line()
    descent = Descent(net)
    before = opponent.weight.detach().clone()
    descent.step((net.weight * opponent.weight).sum(), 0.1)
    assert torch.equal(opponent.weight, before)
    assert opponent.weight.grad is None
    assert (net.weight < 0.45).all()


def test_players_may_look_before_any_of_them_moves():
    """Both gradients are taken where both still stand: to move one first would change the other."""
    a, b = line(), line()
    players = [Descent(a), Descent(b)]
    loss = (a.weight * b.weight.square()).sum()
    gradients = [player.gradient(loss) for player in players]
    for player, gradient in zip(players, gradients, strict=True):
        player.follow(gradient, 0.1)
    assert torch.equal(gradients[0][0], torch.full((1, 2), 0.25))
    assert torch.equal(gradients[1][0], torch.full((1, 2), 0.5))


def test_a_loss_that_does_not_depend_on_what_is_trained_is_refused():
    net, other = line(), line()
    with pytest.raises(ValueError, match="expected loss to be computed from"):
        Descent(net).step(other.weight.sum(), 0.1)


class TestDecay:
    def test_from_one_to_nearly_zero(self):
        assert [linear_decay(index, 4) for index in range(1, 5)] == [1.0, 0.75, 0.5, 0.25]

    def test_rates_are_constant_for_their_share_and_then_fall(self):
        rates = [linear_decay(index, 8, 0.5) for index in range(1, 9)]
        assert rates == pytest.approx([1, 1, 1, 1, 1, 0.75, 0.5, 0.25])
        assert linear_decay(8, 8, 1.0) == 1

    def test_a_schedule_reads_its_fields_anew(self):
        schedule = Schedule(updates=4)
        assert schedule.decay(3) == 0.5
        schedule.constant_share = 1.0
        assert schedule.decay(3) == 1.0
