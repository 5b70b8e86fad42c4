"""Every exact tool against the table of all states, or against autograd."""

import math

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from lecturekit import rbm
from lecturekit.rbm import partition

from .plain import all_states, binary, flat, joint, random_rbm

units, seeds = st.integers(1, 5), st.integers(0, 2**32)


def test_states_are_numbered_lowest_bit_first():
    assert torch.equal(rbm.states(4).double(), all_states(4))
    assert torch.equal(rbm.state_index(rbm.states(4)), torch.arange(16))
    assert rbm.states(0).shape == (1, 0)


@given(units, units, seeds, st.floats(0.1, 5))
def test_log_partition_and_likelihood_are_those_of_the_table(n_visible, n_hidden, seed, scale):
    model = random_rbm(n_visible, n_hidden, seed, scale=scale)
    table = joint(model)
    assert rbm.exact_log_partition(model).item() == pytest.approx(
        table.sum().log().item(), abs=1e-9
    )
    log_likelihood = rbm.exact_log_likelihood(model, all_states(n_visible))
    torch.testing.assert_close(log_likelihood.detach(), (table.sum(1) / table.sum()).log())


def plain_log_partition(model):
    """One softplus per pixel and state of the hidden layer, in float64."""
    W, b, c = (term.double() for term in model.theta)
    h = all_states(len(c))
    return torch.logsumexp(h @ c + torch.nn.functional.softplus(h @ W.t() + b).sum(1), 0).item()


@given(st.integers(8, 60), st.integers(1, 8), seeds, st.sampled_from([0.01, 1.0, 10.0, 100.0]))
@example(n_visible=60, n_hidden=8, seed=0, scale=300.0)  # inputs of ±2000: far beyond float32's exp
def test_log_partition_in_float32_agrees_with_the_plain_sum(n_visible, n_hidden, seed, scale):
    model = random_rbm(n_visible, n_hidden, seed, scale=scale, dtype=torch.float32)
    assert rbm.exact_log_partition(model).item() == pytest.approx(
        plain_log_partition(model), rel=2e-6, abs=2e-4
    )


def test_log_partition_is_the_same_whichever_layer_is_summed_out():
    model = random_rbm(9, 4, 0)
    mirrored = rbm.RBM(4, 9, dtype=torch.float64)
    with torch.no_grad():
        mirrored.W.copy_(model.W.t()), mirrored.b.copy_(model.c), mirrored.c.copy_(model.b)
    assert rbm.exact_log_partition(model).item() == pytest.approx(
        rbm.exact_log_partition(mirrored).item(), abs=1e-9
    )


def test_log_partition_does_not_depend_on_the_tiles(monkeypatch):
    model = random_rbm(30, 9, 0, scale=2.0)
    whole = rbm.exact_log_partition(model).item()
    monkeypatch.setattr(partition, "_TILE", 96)
    assert rbm.exact_log_partition(model).item() == pytest.approx(whole, abs=1e-9)


def test_pixels_that_share_a_logarithm_stay_within_the_range_of_float32(generator):
    spread = 70 * torch.rand(200, generator=generator)
    products = partition._products(spread)
    for product in products:
        assert spread[[pixel for group in product for pixel in group]].sum() <= 60.001
        assert all(1 <= len(group) <= 4 for group in product)
    pixels = sorted(pixel for product in products for group in product for pixel in group)
    assert pixels == (spread <= 60).nonzero().flatten().tolist()


@given(units, units, seeds)
def test_exact_gradient_is_the_derivative_of_the_exact_log_likelihood(n_visible, n_hidden, seed):
    model, v = random_rbm(n_visible, n_hidden, seed), binary(3, n_visible, seed=seed)
    log_z = torch.logsumexp(-model.free_energy(all_states(n_visible)), 0)  # through autograd
    (-model.free_energy(v).mean() - log_z).backward()
    expected = rbm.Theta(model.W.grad, model.b.grad, model.c.grad)
    torch.testing.assert_close(flat(rbm.exact_gradient(model, v)), flat(expected))


def test_exact_gradient_in_parts_is_the_same(monkeypatch):
    model, v = random_rbm(7, 6, 0), binary(3, 7, seed=0)
    whole = flat(rbm.exact_gradient(model, v))
    monkeypatch.setattr("lecturekit.rbm.enumeration._CHUNK", 64)
    torch.testing.assert_close(flat(rbm.exact_gradient(model, v)), whole)


def test_exact_gradient_at_a_size_where_only_the_hidden_layer_can_be_enumerated():
    """784×12, against the derivative of log Z by finite differences in a few directions."""
    model, v = random_rbm(784, 12, 0, scale=0.1), binary(4, 784, seed=0)
    gradient, generator, step = rbm.exact_gradient(model, v), torch.Generator().manual_seed(0), 1e-5
    for _ in range(3):
        direction = rbm.Theta(
            *(torch.randn(t.shape, generator=generator).double() for t in gradient)
        )
        model.ascend(direction, step)
        above = rbm.exact_log_likelihood(model, v).mean().item()
        model.ascend(direction, -2 * step)
        below = rbm.exact_log_likelihood(model, v).mean().item()
        model.ascend(direction, step)
        slope = (flat(direction) @ flat(gradient)).item()
        assert (above - below) / (2 * step) == pytest.approx(slope, rel=1e-5)


@given(units, units, seeds)
def test_transition_matrices_are_those_of_the_table(n_visible, n_hidden, seed):
    model = random_rbm(n_visible, n_hidden, seed)
    table = joint(model)
    up, down = table / table.sum(1, keepdim=True), (table / table.sum(0)).t()  # P(h|v), P(v|h)
    torch.testing.assert_close(rbm.gibbs_transition_matrix(model), up @ down)
    torch.testing.assert_close(rbm.gibbs_transition_matrix(model, layer="hidden"), down @ up)


@given(units, units, seeds)
def test_gibbs_sampling_leaves_the_model_distribution_as_it_is(n_visible, n_hidden, seed):
    model = random_rbm(n_visible, n_hidden, seed)
    Q, T = rbm.exact_visible_distribution(model), rbm.gibbs_transition_matrix(model)
    torch.testing.assert_close(Q, joint(model).sum(1) / joint(model).sum())
    torch.testing.assert_close(Q @ T, Q)
    torch.testing.assert_close(Q[:, None] * T, (Q[:, None] * T).t())  # detailed balance


def test_gibbs_samples_follow_the_transition_matrix(generator):
    """A chi-square test of where one Gibbs step leads from one state, at 5 standard deviations."""
    model, n = random_rbm(3, 2, 0), 40_000
    start = all_states(3)[5].expand(n, -1)
    end = rbm.gibbs_step(model.theta, model.clamp(start), generator=generator).state.visible
    expected = n * rbm.gibbs_transition_matrix(model)[5]
    chi2 = ((n * rbm.empirical_distribution(end) - expected) ** 2 / expected).sum().item()
    assert abs(chi2 - 7) <= 5 * math.sqrt(2 * 7)


def test_expected_energy_gradient_of_the_model_and_of_data_make_the_exact_gradient():
    model, v = random_rbm(5, 3, 0), binary(20, 5, seed=0)
    Q, P = rbm.exact_visible_distribution(model), rbm.empirical_distribution(v)
    difference = rbm.expected_energy_gradient(model, Q) - rbm.expected_energy_gradient(model, P)
    torch.testing.assert_close(flat(difference), flat(rbm.exact_gradient(model, v)))


def test_energy_profile_is_the_sum_over_the_states_at_each_value():
    model = random_rbm(6, 3, 0, scale=3.0)
    ones = all_states(6).sum(1)
    profile = rbm.energy_profile(model, lambda v: v.sum(1))
    expected = [-joint(model)[ones == s].sum().log().item() for s in range(7)]
    assert profile.coordinate.tolist() == list(range(7))
    assert profile.free_energy.tolist() == pytest.approx(expected)


def test_pseudo_likelihood_is_the_product_of_the_conditionals_of_the_table():
    model, v = random_rbm(5, 3, 0), all_states(5)
    weight = joint(model).sum(1)
    for state, pseudo in zip(v, rbm.pseudo_log_likelihood(model, v), strict=True):
        expected = 0.0
        for i in range(5):
            flipped = state.clone()
            flipped[i] = 1 - flipped[i]
            here, there = (weight[rbm.state_index(s[None])] for s in (state, flipped))
            expected += (here / (here + there)).log().item()
        assert pseudo.item() == pytest.approx(expected, abs=1e-9)


def test_pseudo_likelihood_in_parts_is_the_same(monkeypatch):
    model, v = random_rbm(5, 3, 0), all_states(5)
    whole = rbm.pseudo_log_likelihood(model, v)
    monkeypatch.setattr("lecturekit.rbm.pseudo_likelihood._CHUNK", 31)
    torch.testing.assert_close(rbm.pseudo_log_likelihood(model, v), whole)


# ------------------------------------------------------------------------------------- wells


def test_every_state_is_counted_in_the_well_that_it_rolls_into():
    """Rolled down by hand, state by state."""
    model = random_rbm(7, 4, 2, scale=1.5)
    W, b, c = model.theta
    b.copy_(0.1 * b - W.sum(1) / 2)  # nearly the same energy when all units are flipped:
    c.copy_(0.1 * c - W.sum(0) / 2)  # so two wells or more
    energy = {tuple(v.tolist()): model.free_energy(v[None]).item() for v in all_states(7)}
    ends = dict.fromkeys(energy, 0.0)
    total = sum(math.exp(-e) for e in energy.values())
    for start in energy:
        v = start
        while True:
            flipped = [(*v[:i], 1 - v[i], *v[i + 1 :]) for i in range(7)]
            best = min(flipped, key=energy.__getitem__)
            if energy[best] >= energy[v]:
                break
            v = best
        ends[v] += math.exp(-energy[start]) / total
    wells = {v: mass for v, mass in ends.items() if mass}
    found = rbm.energy_wells(model)
    assert 1 < len(wells) == len(found.states)
    assert [tuple(v) for v in found.states.tolist()] == sorted(wells, key=wells.get, reverse=True)
    torch.testing.assert_close(found.probability.tolist(), sorted(wells.values(), reverse=True))


# --------------------------------------------------------------------------------------- AIS


@pytest.mark.parametrize("base", ["zeros", "log-odds"])
def test_ais_covers_the_truth_with_a_narrow_interval(base, generator):
    """30 estimates: 3 standard errors cover all but 1 in 370, so at most 2 misses are let pass."""
    model = random_rbm(20, 10, 1, scale=0.7)
    base_bias = None if base == "zeros" else model.b.detach()
    truth, misses = rbm.exact_log_partition(model).item(), 0
    for _ in range(30):
        estimate = rbm.ais_log_partition(
            model, n_runs=100, n_levels=100, base_bias=base_bias, generator=generator
        )
        assert estimate.low < estimate.log_z < estimate.high < estimate.low + 1.5
        assert 1 <= estimate.effective_sample_size <= 100
        misses += not estimate.low <= truth <= estimate.high
    assert misses <= 2


def test_ais_weights_are_unbiased(generator):
    """E[w] = Z, within 4 standard errors of 4000 runs, with few levels and so with wild weights."""
    model = random_rbm(6, 4, 0)
    estimate = rbm.ais_log_partition(model, n_runs=4000, n_levels=29, generator=generator)
    ratio = (estimate.log_weights - rbm.exact_log_partition(model).item()).exp()
    assert abs(ratio.mean() - 1) <= 4 * ratio.std() / 4000**0.5
    assert estimate.log_z == pytest.approx(
        torch.logsumexp(estimate.log_weights, 0).item() - math.log(4000)
    )


def test_ais_is_exact_without_weights(generator):
    model = rbm.RBM(7, 3, weight_scale=0.0, dtype=torch.float64)
    model.initialise(generator, binary(9, 7, seed=0))
    estimate = rbm.ais_log_partition(model, base_bias=model.b.detach(), generator=generator)
    assert estimate.log_z == pytest.approx(rbm.exact_log_partition(model).item(), abs=1e-9)
    assert estimate.effective_sample_size == pytest.approx(100)


def test_ais_schedule_is_the_paper_s():
    betas = rbm.ais_schedule(14500)
    assert len(betas) == 14501
    assert betas[[0, 500, 4500, 14500]].tolist() == pytest.approx([0, 0.5, 0.9, 1])
    assert betas.diff()[[0, 600, 14000]].tolist() == pytest.approx([1e-3, 1e-4, 1e-5])
    assert (betas.diff() > 0).all()


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda g: rbm.exact_log_partition(rbm.RBM(30, 26)),
            "at most 25 units in the smaller layer, got 26",
        ),
        (lambda g: rbm.exact_gradient(rbm.RBM(30, 21), torch.zeros(1, 30)), "at most 20 units"),
        (
            lambda g: rbm.exact_visible_distribution(rbm.RBM(21, 2)),
            "at most 20 visible units, got 21",
        ),
        (lambda g: rbm.gibbs_transition_matrix(rbm.RBM(13, 2)), "at most 12 visible units, got 13"),
        (
            lambda g: rbm.gibbs_transition_matrix(rbm.RBM(3, 2), layer="h"),
            "among visible, hidden, got 'h'",
        ),
        (
            lambda g: rbm.expected_energy_gradient(rbm.RBM(3, 2), torch.ones(3) / 3),
            r"shape \(8,\), got \(3,\)",
        ),
        (
            lambda g: rbm.energy_profile(rbm.RBM(3, 2), lambda v: v),
            r"shape \(8,\), got a .* \(8, 3\)",
        ),
        (
            lambda g: rbm.exact_log_likelihood(rbm.RBM(3, 2), torch.zeros(3)),
            r"\(n, 3\), got \(3,\)",
        ),
        (
            lambda g: rbm.pseudo_log_likelihood(rbm.RBM(3, 2), torch.zeros(3)),
            r"\(n, 3\), got \(3,\)",
        ),
        (
            lambda g: rbm.ais_log_partition(rbm.RBM(3, 2), n_runs=1, generator=g),
            "n_runs ≥ 2, got 1",
        ),
        (
            lambda g: rbm.ais_log_partition(rbm.RBM(3, 2), n_levels=9, generator=g),
            "n_levels ≥ 29, got 9",
        ),
        (
            lambda g: rbm.ais_log_partition(rbm.RBM(3, 2), base_bias=torch.zeros(2), generator=g),
            r"base_bias of shape \(3,\), got \(2,\)",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message, generator):
    with pytest.raises(ValueError, match=message):
        call(generator)
