"""The flow, the networks and their trainers: repeatable, tunable, right where theory says how."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from lecturekit.data import densities
from lecturekit.moment_matching import (
    GMMN,
    AutoEncoder,
    AutoEncoderSettings,
    FlowSettings,
    Gaussian,
    GaussianLadder,
    Particles,
    Polynomial,
    Settings,
    flow,
    mmd2,
    train,
    train_autoencoder,
    velocity,
)
from lecturekit.training import DivergenceError, finish

KERNEL = Gaussian([0.1, 0.5, 2.0])


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------------------- the flow


def test_flow_takes_steps_along_the_velocity_and_obeys_its_settings(
    generator: torch.Generator,
) -> None:
    start, data = torch.randn(2, 9, 2, generator=generator)
    particles, settings, kernel = Particles(start), FlowSettings(3, 0.5), GaussianLadder(1.0)
    steps = flow(particles, data, settings, kernel=kernel)
    next(steps)
    once = start + 0.5 * velocity(start, data, Gaussian(1.0))
    torch.testing.assert_close(particles.positions.detach(), once)
    settings.learning_rate, kernel.sigma = 2.0, 4.0
    next(steps)
    twice = once + 2.0 * velocity(once, data, Gaussian(4.0))
    torch.testing.assert_close(particles.positions.detach(), twice)


def test_flow_with_a_linear_kernel_carries_the_mean_home_and_keeps_the_shape(
    generator: torch.Generator,
) -> None:
    """k = x·y: every velocity is mean y − mean x, so the distance of the means shrinks by 1 − η."""
    start, data = torch.randn(2, 20, 2, generator=generator)
    particles = Particles(start)
    finish(flow(particles, data, FlowSettings(5, 0.25), kernel=Polynomial(1, offset=0.0)))
    moved = particles.positions.detach()
    gap, gap_before = data.mean(0) - moved.mean(0), data.mean(0) - start.mean(0)
    torch.testing.assert_close(gap, 0.75**5 * gap_before, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(moved - moved.mean(0), start - start.mean(0), rtol=0, atol=1e-5)


def test_flow_comes_near_the_data_with_a_mixture_and_not_with_a_tiny_bandwidth(
    generator: torch.Generator,
) -> None:
    target = densities.ring()
    data = target.sample(150, generator=generator)
    start = 0.3 * torch.randn(150, 2, generator=generator)
    distance = {}
    for name, kernel in {"tiny": GaussianLadder(1e-3), "mixture": GaussianLadder(0.1, 5)}.items():
        particles = Particles(start)
        finish(flow(particles, data, FlowSettings(150, 1.0), kernel=kernel))
        distance[name] = mmd2(particles.positions.detach(), data, KERNEL).sqrt().item()
    before = mmd2(start, data, KERNEL).sqrt().item()
    assert distance["mixture"] < 0.1 * before
    assert distance["tiny"] > 0.5 * before


def test_a_flow_that_diverges_is_stopped_at_its_last_finite_state(
    generator: torch.Generator,
) -> None:
    particles = Particles(torch.randn(9, 2, generator=generator))
    data = 1 + torch.randn(9, 2, generator=generator)
    with pytest.raises(DivergenceError):
        finish(flow(particles, data, FlowSettings(300, 50.0), kernel=Polynomial(3)))
    assert particles.positions.isfinite().all()


# --------------------------------------------------------------------------------- the networks


def test_latents_are_uniform(generator: torch.Generator) -> None:
    z = GMMN(3, (4,), 2, generator=generator).latents(4000, generator=generator)
    assert z.shape == (4000, 3)
    assert z.min() >= -1
    assert z.max() <= 1
    assert z.mean().abs() < 4 * (1 / 3 / 12000) ** 0.5
    assert abs(z.var() - 1 / 3) < 4 * (4 / 45 / 12000) ** 0.5  # Var z² = 1/5 − 1/9


@pytest.mark.parametrize("bounded", [True, False])
def test_bounded_networks_stay_in_the_unit_cube(bounded: bool, generator: torch.Generator) -> None:
    model = GMMN(2, (8,), 5, bounded=bounded, generator=generator)
    x = model(50 * model.latents(200, generator=generator))
    assert bool(((x >= 0) & (x <= 1)).all()) is bounded


def test_autoencoder_mirrors_its_layers(generator: torch.Generator) -> None:
    model = AutoEncoder(6, (5, 4), 3, generator=generator)
    x = torch.rand(7, 6, generator=generator)
    assert model.encode(x).shape == (7, 3)
    torch.testing.assert_close(model.decode(model.encode(x)), model(x).detach())
    assert not model.encode(x).requires_grad


# --------------------------------------------------------------------------------- the trainers


def test_dropout_hides_that_share_of_each_layers_inputs_and_keeps_their_mean(
    generator: torch.Generator,
) -> None:
    """An encoder of one layer that is linear near 0, so that means are seen in its output."""
    model = AutoEncoder(400, (), 1, dropout=(0.3,), generator=generator)
    layer = model.encoder[0]
    with torch.no_grad():
        layer.weight.fill_(1e-3)
        layer.bias.zero_()
    seen: list[torch.Tensor] = []
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    x = (1 + torch.rand(200, 400, generator=generator)) / 2
    model.logits(x, generator=generator)
    dropped = (seen[0] == 0).double().mean().item()
    assert abs(dropped - 0.3) < 4 * math.sqrt(0.3 * 0.7 / x.numel())
    kept = seen[0] != 0
    torch.testing.assert_close(seen[0][kept], x[kept] / 0.7)
    model.logits(x)
    assert torch.equal(seen[1], x)  # nothing is dropped unless one asks for it
    assert torch.equal(model(x), model(x))


def test_training_drops_what_the_model_says(generator: torch.Generator) -> None:
    data = torch.rand(30, 5, generator=generator)
    weights = []
    for shares in ((), (0.5, 0.0), (0.0, 0.5)):
        model = AutoEncoder(5, (6,), 2, dropout=shares, generator=seeded())
        finish(train_autoencoder(model, data, AutoEncoderSettings(3), generator=seeded(1)))
        weights.append(model.encoder[0].weight.detach())
    assert not any(torch.equal(weights[i], weights[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    with pytest.raises(ValueError, match="2 shares in"):
        AutoEncoder(5, (6,), 2, dropout=(0.5,), generator=generator)
    with pytest.raises(ValueError, match=r"expected dropout\[1\] in \[0, 1\), got 1\.0"):
        AutoEncoder(5, (6,), 2, dropout=(0.5, 1.0), generator=generator)


def ring_sample(n: int = 300) -> torch.Tensor:
    return densities.ring().sample(n, generator=seeded(5))


def small() -> GMMN:
    return GMMN(2, (32, 32), 2, bounded=False, generator=seeded(1))


@pytest.mark.parametrize("root", [True, False])
def test_training_brings_samples_closer(root: bool) -> None:
    model, data = small(), ring_sample()
    before = mmd2(model.sample(500, generator=seeded(2)), data, KERNEL).sqrt()
    settings = Settings(200, 200, 5e-3, root=root)
    last = finish(train(model, data, settings, kernel=KERNEL, generator=seeded(3)))
    after = mmd2(model.sample(500, generator=seeded(2)), data, KERNEL).sqrt()
    assert after < 0.3 * before
    assert last is not None
    assert last.index == last.total == 200
    assert 0 < float(last.metrics["mmd"]) < float(before)


def test_the_root_does_not_blow_up_where_the_mmd_is_zero() -> None:
    model = GMMN(1, (2,), 2, generator=seeded(1))
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()  # all samples are (½, ½)
    data = torch.full((10, 2), 0.5)
    finish(train(model, data, Settings(3, 10), kernel=KERNEL, generator=seeded(2)))
    assert all(p.isfinite().all() for p in model.parameters())


def test_autoencoder_learns_to_reconstruct(generator: torch.Generator) -> None:
    codes = torch.rand(200, 2, generator=generator)
    data = torch.sigmoid(8 * (codes @ torch.randn(2, 12, generator=generator)))
    model = AutoEncoder(12, (16,), 3, generator=seeded(1))
    error = (model(data) - data).square().mean().sqrt().item()
    settings = AutoEncoderSettings(400, 50, 1e-2)
    last = finish(train_autoencoder(model, data, settings, generator=seeded(2)))
    assert last is not None
    assert (model(data) - data).square().mean().sqrt().item() < 0.5 * error
    assert float(last.metrics["error"]) < 0.5 * error


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": torch.zeros(5, 3)}, r"expected data of shape \(n, 2\), got \(5, 3\)"),
        ({"data": torch.zeros(5, 2, 2)}, "flatten images"),
        ({"data": torch.zeros(0, 2)}, r"expected data of shape \(n, 2\), got \(0, 2\)"),
    ],
)
def test_bad_input_is_refused_and_the_model_untouched(change: dict[str, Any], message: str) -> None:
    model = small()
    before = [p.clone() for p in model.parameters()]
    arguments: dict[str, Any] = {"data": torch.zeros(5, 2), "settings": Settings(), **change}
    with pytest.raises(ValueError, match=message):
        train(model, arguments["data"], arguments["settings"], kernel=KERNEL, generator=seeded())
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_other_bad_input_is_refused(generator: torch.Generator) -> None:
    with pytest.raises(ValueError, match=r"expected z of shape \(n, 2\), got \(5, 3\)"):
        small()(torch.zeros(5, 3))
    with pytest.raises(ValueError, match="expected n ≥ 1, got 0"):
        small().sample(0, generator=generator)
    model = AutoEncoder(2, (3,), 2, generator=generator)
    with pytest.raises(ValueError, match=r"expected data in \[0, 1\], got values from -1 to -1"):
        train_autoencoder(
            model, torch.full((5, 2), -1.0), AutoEncoderSettings(), generator=generator
        )
    with pytest.raises(ValueError, match=r"expected data of shape \(m, 2\), got \(4, 3\)"):
        flow(Particles(torch.zeros(4, 2)), torch.zeros(4, 3), FlowSettings(), kernel=KERNEL)
    settings = FlowSettings(learning_rate=math.nan)
    with pytest.raises(ValueError, match="learning_rate must be"):
        flow(Particles(torch.zeros(4, 2)), torch.zeros(4, 2), settings, kernel=KERNEL)


def test_data_that_a_sigmoid_cannot_reach_are_refused(generator: torch.Generator) -> None:
    points = 3 * torch.randn(20, 2, generator=generator)
    model = GMMN(2, (4,), 2, generator=generator)
    with pytest.raises(ValueError, match=r"data in \[0, 1\].*bounded=False"):
        train(model, points, Settings(), kernel=KERNEL, generator=generator)
    free = GMMN(2, (4,), 2, bounded=False, generator=generator)
    settings = Settings(updates=1, batch_size=5)
    assert next(train(free, points, settings, kernel=KERNEL, generator=generator)).index == 1
