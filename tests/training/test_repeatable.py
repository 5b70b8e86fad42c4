"""Runs that begin anew: the trainers of all sections bit for bit, and whatever else has a state."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lecturekit import cycle_gan, deep_energy, denoising, moment_matching, rbm, unit
from lecturekit.adversarial import ImagePool
from lecturekit.networks import mlp
from lecturekit.training import (
    DivergenceError,
    Repeatable,
    Step,
    Steps,
    finish,
    repeatable,
    tunable,
)
from lecturekit.unit import vae_gan
from tests.training.contents import content

UPDATES = 3


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# ------------------------------------------------------------------------ the sections' trainers


@dataclass
class Case:
    """A trainer, its arguments, a setting that a slider may move, and where that goes too far."""

    train: Callable[..., Steps]
    parts: tuple[Any, ...]
    settings: Any
    rate: str = "learning_rate"
    generator: torch.Generator | None = None
    named: dict[str, Any] = field(default_factory=dict)
    too_fast: float | None = 1e37

    @property
    def mutable(self) -> list[Any]:
        return [*self.parts, *self.named.values(), self.generator]

    def plain(self) -> Steps:
        with_generator = {} if self.generator is None else {"generator": self.generator}
        return self.train(*self.parts, **self.named, **with_generator)

    def repeatable(self) -> Repeatable:
        return repeatable(self.train, *self.parts, generator=self.generator, **self.named)


def of_rbm(phase: rbm.GibbsChain, place: bool = True, **settings: Any) -> Case:
    g = seeded()
    model, data = rbm.RBM(6, 4, generator=g), (torch.rand(20, 6, generator=g) < 0.5).float()
    if place:
        phase.initialise(data, generator=g)
    plan = rbm.Settings(UPDATES, batch_size=5, **settings)
    named = {"negative_phase": phase}
    too_fast = 3e38 if isinstance(phase, rbm.PersistentCD) else None  # CD's end where they began
    parts = model, data, plan
    return Case(rbm.train, parts, plan, generator=g, named=named, too_fast=too_fast)


def of_crowd() -> Case:
    plan = rbm.CrowdSettings(UPDATES, learning_rate=0.5)
    model = rbm.RBM(4, 3, generator=seeded(), dtype=torch.float64)
    data = rbm.states(4, like=model.W)[[3, 5, 9]]
    return Case(rbm.infinite_crowd, (model, data, plan), plan, too_fast=None)


def of_energy(by_langevin: bool) -> Case:
    g = seeded()
    features = mlp([2, 8, 6], activation=nn.SiLU, output=nn.SiLU, generator=g)
    energy = deep_energy.DeepEnergy(features, 2, 6, 3, generator=g)
    net = mlp([2, 8, 2], batch_norm=True, generator=g)
    nearest = deep_energy.NearestNeighbourEntropy(k=1)
    phase = (
        deep_energy.LangevinPhase(n_particles=12, k=2, renewed=0.2)
        if by_langevin
        else deep_energy.GeneratorPhase(deep_energy.Generator(net, 2), nearest)
    )
    plan = deep_energy.Settings(UPDATES, batch_size=8)
    named = {"negative_phase": phase}
    data = torch.randn(30, 2, generator=g)
    return Case(deep_energy.train, (energy, data, plan), plan, generator=g, named=named)


def of_gmmn() -> Case:
    g, plan = seeded(), moment_matching.Settings(UPDATES, batch_size=8)
    net = moment_matching.GMMN(2, (8,), 2, generator=g)
    named = {"kernel": moment_matching.GaussianLadder(1.0, rungs=2)}
    parts = net, torch.rand(20, 2, generator=g), plan
    train = moment_matching.train
    return Case(train, parts, plan, generator=g, named=named, too_fast=None)  # its outputs saturate


def of_codes() -> Case:
    g, plan = seeded(), moment_matching.AutoEncoderSettings(UPDATES, batch_size=8)
    model = moment_matching.AutoEncoder(4, (5,), 2, generator=g)
    parts = model, torch.rand(20, 4, generator=g), plan
    return Case(moment_matching.train_autoencoder, parts, plan, generator=g, too_fast=None)


def of_flow() -> Case:
    plan = moment_matching.FlowSettings(UPDATES)
    points = moment_matching.Particles(torch.randn(9, 2, generator=seeded()))
    parts = points, torch.randn(12, 2, generator=seeded(1)), plan
    named = {"kernel": moment_matching.Gaussian([0.5, 2.0])}
    return Case(moment_matching.flow, parts, plan, named=named)


def of_denoiser(scheme: denoising.Scheme | None) -> Case:
    g, plan = seeded(), denoising.Settings(UPDATES, batch_size=8)
    parts = denoising.GaussianDenoiser(2, (6,), generator=g), torch.randn(20, 2, generator=g), plan
    named = {"corruption": denoising.GaussianNoise(0.2), "scheme": scheme}
    return Case(denoising.train, parts, plan, generator=g, named=named)


def of_levels() -> Case:
    g, plan = seeded(), denoising.Settings(UPDATES, batch_size=8)
    model = denoising.LevelDenoiser(2, 1.0, (6,), generator=g)
    named = {"levels": denoising.NoiseLevels(0.1, 2.0)}
    parts = model, torch.randn(20, 2, generator=g), plan
    return Case(denoising.train_levels, parts, plan, generator=g, named=named)


def of_walkers() -> Case:
    noise, denoiser = (
        denoising.GaussianNoise(0.3),
        denoising.GaussianDenoiser(2, generator=seeded()),
    )
    crowds = [
        denoising.Walkers(denoiser, noise, torch.zeros(5, 2), generator=seeded(seed))
        for seed in (1, 2)
    ]
    return Case(denoising.half_steps, (crowds, UPDATES), noise, rate="sigma", too_fast=None)


def of_cycle() -> Case:
    g = seeded()
    model = cycle_gan.for_images(1, width=4, discriminator_width=4, generator=g)
    plan = cycle_gan.Settings(UPDATES, batch_size=2, pool_size=3, mirror=True, warm_up=2)
    parts = model, torch.rand(6, 1, 8, 8, generator=g), torch.rand(5, 1, 8, 8, generator=g), plan
    return Case(cycle_gan.train, parts, plan, rate="generator_rate", generator=g)


def of_unit() -> Case:
    g, plan = seeded(), unit.Settings(UPDATES, batch_size=2)
    model = unit.for_images(1, width=4, n_latent=2, discriminator_width=4, generator=g)
    parts = model, torch.rand(6, 1, 8, 8, generator=g), torch.rand(5, 1, 8, 8, generator=g), plan
    return Case(unit.train, parts, plan, rate="autoencoder_rate", generator=g)


def of_bridge(similarity: vae_gan.Similarity) -> Case:
    g, plan = seeded(), vae_gan.BridgeSettings(UPDATES, batch_size=3, similarity=similarity)
    model = vae_gan.VAEGAN(8, n_latent=3, n_hidden=5, width=4, generator=g)
    parts = model, torch.rand(6, 1, 8, 8, generator=g), plan
    return Case(vae_gan.train_vae_gan, parts, plan, rate="rate", generator=g)


@dataclass
class Plan:
    rate: float = tunable(0.1, 0.0, 1.0)


def students_loop(
    net: Any, seen: list[float], x: Tensor, plan: Plan, *, generator: torch.Generator
) -> Iterator[Step]:
    """What somebody might write in a notebook: gradients that add up, a list, a pool, a mode."""
    for index in range(1, UPDATES + 1):
        noise = torch.randn(x.shape, generator=generator)
        loss = net(net.pool.meet(x + noise, generator=generator)).square().mean()
        loss.backward()
        with torch.no_grad():
            for parameter in net.parameters():
                parameter -= plan.rate * parameter.grad
        seen.append(loss.item())
        net.train(index % 2 == 0)
        yield Step(index, UPDATES, {"loss": loss.detach()})


def of_student() -> Case:
    g, plan = seeded(), Plan()
    net = mlp([2, 4, 1], batch_norm=True, generator=g)
    net.pool = ImagePool(5)
    parts = net, [0.5], torch.randn(8, 2, generator=g), plan
    return Case(students_loop, parts, plan, rate="rate", generator=g, too_fast=None)


CASES: dict[str, Callable[[], Case]] = {
    "CD": lambda: of_rbm(rbm.ContrastiveDivergence(2)),
    "PCD": lambda: of_rbm(rbm.PersistentCD(7)),
    "PCD, not placed yet": lambda: of_rbm(rbm.PersistentCD(7), place=False),
    "PCD, bfloat16": lambda: of_rbm(rbm.PersistentCD(7), precision="bfloat16"),
    "FPCD": lambda: of_rbm(rbm.FastPersistentCD(7)),
    "infinite crowd": of_crowd,
    "energy by generator": lambda: of_energy(by_langevin=False),
    "energy by Langevin": lambda: of_energy(by_langevin=True),
    "GMMN": of_gmmn,
    "auto-encoder": of_codes,
    "flow": of_flow,
    "denoiser, no scheme": lambda: of_denoiser(None),
    "denoiser, simple": lambda: of_denoiser(denoising.Simple()),
    "denoiser, walkback": lambda: of_denoiser(denoising.Walkback(0.5)),
    "denoiser, fixed walkback": lambda: of_denoiser(denoising.FixedWalkback(2)),
    "denoiser, persistent walkback": lambda: of_denoiser(denoising.PersistentWalkback(0.7)),
    "denoiser, all levels": of_levels,
    "walkers": of_walkers,
    "CycleGAN": of_cycle,
    "UNIT": of_unit,
    "VAE": lambda: of_bridge("pixels"),
    "VAE-GAN": lambda: of_bridge("features"),
    "a student's loop": of_student,
}
every_case = pytest.mark.parametrize("make", CASES.values(), ids=CASES)


def outcome(steps: Steps, case: Case) -> Any:
    """All metrics of a run, and all that it leaves behind."""
    metrics = [(step.index, step.total, content(dict(step.metrics))) for step in steps]
    return metrics, content(case.mutable)


@every_case
def test_the_first_run_is_a_plain_call(make):
    plain, case = make(), make()
    expected = outcome(plain.plain(), plain)
    assert outcome(case.repeatable()(), case) == expected
    assert content(make().mutable) != expected[1]  # otherwise nothing would have been tested


@every_case
def test_after_a_partial_a_whole_and_a_diverged_run_it_is_the_same_bit_for_bit(make):
    case = make()
    begin, state = case.repeatable(), content(case.mutable)
    first = outcome(begin(), case)
    for spoil in (stop_early, go_to_the_end, diverge):
        spoil(begin(), case)
        steps = begin()
        assert content(case.mutable) == state, spoil.__name__
        assert outcome(steps, case) == first, spoil.__name__


def stop_early(steps: Steps, case: Case) -> None:
    next(steps)
    next(steps)


def go_to_the_end(steps: Steps, case: Case) -> None:
    finish(steps)


def diverge(steps: Steps, case: Case) -> None:
    """Until the guard stops it, and for good measure with the worst that a run can leave behind."""
    if case.too_fast is not None:
        rate = getattr(case.settings, case.rate)
        setattr(case.settings, case.rate, case.too_fast)
        with pytest.raises(DivergenceError):
            finish(steps)
        setattr(case.settings, case.rate, rate)
    for part in case.mutable:
        if isinstance(part, nn.Module):
            for parameter in part.parameters():
                parameter.data.fill_(math.nan)


@every_case
def test_what_a_slider_has_set_stays_and_is_used(make):
    moved, case = make(), make()
    begin = case.repeatable()
    stop_early(begin(), case)
    for each in (moved, case):
        setattr(each.settings, each.rate, 0.25 * getattr(each.settings, each.rate))
    value = getattr(case.settings, case.rate)
    expected = outcome(moved.plain(), moved)
    for _ in range(3):
        assert outcome(begin(), case) == expected
        assert getattr(case.settings, case.rate) == value


@every_case
def test_objects_stay_the_ones_that_they_are(make):
    def objects(case: Case) -> list[int]:
        modules = [part for part in case.mutable if isinstance(part, nn.Module)]
        inside = [each for net in modules for each in (*net.modules(), *net.state_dict().values())]
        held = [value for part in case.mutable for value in getattr(part, "__dict__", {}).values()]
        kept = [value for value in held if isinstance(value, nn.Module | Tensor)]
        return [id(each) for each in (*case.mutable, *modules, *kept)] + [
            each.data_ptr() if isinstance(each, Tensor) else id(each) for each in inside
        ]

    case = make()
    begin, before = case.repeatable(), objects(case)
    for _ in range(3):
        stop_early(begin(), case)
    begin()
    assert objects(case) == before


@every_case
def test_data_are_neither_copied_nor_touched(make, monkeypatch):
    case = make()
    data = [part for part in case.parts if isinstance(part, Tensor)]
    versions, copied, clone = [each._version for each in data], [], Tensor.clone
    with monkeypatch.context() as patch:
        patch.setattr(Tensor, "clone", lambda self, *a, **k: copied.append(self) or clone(self))
        begin = case.repeatable()
    places = {each.data_ptr() for each in copied}
    for _ in range(2):
        finish(begin())
    assert not places & {each.data_ptr() for each in data}
    assert [each._version for each in data] == versions
