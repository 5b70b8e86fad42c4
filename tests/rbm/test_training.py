"""Negative phases and the trainer: against the slide's loop, enumeration and closed forms."""

import copy
import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit import data, rbm
from lecturekit.training import DivergenceError, finish, minibatches, repeatable

from .plain import binary, flat, random_rbm

PHASES = {
    "CD-1": lambda: rbm.ContrastiveDivergence(1),
    "CD-3": lambda: rbm.ContrastiveDivergence(3),
    "MF CD-2": lambda: rbm.MeanFieldCD(2),
    "PCD-1": lambda: rbm.PersistentCD(30, 1),
    "PCD-2": lambda: rbm.PersistentCD(30, 2),
    "FPCD-1": lambda: rbm.FastPersistentCD(30, 1, 0.1),
    "FPCD-2": lambda: rbm.FastPersistentCD(30, 2, 0.1, 0.9),
}
CHAINS = PHASES.copy()  # those whose k steps can be watched one by one
PHASES["PT"] = lambda: rbm.ParallelTempering(30, 3)
every_phase = pytest.mark.parametrize("make", PHASES.values(), ids=PHASES.keys())
every_chain = pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS.keys())


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def settings(**changes) -> rbm.Settings:
    return rbm.Settings(**{"updates": 40, "batch_size": 20, "learning_rate": 0.1, **changes})


# ------------------------------------------------------------------------------ the algorithm


@every_phase
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_train_is_the_loop_on_the_slide(make, weight_decay):
    v = binary(64, 12, seed=0)
    by_train, by_hand = random_rbm(12, 6, 0), random_rbm(12, 6, 0)
    plan = settings(weight_decay=weight_decay)
    finish(rbm.train(by_train, v, plan, negative_phase=make(), generator=seeded()))

    chain, generator = make(), seeded()
    if isinstance(chain, rbm.PersistentCD | rbm.ParallelTempering):
        chain.initialise(v, generator=generator)
    batches = minibatches(v, 20, generator=generator)
    for index in range(40):
        x_data = by_hand.clamp(next(batches))
        x_model = chain.advance(by_hand, x_data, generator=generator)
        gradient = rbm.energy_gradient(x_model) - rbm.energy_gradient(x_data)
        by_hand.ascend(gradient, 0.1 * (1 - index / 40), weight_decay=weight_decay)
        chain.learn(gradient)

    torch.testing.assert_close(flat(by_train.theta), flat(by_hand.theta), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_cd_k_gradient_on_average_is_that_of_the_transition_matrix(k):
    """Within 5 standard errors in every coordinate, for 40,000 chains from one state of 3 units."""
    model, n = random_rbm(3, 2, 0), 40_000
    start = model.clamp(binary(1, 3, seed=3).expand(n, -1))
    end = rbm.ContrastiveDivergence(k).advance(model, start, generator=seeded())
    v, h = end
    samples = torch.cat([-(v[:, :, None] * h[:, None]).flatten(1), -v, -h], 1)
    P = rbm.empirical_distribution(start.visible)
    R = P @ torch.linalg.matrix_power(rbm.gibbs_transition_matrix(model), k)
    expected = flat(rbm.expected_energy_gradient(model, R))
    error = samples.std(0) / n**0.5
    assert ((samples.mean(0) - expected).abs() <= 5 * error).all()


@pytest.mark.parametrize("k", [1, 3])
def test_mean_field_cd_moves_along_its_direction_and_draws_nothing(k):
    model, v, generator = random_rbm(5, 3, 0), binary(9, 5, seed=0), seeded()
    before, state = flat(model.theta).clone(), generator.get_state()
    direction = flat(rbm.mean_field_cd_gradient(model, v, k))
    rbm.update(model, v, rbm.MeanFieldCD(k), learning_rate=0.3, generator=generator)
    torch.testing.assert_close(flat(model.theta), before + 0.3 * direction)
    assert torch.equal(generator.get_state(), state)


def test_persistent_particles_go_on_and_come_to_the_model_distribution():
    """A crowd of 20,000 started in one state: the shares of all 8 states, 5 standard errors."""
    model, n = random_rbm(3, 2, 0), 20_000
    chain, generator = rbm.PersistentCD(n), seeded()
    chain.initialise(torch.ones(1, 3, dtype=torch.float64), generator=generator)
    for _ in range(60):
        chain.advance(model, model.clamp(torch.zeros(1, 3).double()), generator=generator)
    Q = rbm.exact_visible_distribution(model)
    error = (Q * (1 - Q) / n).sqrt()
    assert ((rbm.empirical_distribution(chain.particles) - Q).abs() <= 5 * error).all()


def test_cd_starts_at_the_data_and_pcd_where_it_was():
    """Frozen machines (huge weights that copy v_i to h_i and back) show where a chain starts."""
    frozen = rbm.RBM(4, 4, dtype=torch.float64)
    with torch.no_grad():
        frozen.W.copy_(200 * torch.eye(4)), frozen.b.fill_(-100), frozen.c.fill_(-100)
    v, other = binary(5, 4, seed=0), binary(1, 4, seed=7)
    x = rbm.ContrastiveDivergence(3).advance(frozen, frozen.clamp(v), generator=seeded())
    assert torch.equal(x.visible, v)
    chain = rbm.PersistentCD(5)
    chain.initialise(other, generator=seeded())
    x = chain.advance(frozen, frozen.clamp(v), generator=seeded())
    assert torch.equal(x.visible, other.expand(5, -1))


def test_fast_weights_follow_their_rule():
    chain, generator = rbm.FastPersistentCD(10, 1, 0.2, 0.9), seeded()
    model, v = random_rbm(5, 3, 0), binary(8, 5, seed=0)
    chain.initialise(v, generator=generator)
    assert chain.fast is None
    expected = 0.0 * model.theta
    for seed in range(3):
        gradient = random_rbm(5, 3, seed).theta
        chain.learn(gradient)
        expected = 0.9 * expected + 0.2 * gradient
    torch.testing.assert_close(flat(chain.fast), flat(expected))
    torch.testing.assert_close(flat(chain.overlaid(model).theta), flat(model.theta + expected))
    chain.initialise(v, generator=generator)
    assert chain.fast is None


def test_fast_weights_act_in_the_negative_phase_only():
    """Fast weights that force all units on: the particles obey them, data and gradient do not."""
    model, v = random_rbm(5, 3, 0), binary(8, 5, seed=0)
    chain, generator = rbm.FastPersistentCD(10, 1, 1.0), seeded()
    chain.initialise(v, generator=generator)
    chain.learn(
        rbm.Theta(torch.zeros(5, 3).double(), *(torch.full((n,), 99.0).double() for n in (5, 3)))
    )
    before = flat(model.theta).clone()
    data_state, particles = rbm.update(model, v, chain, learning_rate=0.1, generator=generator)
    assert torch.equal(particles.visible, torch.ones(10, 5).double())
    torch.testing.assert_close(particles.hidden, torch.ones(10, 3).double())
    plain = random_rbm(5, 3, 0)
    assert torch.equal(data_state.hidden, plain.hidden_probabilities(v))
    gradient = rbm.energy_gradient(particles) - rbm.energy_gradient(plain.clamp(v))
    torch.testing.assert_close(flat(model.theta), before + 0.1 * flat(gradient))


def test_fpcd_without_fast_rate_is_pcd():
    v = binary(64, 12, seed=0)
    ends = []
    for chain in (rbm.PersistentCD(30), rbm.FastPersistentCD(30, 1, 0.0)):
        model = random_rbm(12, 6, 0)
        finish(rbm.train(model, v, settings(), negative_phase=chain, generator=seeded()))
        ends.append(flat(model.theta))
    torch.testing.assert_close(*ends, rtol=1e-10, atol=1e-12)


def test_particles_start_at_known_points():
    v = binary(6, 12, seed=0)
    chain = rbm.PersistentCD(50)
    chain.initialise(v, generator=seeded())
    assert {tuple(row.tolist()) for row in chain.particles} <= {tuple(row.tolist()) for row in v}


@every_phase
def test_one_row_and_more_particles_than_rows_will_do(make):
    model = random_rbm(4, 2, 0)
    last = finish(
        rbm.train(
            model, binary(1, 4, seed=0), settings(), negative_phase=make(), generator=seeded()
        )
    )
    assert last.index == 40
    assert flat(model.theta).isfinite().all()


def test_a_negative_phase_of_ones_own_will_do():
    class FromTheModel(Fixed):
        """Particles drawn from the exact distribution."""

        def advance(self, model, data, *, generator):
            Q = rbm.exact_visible_distribution(model)
            return model.clamp(self.v[torch.multinomial(Q, 500, True, generator=generator)])

    patterns = data.bars_and_stripes(2).flatten(1)
    model = rbm.RBM(4, 6, weight_scale=0.5, generator=seeded())
    before = rbm.exact_log_likelihood(model, patterns).mean().item()
    plan = settings(updates=1500, learning_rate=1.0, batch_size=100)
    finish(
        rbm.train(
            model, patterns, plan, negative_phase=FromTheModel(rbm.states(4)), generator=seeded()
        )
    )
    after = rbm.exact_log_likelihood(model, patterns).mean().item()
    assert before < -2.4
    assert -1.9 < after < -1.79  # the best is −log 6 = −1.792


# ------------------------------------------------------------------------------ steps, settings


class Fixed:
    """A negative phase whose particles never change."""

    def __init__(self, v):
        self.v = v

    def prepare(self, model, data, *, generator):
        """Nothing to prepare."""

    def advance(self, model, data, *, generator):
        return model.clamp(self.v)

    def wants_gradient(self):
        return False

    def learn(self, gradient):
        raise AssertionError("not wanted")


def test_metrics_are_the_free_energy_gap_at_fixed_updates():
    """With a minibatch that holds all the data, and a rate of 0, so that nothing moves."""
    model, v, particles = random_rbm(12, 6, 0), binary(64, 12, seed=0), binary(9, 12, seed=1)
    plan = settings(updates=120, batch_size=64, learning_rate=0.0)
    steps = rbm.train(model, v, plan, negative_phase=Fixed(particles), generator=seeded())
    gaps = {step.index: step.metrics["free_energy_gap"] for step in steps if step.metrics}
    assert list(gaps) == [1, 50, 100, 120]
    expected = (model.free_energy(particles).mean() - model.free_energy(v).mean()).detach()
    for gap in gaps.values():
        torch.testing.assert_close(gap, expected)


@pytest.mark.parametrize("name", ["learning_rate", "weight_decay"])
def test_a_setting_changed_between_two_steps_acts_on_the_next(name):
    def run(change):
        model, plan = random_rbm(12, 6, 0), settings()
        chain = rbm.ContrastiveDivergence()
        steps = rbm.train(
            model, binary(64, 12, seed=0), plan, negative_phase=chain, generator=seeded()
        )
        next(steps)
        first = flat(model.theta).clone()
        setattr(plan, name, change)
        next(steps)
        return first, flat(model.theta)

    (first, plain), (same_first, changed) = run(getattr(settings(), name)), run(0.37)
    assert torch.equal(first, same_first)
    assert not torch.equal(plain, changed)


def test_k_changed_between_two_steps_acts_on_the_next():
    model, chain = random_rbm(12, 6, 0), rbm.PersistentCD(30)
    calls = []
    steps = rbm.train(
        model, binary(64, 12, seed=0), settings(), negative_phase=chain, generator=seeded()
    )
    keep = chain.moved_by
    chain.moved_by = lambda theta: calls.append(chain.steps()) or keep(theta)
    next(steps)
    chain.k = 4
    next(steps)
    assert calls == [1, 4]


def test_interrupted_particles_go_on_where_they_are():
    model, v = random_rbm(12, 6, 0), binary(64, 12, seed=0)
    chain = rbm.PersistentCD(30)
    finish(rbm.train(model, v, settings(), negative_phase=chain, generator=seeded()))
    particles = chain.particles
    chain.prepare(model, v, generator=seeded())
    assert chain.particles is particles


# ---------------------------------------------------------------------------------- precision


@pytest.mark.parametrize("make", [PHASES["CD-1"], PHASES["PCD-1"], PHASES["FPCD-1"]])
def test_bfloat16_products_learn_as_well(make):
    """Exact likelihoods of bars and stripes after the same run: within .1 nat."""
    patterns, ends = data.bars_and_stripes(3).flatten(1), {}
    for precision in ("float32", "bfloat16"):
        model = rbm.RBM(9, 12, weight_scale=0.1, generator=seeded())
        plan = settings(updates=1500, learning_rate=0.2, batch_size=50, precision=precision)
        finish(rbm.train(model, patterns, plan, negative_phase=make(), generator=seeded()))
        ends[precision] = rbm.exact_log_likelihood(model, patterns).mean().item()
        assert model.W.dtype == torch.float32
    assert ends["float32"] > -4.6  # from −6.24; the best is −log 14 = −2.64
    assert ends["bfloat16"] > ends["float32"] - 0.1


def test_bfloat16_is_what_the_products_are_made_in():
    model, v = (
        random_rbm(12, 6, 0, dtype=torch.float32),
        binary(64, 12, seed=0, dtype=torch.float32),
    )
    low = model.lowered(torch.bfloat16)
    assert low.W.dtype == torch.bfloat16
    assert low.hidden_probabilities(v).dtype == torch.float32
    difference = (low.hidden_probabilities(v) - model.hidden_probabilities(v)).abs().max()
    assert 0 < difference < 0.02


@pytest.mark.mnist
def test_bfloat16_costs_at_most_half_a_nat_on_mnist():
    """784×20, exact likelihood of thresholded MNIST after 300 updates of PCD."""
    images = (data.mnist("train").images[:5000].flatten(1) > 0.5).float()
    ends = {}
    for precision in ("float32", "bfloat16"):
        model = rbm.RBM(784, 20)
        model.initialise(seeded(), images)
        plan = rbm.Settings(updates=300, learning_rate=0.1, precision=precision)
        finish(
            rbm.train(model, images, plan, negative_phase=rbm.PersistentCD(), generator=seeded())
        )
        ends[precision] = rbm.exact_log_likelihood(model, images).mean().item()
    assert ends["bfloat16"] > ends["float32"] - 0.5


# --------------------------------------------------------------------------------- slow motion


@every_chain
def test_slow_motion_ends_where_an_update_ends_bit_for_bit(make):
    v, plan = binary(20, 12, seed=0), settings(weight_decay=0.01)
    slow, plain = random_rbm(12, 6, 0), random_rbm(12, 6, 0)
    slow_chain, chain = make(), make()
    slow_generator, generator = seeded(), seeded()
    chain.prepare(plain, v, generator=generator)
    for _ in range(3):
        phases = list(rbm.slow_motion(slow, v, slow_chain, plan, generator=slow_generator))
        rbm.update(plain, v, chain, learning_rate=0.1, weight_decay=0.01, generator=generator)
    assert torch.equal(flat(slow.theta), flat(plain.theta))
    assert phases[-1].name == "energy changes"


def test_slow_motion_shows_every_half_step_and_what_it_changed():
    v, model, chain = binary(20, 12, seed=0), random_rbm(12, 6, 0), rbm.PersistentCD(30, 2)
    before = copy.deepcopy(model)
    phases = list(rbm.slow_motion(model, v, chain, settings(), generator=seeded()))
    half_steps = (
        [("hidden given visible", k) for k in (1, 2)],
        [("visible given hidden", k) for k in (1, 2)],
    )
    assert [(phase.name, phase.gibbs_step) for phase in phases] == [
        ("positive phase", 0),
        ("chain starts", 0),
        *itertools.chain(*zip(*half_steps, strict=True)),
        ("negative phase", 0),
        ("weights change", 0),
        ("energy changes", 0),
    ]
    assert torch.equal(phases[0].visible, v)
    up, down = phases[2], phases[3]
    torch.testing.assert_close(up.probabilities, before.hidden_probabilities(up.visible))
    torch.testing.assert_close(down.probabilities, before.visible_probabilities(up.hidden))
    torch.testing.assert_close(flat(phases[-1].change), flat(model.theta) - flat(before.theta))
    torch.testing.assert_close(phases[-1].data_energy[1], model.free_energy(v).detach())
    torch.testing.assert_close(
        phases[-1].particle_energy[0], before.free_energy(chain.particles).detach()
    )


def test_a_watched_update_is_one_that_can_be_made_anew():
    v, model = binary(20, 12, seed=0), random_rbm(12, 6, 0)
    before, chain = copy.deepcopy(model), rbm.PersistentCD(30, 2)
    update = rbm.WatchedUpdate(model, v, chain, settings())
    run = repeatable(update.steps, generator=seeded())
    ends = []
    for _ in range(2):
        steps = run()
        assert update.phase is None
        assert torch.equal(flat(model.theta), flat(before.theta))
        seen = [(step.index, step.total, update.phase.name) for step in steps]
        ends.append(flat(model.theta).clone())
    assert [name for _, _, name in seen] == [*rbm.PHASES[:4], *rbm.PHASES[2:]]
    assert [index for index, _, _ in seen] == list(range(1, seen[0][1] + 1))
    assert torch.equal(*ends)
    assert not torch.equal(ends[0], flat(before.theta))


# ---------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rbm.ContrastiveDivergence(0), "k must be a whole number from 1 to 10000, got 0"),
        (lambda: rbm.ContrastiveDivergence(1.5), "k .*be a whole number.*, got 1.5"),
        (lambda: rbm.PersistentCD(0), "n_particles must be a whole number ≥ 1, got 0"),
        (lambda: rbm.FastPersistentCD(fast_learning_rate=-0.1), "fast_learning_rate must be"),
        (
            lambda: rbm.FastPersistentCD(decay=1.1),
            "decay must be a finite number from 0 to 1, got 1.1",
        ),
    ],
)
def test_negative_phases_refuse_what_makes_no_sense(make, message):
    with pytest.raises(ValueError, match=message):
        make()


GOOD = binary(8, 4, seed=0, dtype=torch.float32)


@pytest.mark.parametrize(
    ("v", "changes", "message"),
    [
        (GOOD[0], {}, r"data of shape \(n, 4\), got \(4,\)"),
        (GOOD.view(8, 2, 2), {}, r"got \(8, 2, 2\); flatten images with data.flatten\(1\)"),
        (GOOD[:0], {}, r"got \(0, 4\)"),
        (GOOD * 0.5, {}, "zeros and ones, got values from 0 to 0.5; threshold"),
        (
            GOOD.index_fill(0, torch.tensor([3]), float("nan")),
            {},
            "expected data finite, got 4 NaN",
        ),
        (GOOD.double(), {}, "torch.float32, got torch.float64"),
        (GOOD, {"weight_decay": -1.0}, "weight_decay must be"),
        (GOOD, {"precision": "float8"}, "among float32, bfloat16, got 'float8'"),
    ],
)
def test_train_refuses_at_the_door_and_leaves_the_model_untouched(v, changes, message):
    model, generator = random_rbm(4, 2, 0, dtype=torch.float32), seeded()
    before, state = flat(model.theta).clone(), generator.get_state()
    with pytest.raises(ValueError, match=message):
        rbm.train(
            model, v, settings(**changes), negative_phase=rbm.PersistentCD(), generator=generator
        )
    assert torch.equal(flat(model.theta), before)
    assert torch.equal(generator.get_state(), state)


def test_particles_of_another_size_and_missing_ones_are_refused():
    model, chain = random_rbm(4, 2, 0), rbm.PersistentCD(5)
    with pytest.raises(ValueError, match="no particles yet"):
        chain.advance(model, model.clamp(GOOD.double()), generator=seeded())
    with pytest.raises(ValueError, match=r"data of shape \(n, n_visible\), got \(4,\)"):
        chain.initialise(GOOD[0], generator=seeded())
    chain.initialise(GOOD, generator=seeded())
    with pytest.raises(
        ValueError,
        match="the particles have 4 visible units, the model has 6",
    ):
        chain.prepare(random_rbm(6, 2, 0), binary(8, 6, seed=0), generator=seeded())


def test_a_slider_that_sets_a_float_k_is_understood():
    chain = rbm.ContrastiveDivergence(2)
    chain.k = 3.0
    assert chain.steps() == 3


@given(st.integers(1, 40), st.integers(1, 40))
def test_any_numbers_of_rows_and_particles_go_together(n_rows, n_particles):
    model, v = random_rbm(4, 2, 0), binary(n_rows, 4, seed=1)
    x_data = model.clamp(v)
    chain = rbm.PersistentCD(n_particles)
    chain.prepare(model, v, generator=seeded())
    x_model = chain.advance(model, x_data, generator=seeded(2))
    expected = flat(model.theta) + 0.1 * flat(
        rbm.energy_gradient(x_model) - rbm.energy_gradient(x_data)
    )
    chain._hidden, chain.particles = None, None
    chain.prepare(model, v, generator=seeded())
    rbm.update(model, v, chain, learning_rate=0.1, generator=seeded(2))
    torch.testing.assert_close(flat(model.theta), expected)


@every_phase
def test_a_rate_that_makes_finite_nonsense_is_a_divergence_and_a_sane_one_goes_on(make):
    """Nothing is NaN at a rate of 1000: weights of hundreds of nats, and a dead machine."""
    patterns, phase, generator = data.bars_and_stripes(3), make(), seeded()
    model = rbm.RBM(9, 8, generator=generator)
    plan = rbm.Settings(updates=1500, batch_size=20, learning_rate=1000.0, constant_share=1.0)
    with pytest.raises(DivergenceError, match=r"parameters up to \S+, where 300 is absurd"):
        finish(rbm.train(model, patterns, plan, negative_phase=phase, generator=generator))
    assert max(float(part.abs().max()) for part in model.theta) < 300
    model.initialise(generator)
    plan.learning_rate = 0.1
    before = rbm.exact_log_likelihood(model, patterns).mean()
    finish(rbm.train(model, patterns, plan, negative_phase=phase, generator=generator))
    assert rbm.exact_log_likelihood(model, patterns).mean() > before + 0.5
