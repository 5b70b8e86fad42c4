"""Section 5's exercises: references against the package, and what students write."""

from __future__ import annotations

import torch

from lecturekit import adversarial, cycle_gan
from lecturekit.cycle_gan import exact
from lecturekit.exercises.cycle_gan import EXERCISES
from lecturekit.exercises.cycle_gan.cycle import Affine
from lecturekit.exercises.tiny import Maker

BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------- what students write when they go wrong


def test_backward_without_detach_is_recognised(judge_here):
    """The misconceptions are written by hand; these are the training loops that lead to them."""

    def careless(A, w, x, y):
        A, w = A.clone().requires_grad_(), w.clone().requires_grad_()
        fake = x @ A
        logsigmoid = torch.nn.functional.logsigmoid
        (-logsigmoid(y @ w).mean() - logsigmoid(-(fake @ w)).mean()).backward(retain_graph=True)
        g_w = w.grad.clone()
        (-logsigmoid(fake @ w).mean()).backward()
        return A.grad, g_w

    assert "detach is missing" in judge_here(EXERCISES[1], careless).message


def test_gradients_left_by_the_generators_pass_are_recognised(judge_here):
    def careless(A, w, x, y):
        A, w = A.clone().requires_grad_(), w.clone().requires_grad_()
        fake = x @ A
        logsigmoid = torch.nn.functional.logsigmoid
        (-logsigmoid(y @ w).mean() - logsigmoid(-(fake.detach() @ w)).mean()).backward()
        (-logsigmoid(fake @ w).mean()).backward()
        return A.grad, w.grad

    assert "w.grad" in judge_here(EXERCISES[1], careless).message


# ------------------------------------------------------------------------ against the package


def test_the_optimal_discriminator_is_the_package_s():
    p, q = (Maker(seeded(seed)).distribution(6) for seed in (1, 2))
    D, value = BY_NAME["optimal_discriminator"](p, q)
    assert torch.allclose(D, exact.optimal_discriminator(p, q))
    assert torch.allclose(value, -exact.discriminator_value(p, q, D, "saturating"))


def test_cycle_loss_and_exchange_are_the_package_s():
    make = Maker(seeded(1))
    G = Affine(make.normal(2, 3), make.normal(3))
    F = Affine(make.normal(3, 2), make.normal(2))
    x, y = Maker(seeded(3)).normal(4, 2), Maker(seeded(4)).normal(5, 3)
    assert torch.equal(BY_NAME["cycle_loss"](G, F, x, y), cycle_gan.cycle_loss(G, F, x, y))
    kept, fresh = Maker(seeded(5)).normal(2, 5, 3)
    swap = torch.tensor([True, False, False, True, True])
    theirs = BY_NAME["exchange"](kept, fresh, swap)
    assert all(map(torch.equal, theirs, adversarial.exchange(kept, fresh, swap)))


def test_the_full_update_is_the_package_s():
    class Linear(torch.nn.Module):
        def __init__(self, weight):
            super().__init__()
            self.weight = torch.nn.Parameter(weight.clone())

        def forward(self, x):
            return x @ self.weight

    arguments = EXERCISES[-1].cases(6)[0]
    *parameters, x, y, weight = arguments
    model = cycle_gan.CycleGAN(*map(Linear, parameters))
    terms, fake_y, fake_x = cycle_gan.generator_terms(model, x, y, "least squares")
    (terms.adversarial + weight * terms.cycle).backward()
    cycle_gan.discriminator_terms(model, x, y, fake_x, fake_y, "least squares").backward()
    package = [net.weight.grad for net in (model.G, model.F, model.D_X, model.D_Y)]
    assert all(map(torch.allclose, BY_NAME["cycle_gan_gradients"](*arguments), package))
