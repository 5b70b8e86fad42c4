"""Parallel tempering against enumeration: what it leaves as it is, and where it comes to."""

import math

import pytest
import torch

from lecturekit import rbm

from .plain import all_states, binary, random_rbm


def at_level(model, beta):
    """The RBM whose distribution over v is that of a level, all of θ times β."""
    level = rbm.RBM(model.n_visible, model.n_hidden, dtype=torch.float64)
    with torch.no_grad():
        for own, whole in zip(level.theta, model.theta, strict=True):
            own.copy_(beta * whole)
    return level


def in_equilibrium(chain, model, generator):
    """Every level on draws from its own distribution."""
    chain.initialise(all_states(model.n_visible), generator=generator)
    states = all_states(model.n_visible)
    for place, beta in enumerate(chain.betas.tolist()):
        Q = rbm.exact_visible_distribution(at_level(model, beta))
        rows = torch.multinomial(Q, chain.n_particles, True, generator=generator)
        chain.ladder[place] = states[rows]


def test_a_step_leaves_the_distribution_of_all_levels_together_as_it_is(generator):
    """Three levels of four states: 64 joint states, chi-square at 5 standard deviations."""
    model, n = random_rbm(2, 2, 1, scale=2.0), 100_000
    chain = rbm.ParallelTempering(n, 3, 0.2)
    in_equilibrium(chain, model, generator)
    unused = model.clamp(
        torch.zeros(1, model.n_visible).to(model.theta.b)
    )  # the chain goes on from its own
    chain.advance(model, unused, generator=generator)
    numbers = torch.stack([rbm.state_index(level) for level in chain.ladder])  # (3, n)
    counts = torch.bincount(numbers[0] + 4 * numbers[1] + 16 * numbers[2], minlength=64)
    cold, warm, hot = (
        rbm.exact_visible_distribution(at_level(model, beta)) for beta in (1.0, 0.6, 0.2)
    )
    expected = n * (hot[:, None, None] * warm[:, None] * cold).flatten()
    chi2 = ((counts - expected) ** 2 / expected).sum().item()
    assert abs(chi2 - 63) <= 5 * math.sqrt(2 * 63)
    assert ((chain.accepted > 0.3) & (chain.accepted < 1)).all()


def test_neighbours_change_places_as_often_as_they_should(generator):
    """Against the mean acceptance over all pairs of states, in equilibrium: 5 standard errors."""
    model, n = random_rbm(3, 2, 1, scale=2.0), 40_000
    chain = rbm.ParallelTempering(n, 2, 0.3)
    in_equilibrium(chain, model, generator)
    unused = model.clamp(
        torch.zeros(1, model.n_visible).to(model.theta.b)
    )  # the chain goes on from its own
    chain.advance(model, unused, generator=generator)
    cold, hot = (rbm.exact_visible_distribution(at_level(model, beta)) for beta in (1.0, 0.3))
    both, turned = cold[:, None] * hot, hot[:, None] * cold  # at (v, v′) and at (v′, v)
    expected = (both * (turned / both).clamp(max=1)).sum().item()
    error = math.sqrt(expected * (1 - expected) / n)
    assert chain.accepted.item() == pytest.approx(expected, abs=5 * error)


def two_wells():
    """All ten units on, or all off, by a single hidden unit: as probable, and far apart."""
    model = rbm.RBM(10, 1, dtype=torch.float64)
    with torch.no_grad():
        model.W.fill_(6.0), model.b.fill_(-3.0), model.c.fill_(-30.0)
    return model


def test_it_visits_both_wells_where_gibbs_sampling_stays_in_one(generator):
    model, start = two_wells(), torch.zeros(1, 10, dtype=torch.float64)
    gibbs, tempered = rbm.PersistentCD(200), rbm.ParallelTempering(200, 10)
    for chain in (gibbs, tempered):
        chain.initialise(start, generator=generator)
        for _ in range(200):
            chain.advance(model, model.clamp(start), generator=generator)
    up = [(chain.particles.mean(1) > 0.5).double().mean().item() for chain in (gibbs, tempered)]
    assert up[0] < 0.02
    assert up[1] == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(200))


def test_particles_come_to_the_model_distribution_with_a_softmax_group_too(generator):
    """From one state, shares of all 12 states of 2 pixels and 3 labels: 5 standard errors."""
    model, n = rbm.ClassRBM(2, 3, 2, weight_scale=1.0, generator=generator), 20_000
    every = model.join(all_states(2).float().repeat_interleave(3, 0), torch.arange(3).repeat(4))
    chain = rbm.ParallelTempering(n, 3).initialise(every[:1], generator=generator)
    for _ in range(40):
        chain.advance(model, model.clamp(every), generator=generator)
    Q = rbm.exact_log_likelihood(model, every).exp().detach()
    shares = torch.stack([(chain.particles == row).all(1).float().mean() for row in every])
    assert ((shares - Q).abs() <= 5 * (Q * (1 - Q) / n).sqrt()).all()


def test_the_negative_particles_are_those_at_the_model_s_own_temperature(generator):
    model, v = random_rbm(5, 3, 0), binary(8, 5, seed=0)
    chain = rbm.ParallelTempering(6, 4).initialise(v, generator=generator)
    x = chain.advance(model, model.clamp(v), generator=generator)
    assert chain.betas.tolist() == pytest.approx([1, 2 / 3, 1 / 3, 0])
    assert torch.equal(x.visible, chain.ladder[0])
    torch.testing.assert_close(x.hidden, model.hidden_probabilities(x.visible).detach())


def test_what_does_not_fit_is_refused(generator):
    model, v = random_rbm(4, 2, 0), binary(8, 4, seed=0)
    with pytest.raises(ValueError, match="n_levels must be a whole number ≥ 2"):
        rbm.ParallelTempering(5, 1)
    chain = rbm.ParallelTempering(5, 3)
    with pytest.raises(ValueError, match="no particles yet"):
        chain.advance(model, model.clamp(v), generator=generator)
    with pytest.raises(ValueError, match=r"data of shape \(n, n_visible\), got \(4,\)"):
        chain.initialise(v[0], generator=generator)
    chain.initialise(v, generator=generator)
    with pytest.raises(ValueError, match=r"expected data of shape \(n, 6\), got \(8, 4\)"):
        chain.prepare(random_rbm(6, 2, 0), v, generator=generator)
