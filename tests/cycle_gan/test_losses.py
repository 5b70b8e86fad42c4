"""The terms of the full loss: values, and which nets their gradients reach."""

from __future__ import annotations

import pytest
import torch

from lecturekit import cycle_gan


@pytest.fixture
def model(generator):
    return cycle_gan.for_points(2, n_hidden=8, generator=generator)


def reached(loss: torch.Tensor, model: cycle_gan.CycleGAN) -> set[str]:
    """The nets that a loss sends a gradient to."""
    model.zero_grad(set_to_none=True)
    loss.backward()
    nets = {"G": model.G, "F": model.F, "D_X": model.D_X, "D_Y": model.D_Y}
    return {name for name, net in nets.items() if any(p.grad is not None for p in net.parameters())}


def test_cycle_loss_is_0_for_inverses_and_goes_the_right_way_round():
    x, y = torch.randn(5, 2), torch.randn(7, 2)
    assert cycle_gan.cycle_loss(lambda x: x + 1, lambda y: y - 1, x, y) < 1e-6
    loss = cycle_gan.cycle_loss(lambda x: 2 * x, lambda y: y + 1, x, y)
    assert torch.isclose(loss, (x + 1).abs().mean() + (y + 2).abs().mean())


def test_identity_loss_gives_each_generator_its_own_range():
    x, y = torch.randn(5, 2), torch.randn(7, 2)
    loss = cycle_gan.identity_loss(lambda y: y + 3, lambda x: x - 2, x, y)
    assert loss.item() == pytest.approx(5)


def test_generator_terms_are_the_formulas(model):
    x, y = torch.randn(5, 2), torch.randn(5, 2)
    terms, fake_y, fake_x = cycle_gan.generator_terms(
        model, x, y, "least squares", with_identity=True
    )
    assert torch.equal(fake_y, model.G(x))
    assert torch.equal(fake_x, model.F(y))
    expected = (model.D_Y(fake_y) - 1).square().mean() + (model.D_X(fake_x) - 1).square().mean()
    assert torch.isclose(terms.adversarial, expected)
    assert torch.isclose(terms.cycle, cycle_gan.cycle_loss(model.G, model.F, x, y))
    assert torch.isclose(terms.identity, cycle_gan.identity_loss(model.G, model.F, x, y))


def test_the_generators_loss_leaves_the_discriminators_alone_and_the_other_way_round(model):
    x, y = torch.randn(5, 2), torch.randn(5, 2)
    terms, fake_y, fake_x = cycle_gan.generator_terms(model, x, y, "least squares")
    assert reached(sum(terms), model) == {"G", "F"}
    theirs = cycle_gan.discriminator_terms(model, x, y, fake_x, fake_y, "least squares")
    assert reached(theirs, model) == {"D_X", "D_Y"}


def test_terms_that_are_not_asked_for_cost_no_pass(model):
    passes = []
    for net in (model.G, model.F):
        net.register_forward_hook(lambda *_: passes.append(1))
    x, y = torch.randn(5, 2), torch.randn(5, 2)
    costs = {}
    for asked in ({"with_cycle": False}, {}, {"with_identity": True}):
        passes.clear()
        terms = cycle_gan.generator_terms(model, x, y, "least squares", **asked)[0]
        costs[str(asked)] = len(passes)
        assert (terms.cycle > 0) == asked.get("with_cycle", True)
        assert (terms.identity > 0) == asked.get("with_identity", False)
    assert list(costs.values()) == [2, 4, 6]


def test_cut_in_the_middle_the_cycle_teaches_only_the_way_back(model):
    x, y = torch.randn(5, 2), torch.randn(5, 2)
    cut = cycle_gan.generator_terms(model, x, y, "least squares", through_both=False)[0]
    whole = cycle_gan.generator_terms(model, x, y, "least squares")[0]
    assert torch.equal(cut.cycle, whole.cycle)
    (slope,) = torch.autograd.grad(cut.cycle, model.F[0].weight, retain_graph=True)
    back = (model.F(model.G(x).detach()) - x).abs().mean()
    (expected,) = torch.autograd.grad(back, model.F[0].weight)
    assert torch.allclose(slope, expected)
    assert reached(cut.adversarial, model) == {"G", "F"}


def test_each_map_is_computed_once_for_each_batch():
    calls = []

    def G(x):
        calls.append(x)
        return 2 * x

    remembering = cycle_gan.once(G)
    x = torch.ones(1)
    assert remembering(x) is remembering(x)
    remembering(torch.ones(1))
    assert len(calls) == 2
