"""Section 2's exercises: references against the package, and what students write."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lecturekit import deep_energy as de
from lecturekit import exercises

EXERCISES = exercises.catalogue("deep_energy")
BY_NAME = {exercise.stub_name: exercise.reference for exercise in EXERCISES}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


# ---------------------------------------------------------------------------- the wrong answers


def test_a_student_who_adds_both_losses_is_told_why(judge_here):
    """The mistake as one makes it in code, not as the formula that recognises it."""

    def one_backward(W, A, x, z):
        W, A = W.clone().requires_grad_(), A.clone().requires_grad_()
        energy = lambda x: (x * x).sum(1) - nn.functional.softplus(x @ W.T).sum(1)  # noqa: E731
        chi = z @ A.T
        (energy(x).mean() - energy(chi.detach()).mean() + energy(chi).mean()).backward()
        return W.grad, A.grad

    result = judge_here(EXERCISES[3], one_backward)
    assert result.outcome == "not yet"
    assert "Adding the two losses" in result.message


def test_a_student_who_detaches_in_the_wrong_place_is_told_where(judge_here):
    def detached(W, A, x, z):
        W, A = W.clone().requires_grad_(), A.clone().requires_grad_()
        energy = lambda x: (x * x).sum(1) - nn.functional.softplus(x @ W.T).sum(1)  # noqa: E731
        chi = (z @ A.T).detach()
        (g_W,) = torch.autograd.grad(energy(x).mean() - energy(chi).mean(), W)
        (g_A,) = torch.autograd.grad(
            energy(chi).mean(), A, allow_unused=True, materialize_grads=True
        )
        return g_W, g_A

    result = judge_here(EXERCISES[3], detached)
    assert "The generator gets no gradient" in result.message


def test_a_student_who_forgets_the_diagonal_is_told_about_it(judge_here):
    def with_itself(x):
        nearest = torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist").min(1).values
        return 1.0 + x.shape[1] * nearest.log().mean()

    result = judge_here(EXERCISES[6], with_itself)
    assert "its own nearest neighbour" in result.message


# ------------------------------------------------------------------------- against the package


def test_the_energy_is_that_of_the_package():
    energy = de.DeepEnergy(nn.Linear(3, 4), 3, 4, 5, sigma=0.8, generator=seeded(0)).double()
    nn.init.normal_(energy.b, generator=seeded(1))
    x = normal(6, 3)
    layer = energy.experts
    answer = BY_NAME["expert_energy"](
        x, energy.features(x), layer.weight, layer.bias, energy.b, energy.sigma
    )
    torch.testing.assert_close(answer, energy(x))


def test_entropies_are_those_of_the_package():
    x = normal(40, 3)
    torch.testing.assert_close(
        BY_NAME["neighbour_entropy"](x), de.nearest_neighbour_entropy(x, k=1)
    )
    wanted = de.gaussian_entropies(x.std(dim=0, unbiased=False)).sum()
    torch.testing.assert_close(BY_NAME["activation_entropy"](x), wanted)


def test_a_students_entropy_can_drive_a_generator():
    x = normal(30, 2).requires_grad_()
    (push,) = torch.autograd.grad(BY_NAME["neighbour_entropy"](x), x)
    (wanted,) = torch.autograd.grad(de.nearest_neighbour_entropy(x, k=1), x)
    torch.testing.assert_close(push, wanted)


def test_a_langevin_step_is_that_of_the_package():
    class Quadratic(nn.Module):
        def forward(self, x):
            return 0.5 * ((x @ precision) * x).sum(1)

    x, precision = normal(6, 2), torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    noise = torch.empty_like(x).normal_(generator=seeded(5))
    answer = BY_NAME["langevin"](x, precision, 0.05, noise[None])
    moved = de.langevin_step(Quadratic(), x, 0.05, generator=seeded(5))
    torch.testing.assert_close(answer, moved)


def test_the_generators_gradient_vanishes_at_the_gaussian_that_the_energy_asks_for():
    """E(x) = ½ xᵀΛx asks for N(0, Λ⁻¹); with latent points of mean 0 and covariance I exactly."""
    z = normal(50, 2)
    z = z - z.mean(0)
    z = z @ torch.linalg.inv(torch.linalg.cholesky(z.T @ z / 50)).T
    precision = torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.float64)
    A, m = torch.linalg.cholesky(torch.linalg.inv(precision)), torch.zeros(2).double()
    g_A, g_m = BY_NAME["generator_gradient"](A, m, z, (z @ A.T) @ precision)
    torch.testing.assert_close(g_A, torch.zeros(2, 2).double())
    torch.testing.assert_close(g_m, m)
