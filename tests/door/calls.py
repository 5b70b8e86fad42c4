"""A good call of every public function: what it takes, as small as it can be, by name.

Each is made anew, since a call may change what it is given. `tests/door/bad.py` spoils one argument
after the other.
"""

from __future__ import annotations

import functools
import tempfile
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lecturekit import (
    adversarial,
    cycle_gan,
    data,
    deep_energy,
    denoising,
    evaluation,
    grading,
    live,
    moment_matching,
    networks,
    plots,
    predictions,
    rbm,
    session,
    training,
    unit,
)
from lecturekit.cycle_gan import exact, rotations
from lecturekit.data import densities
from lecturekit.unit import vae_gan


class Call(NamedTuple):
    """A function, and what it is called with, by name."""

    function: Callable[..., Any]
    arguments: dict[str, Any]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bits(n: int, d: int) -> Tensor:
    rows = (torch.rand(n, d, generator=seeded(n + d)) < 0.5).float()
    rows[0], rows[1] = 0.0, 1.0
    return rows


def reals(*size: int) -> Tensor:
    return torch.randn(*size, generator=seeded(len(size) + size[-1]))


def shares(*size: int) -> Tensor:
    return torch.rand(*size, generator=seeded(len(size) + size[-1]))


def chances(*size: int) -> Tensor:
    return shares(*size).softmax(-1)


def machine() -> rbm.RBM:
    return rbm.RBM(4, 3, weight_scale=0.3, generator=seeded())


def classes() -> rbm.ClassRBM:
    return rbm.ClassRBM(4, 3, 2, weight_scale=0.3, generator=seeded())


def state(model: rbm.RBM) -> rbm.State:
    return model.clamp(bits(5, model.n_visible))


def settings(kind: Any, **changes: object) -> Any:
    return kind(**{"updates": 3, **changes})


def energy() -> deep_energy.DeepEnergy:
    features = networks.mlp([2, 4], output=nn.SiLU, generator=seeded())
    return deep_energy.DeepEnergy(features, 2, 4, 3, generator=seeded())


def sampler() -> deep_energy.Generator:
    net = networks.mlp([2, 4, 2], batch_norm=True, generator=seeded())
    return deep_energy.Generator(net, n_latent=2)


def mixture() -> densities.GaussianMixture:
    return densities.GaussianMixture(reals(3, 2), 0.5)


def kernel() -> moment_matching.Gaussian:
    return moment_matching.Gaussian(1.0)


def gmmn() -> moment_matching.GMMN:
    return moment_matching.GMMN(2, [4], 3, generator=seeded())


def autoencoder() -> moment_matching.AutoEncoder:
    return moment_matching.AutoEncoder(4, [3], 2, generator=seeded())


def denoiser() -> denoising.GaussianDenoiser:
    return denoising.GaussianDenoiser(2, [4], generator=seeded())


def leveller() -> denoising.LevelDenoiser:
    return denoising.LevelDenoiser(2, 1.0, [4], generator=seeded())


def cyclegan() -> cycle_gan.CycleGAN:
    return cycle_gan.for_points(2, n_hidden=4, generator=seeded())


def photographs(n: int = 2) -> Tensor:
    return shares(n, 1, 8, 8)


@functools.cache
def _unit() -> unit.UNIT:
    return unit.for_images(1, width=4, n_latent=2, discriminator_width=4, generator=seeded())


def coupled() -> unit.UNIT:
    return _unit()


def pairs(n_test: int = 2) -> data.Unpaired:
    tests = photographs(n_test), photographs(n_test)
    return data.Unpaired(photographs(3), photographs(4), *tests)


def steps(n: int = 3) -> Iterator[training.Step]:
    return (training.Step(i, n, {"loss": torch.tensor(1.0)}) for i in range(1, n + 1))


def trains() -> Callable[[], training.Steps]:
    return lambda: steps()


def plane() -> deep_energy.Plane:
    return deep_energy.Plane(resolution=8)


def _rbm() -> Iterator[tuple[str, Call]]:
    yield (
        "RBM",
        Call(
            rbm.RBM,
            {
                "n_visible": 4,
                "n_hidden": 3,
                "weight_scale": 0.1,
                "bias_scale": 0.1,
                "generator": seeded(),
            },
        ),
    )
    for name, argument, width in [
        ("free_energy", "v", 4),
        ("hidden_probabilities", "v", 4),
        ("clamp", "v", 4),
        ("visible_probabilities", "h", 3),
    ]:
        yield f"RBM.{name}", Call(getattr(machine(), name), {argument: bits(5, width)})
    yield "RBM.energy", Call(machine().energy, {"v": bits(5, 4), "h": bits(5, 3)})
    yield (
        "RBM.sample_hidden",
        Call(machine().sample_hidden, {"v": bits(5, 4), "generator": seeded()}),
    )
    yield (
        "RBM.sample_visible",
        Call(machine().sample_visible, {"h": bits(5, 3), "generator": seeded()}),
    )
    yield "RBM.initialise", Call(machine().initialise, {"generator": seeded(), "data": bits(5, 4)})
    m = machine()
    yield (
        "RBM.ascend",
        Call(m.ascend, {"gradient": m.theta.clone(), "learning_rate": 0.1, "weight_decay": 0.0}),
    )
    yield "RBM.lowered", Call(m.lowered, {"dtype": torch.bfloat16})
    yield (
        "ClassRBM",
        Call(
            rbm.ClassRBM,
            {
                "n_pixels": 4,
                "n_classes": 3,
                "n_hidden": 2,
                "weight_scale": 0.1,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "ClassRBM.join",
        Call(classes().join, {"images": bits(5, 4), "labels": torch.arange(5) % 3}),
    )
    yield "ClassRBM.classify", Call(classes().classify, {"images": bits(5, 4)})
    yield (
        "ClassRBM.label_log_probabilities",
        Call(classes().label_log_probabilities, {"images": bits(5, 4)}),
    )
    yield "ClassRBM.given_label", Call(classes().given_label, {"label": 1})
    yield "sample", Call(rbm.sample, {"probabilities": shares(5, 4), "generator": seeded()})
    yield "log_odds", Call(rbm.log_odds, {"data": bits(5, 4)})
    yield "energy_gradient", Call(rbm.energy_gradient, {"state": state(machine())})
    yield (
        "gibbs_step",
        Call(
            rbm.gibbs_step,
            {
                "theta": machine().theta,
                "state": state(machine()),
                "n_classes": 0,
                "generator": seeded(),
            },
        ),
    )
    yield "states", Call(rbm.states, {"n_units": 3, "like": torch.zeros(1)})
    yield "state_index", Call(rbm.state_index, {"v": bits(5, 4)})
    yield "empirical_distribution", Call(rbm.empirical_distribution, {"v": bits(5, 4)})
    for function in (rbm.exact_log_partition, rbm.exact_visible_distribution, rbm.energy_wells):
        yield function.__name__, Call(function, {"model": machine()})
    for function in (rbm.exact_log_likelihood, rbm.exact_gradient, rbm.pseudo_log_likelihood):
        yield function.__name__, Call(function, {"model": machine(), "v": bits(5, 4)})
    yield (
        "expected_energy_gradient",
        Call(
            rbm.expected_energy_gradient, {"model": machine(), "distribution": chances(16).double()}
        ),
    )
    yield (
        "gibbs_transition_matrix",
        Call(rbm.gibbs_transition_matrix, {"model": machine(), "layer": "visible"}),
    )
    yield (
        "energy_profile",
        Call(rbm.energy_profile, {"model": machine(), "coordinate": lambda v: v.sum(1)}),
    )
    for function in (rbm.expected_cd_gradient, rbm.mean_field_cd_gradient):
        yield function.__name__, Call(function, {"model": machine(), "data": bits(5, 4), "k": 1})
    for function in (rbm.cd_bias, rbm.mean_field_cd_bias):
        yield (
            function.__name__,
            Call(function, {"model": machine(), "data": bits(5, 4), "ks": [1, 2]}),
        )
    yield "ais_schedule", Call(rbm.ais_schedule, {"n_levels": 30})
    yield (
        "ais_log_partition",
        Call(
            rbm.ais_log_partition,
            {
                "model": machine(),
                "n_runs": 3,
                "n_levels": 30,
                "base_bias": torch.zeros(4),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "raise_log_likelihood",
        Call(
            rbm.raise_log_likelihood,
            {
                "model": machine(),
                "v": bits(5, 4),
                "n_chains": 2,
                "n_levels": 30,
                "base_bias": torch.zeros(4),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "likelihood_bracket",
        Call(
            rbm.likelihood_bracket,
            {
                "model": machine(),
                "v": bits(5, 4),
                "n_rows": 3,
                "n_runs": 3,
                "n_levels": 30,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "train",
        Call(
            rbm.train,
            {
                "model": machine(),
                "data": bits(5, 4),
                "settings": settings(rbm.Settings),
                "negative_phase": rbm.ContrastiveDivergence(),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "infinite_crowd",
        Call(
            rbm.infinite_crowd,
            {"model": machine(), "data": bits(5, 4), "settings": settings(rbm.CrowdSettings)},
        ),
    )
    yield (
        "update",
        Call(
            rbm.update,
            {
                "model": machine(),
                "v": bits(5, 4),
                "negative_phase": rbm.ContrastiveDivergence(),
                "learning_rate": 0.1,
                "weight_decay": 0.0,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "slow_motion",
        Call(
            rbm.slow_motion,
            {
                "model": machine(),
                "v": bits(5, 4),
                "negative_phase": rbm.ContrastiveDivergence(),
                "settings": settings(rbm.Settings),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "WatchedUpdate",
        Call(
            rbm.WatchedUpdate,
            {
                "model": machine(),
                "v": bits(5, 4),
                "negative_phase": rbm.ContrastiveDivergence(),
                "settings": settings(rbm.Settings),
            },
        ),
    )
    for kind in (rbm.ContrastiveDivergence, rbm.MeanFieldCD):
        yield kind.__name__, Call(kind, {"k": 1})
    yield "PersistentCD", Call(rbm.PersistentCD, {"n_particles": 3, "k": 1})
    yield (
        "FastPersistentCD",
        Call(
            rbm.FastPersistentCD,
            {"n_particles": 3, "k": 1, "fast_learning_rate": 0.1, "decay": 0.9},
        ),
    )
    yield (
        "ParallelTempering",
        Call(rbm.ParallelTempering, {"n_particles": 3, "n_levels": 3, "lowest": 0.0, "k": 1}),
    )
    for phase in (rbm.PersistentCD(3), rbm.FastPersistentCD(3), rbm.ParallelTempering(3, 3)):
        yield (
            f"{type(phase).__name__}.initialise",
            Call(phase.initialise, {"data": bits(5, 4), "generator": seeded()}),
        )
        yield (
            f"{type(phase).__name__}.prepare",
            Call(phase.prepare, {"model": machine(), "data": bits(5, 4), "generator": seeded()}),
        )


def _deep_energy() -> Iterator[tuple[str, Call]]:
    features = networks.mlp([2, 4], generator=seeded())
    yield (
        "DeepEnergy",
        Call(
            deep_energy.DeepEnergy,
            {
                "features": features,
                "n_dims": 2,
                "n_features": 4,
                "n_experts": 3,
                "sigma": 1.0,
                "generator": seeded(),
            },
        ),
    )
    yield "DeepEnergy()", Call(energy(), {"x": reals(5, 2)})
    yield "DeepEnergy.initialise", Call(energy().initialise, {"generator": seeded()})
    yield "Generator", Call(deep_energy.Generator, {"net": sampler().net, "n_latent": 2})
    yield "Generator()", Call(sampler(), {"z": reals(5, 2)})
    yield "Generator.generate", Call(sampler().generate, {"z": reals(5, 2)})
    yield "Generator.latent", Call(sampler().latent, {"n": 5, "generator": seeded()})
    yield "Generator.sample", Call(sampler().sample, {"n": 5, "generator": seeded()})
    for function in (deep_energy.energy_and_slope, deep_energy.score):
        yield function.__name__, Call(function, {"energy": energy(), "x": reals(5, 2)})
    yield "steepness", Call(deep_energy.steepness, {"slope": reals(5, 2)})
    yield "gaussian_entropies", Call(deep_energy.gaussian_entropies, {"std": shares(5) + 0.1})
    yield (
        "nearest_neighbour_entropy",
        Call(deep_energy.nearest_neighbour_entropy, {"x": reals(5, 2), "k": 2, "n_dims": 2}),
    )
    yield (
        "NearestNeighbourEntropy",
        Call(deep_energy.NearestNeighbourEntropy, {"k": 2, "n_dims": 2}),
    )
    yield "ChosenEntropy", Call(deep_energy.ChosenEntropy, {"name": "none"})
    yield (
        "Plane",
        Call(
            deep_energy.Plane, {"extent": (-1.0, 1.0, -1.0, 1.0), "resolution": 8, "device": "cpu"}
        ),
    )
    yield "log_partition", Call(deep_energy.log_partition, {"energy": energy(), "plane": plane()})
    yield (
        "log_likelihood",
        Call(deep_energy.log_likelihood, {"energy": energy(), "x": reals(5, 2), "plane": plane()}),
    )
    yield (
        "kl_from",
        Call(
            deep_energy.kl_from,
            {"log_density": mixture().log_prob, "energy": energy(), "plane": plane()},
        ),
    )
    yield (
        "kl_to",
        Call(
            deep_energy.kl_to,
            {"samples": reals(5, 2), "entropy": 1.0, "energy": energy(), "plane": plane()},
        ),
    )
    for function in (deep_energy.penalised_energy, deep_energy.penalty_price):
        yield (
            function.__name__,
            Call(function, {"log_density": mixture().log_prob, "penalty": 0.1, "plane": plane()}),
        )
    yield (
        "langevin_step",
        Call(
            deep_energy.langevin_step,
            {"energy": energy(), "x": reals(5, 2), "step_size": 0.01, "generator": seeded()},
        ),
    )
    yield (
        "GeneratorPhase",
        Call(
            deep_energy.GeneratorPhase,
            {
                "G": sampler(),
                "entropy": deep_energy.NoEntropy(),
                "entropy_weight": 1.0,
                "learning_rate": 1e-3,
            },
        ),
    )
    yield (
        "LangevinPhase",
        Call(
            deep_energy.LangevinPhase, {"n_particles": 8, "k": 2, "step_size": 0.01, "renewed": 0.1}
        ),
    )
    for phase in (deep_energy.GeneratorPhase(sampler()), deep_energy.LangevinPhase(8, 2)):
        name = type(phase).__name__
        yield f"{name}.prepare", Call(phase.prepare, {"data": reals(5, 2), "generator": seeded()})
        phase = (
            deep_energy.GeneratorPhase(sampler())
            if name[0] == "G"
            else deep_energy.LangevinPhase(8, 2)
        )
        phase.prepare(reals(5, 2), generator=seeded())
        yield f"{name}.draw", Call(phase.draw, {"energy": energy(), "n": 4, "generator": seeded()})
        yield (
            f"{name}.train",
            Call(
                deep_energy.train,
                {
                    "energy": energy(),
                    "data": reals(5, 2),
                    "settings": settings(deep_energy.Settings, batch_size=4),
                    "negative_phase": phase,
                    "generator": seeded(),
                },
            ),
        )


def _moment_matching() -> Iterator[tuple[str, Call]]:
    x, y = reals(5, 3), reals(6, 3)
    yield (
        "GMMN",
        Call(
            moment_matching.GMMN,
            {"n_latent": 2, "hidden": [4], "n_features": 3, "bounded": True, "generator": seeded()},
        ),
    )
    yield "GMMN()", Call(gmmn(), {"z": reals(5, 2)})
    yield "GMMN.latents", Call(gmmn().latents, {"n": 3, "generator": seeded()})
    yield "GMMN.sample", Call(gmmn().sample, {"n": 3, "generator": seeded()})
    yield "GMMN.initialise", Call(gmmn().initialise, {"generator": seeded()})
    yield (
        "AutoEncoder",
        Call(
            moment_matching.AutoEncoder,
            {
                "n_features": 4,
                "hidden": [3],
                "n_code": 2,
                "dropout": [0.1, 0.1],
                "generator": seeded(),
            },
        ),
    )
    yield "AutoEncoder()", Call(autoencoder(), {"x": shares(5, 4)})
    yield "AutoEncoder.encode", Call(autoencoder().encode, {"x": shares(5, 4)})
    yield "AutoEncoder.decode", Call(autoencoder().decode, {"h": shares(5, 2)})
    yield (
        "AutoEncoder.logits",
        Call(autoencoder().logits, {"x": shares(5, 4), "generator": seeded()}),
    )
    yield "Gaussian", Call(moment_matching.Gaussian, {"sigma": 1.0})
    yield (
        "GaussianLadder",
        Call(moment_matching.GaussianLadder, {"sigma": 1.0, "rungs": 2, "ratio": 4.0}),
    )
    yield "Polynomial", Call(moment_matching.Polynomial, {"degree": 2, "offset": 1.0})
    yield "RationalQuadratic", Call(moment_matching.RationalQuadratic, {"sigma": 1.0, "alpha": 1.0})
    yield "Gaussian()", Call(kernel(), {"x": x, "y": y})
    yield "mmd2", Call(moment_matching.mmd2, {"x": x, "y": y, "kernel": kernel(), "unbiased": True})
    yield "velocity", Call(moment_matching.velocity, {"x": x, "y": y, "kernel": kernel()})
    yield (
        "witness",
        Call(moment_matching.witness, {"points": reals(4, 3), "x": x, "y": y, "kernel": kernel()}),
    )
    yield (
        "median_heuristic",
        Call(moment_matching.median_heuristic, {"x": x, "y": y, "max_rows": 100}),
    )
    yield (
        "two_sample_test",
        Call(
            moment_matching.two_sample_test,
            {"x": x, "y": y, "kernel": kernel(), "n_permutations": 5, "generator": seeded()},
        ),
    )
    yield (
        "power_criterion",
        Call(moment_matching.power_criterion, {"x": x, "y": reals(5, 3) + 1, "kernel": kernel()}),
    )
    for function in (moment_matching.expected_kernel, moment_matching.population_mmd2):
        yield (
            function.__name__,
            Call(function, {"p": mixture(), "q": mixture(), "kernel": kernel()}),
        )
    yield (
        "population_witness",
        Call(
            moment_matching.population_witness,
            {"points": reals(4, 2), "p": mixture(), "q": mixture(), "kernel": kernel()},
        ),
    )
    yield "Particles", Call(moment_matching.Particles, {"start": x})
    yield (
        "Particles.initialise",
        Call(moment_matching.Particles(x).initialise, {"positions": x + 1}),
    )
    yield (
        "flow",
        Call(
            moment_matching.flow,
            {
                "particles": moment_matching.Particles(x),
                "data": y,
                "settings": settings(moment_matching.FlowSettings),
                "kernel": kernel(),
            },
        ),
    )
    yield (
        "train",
        Call(
            moment_matching.train,
            {
                "model": moment_matching.GMMN(2, [4], 3, bounded=False, generator=seeded()),
                "data": x,
                "settings": settings(moment_matching.Settings, batch_size=4),
                "kernel": kernel(),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "train_autoencoder",
        Call(
            moment_matching.train_autoencoder,
            {
                "model": autoencoder(),
                "data": shares(5, 4),
                "settings": settings(moment_matching.AutoEncoderSettings, batch_size=4),
                "generator": seeded(),
            },
        ),
    )


def _denoising() -> Iterator[tuple[str, Call]]:
    noise, x = denoising.GaussianNoise(0.3), reals(5, 2)
    yield "GaussianNoise", Call(denoising.GaussianNoise, {"sigma": 0.3})
    for kind in (denoising.SaltAndPepper, denoising.Masking):
        yield kind.__name__, Call(kind, {"probability": 0.4})
        yield (
            f"{kind.__name__}.sample",
            Call(kind().sample, {"x": bits(5, 4), "generator": seeded()}),
        )
        yield (
            f"{kind.__name__}.log_prob",
            Call(kind().log_prob, {"x_noisy": bits(5, 4) * 0, "x": bits(5, 4)}),
        )
    yield "GaussianNoise.sample", Call(noise.sample, {"x": x, "generator": seeded()})
    yield "GaussianNoise.log_prob", Call(noise.log_prob, {"x_noisy": x, "x": x + 1})
    yield (
        "GaussianDenoiser",
        Call(
            denoising.GaussianDenoiser,
            {"n_dims": 2, "hidden": [4], "std": 0.1, "feature_gain": 1.0, "generator": seeded()},
        ),
    )
    yield (
        "BernoulliDenoiser",
        Call(denoising.BernoulliDenoiser, {"n_dims": 4, "hidden": [4], "generator": seeded()}),
    )
    yield (
        "LevelDenoiser",
        Call(
            denoising.LevelDenoiser,
            {"n_dims": 2, "data_std": 1.0, "hidden": [4], "generator": seeded()},
        ),
    )
    yield "GaussianDenoiser()", Call(denoiser(), {"x_noisy": x})
    yield (
        "BernoulliDenoiser()",
        Call(denoising.BernoulliDenoiser(4, [4], generator=seeded()), {"x_noisy": bits(5, 4)}),
    )
    yield "LevelDenoiser()", Call(leveller(), {"x_noisy": x, "sigma": torch.full((5, 1), 0.2)})
    yield "LevelDenoiser.at", Call(leveller().at, {"sigma": 0.3})
    yield "exact_denoiser", Call(denoising.exact_denoiser, {"density": mixture(), "sigma": 0.3})
    yield "line_corruption", Call(denoising.line_corruption, {"n_states": 3, "width": 1.0})
    yield "posterior", Call(denoising.posterior, {"prior": chances(3), "corruption": chances(3, 3)})
    for function in (denoising.transition_matrix, denoising.pair_transition_matrix):
        yield (
            function.__name__,
            Call(function, {"corruption": chances(3, 3), "reconstruction": chances(3, 3)}),
        )
    yield (
        "stationary_distribution",
        Call(denoising.stationary_distribution, {"transition": chances(3, 3).double()}),
    )
    yield (
        "total_variation",
        Call(denoising.total_variation, {"p": chances(3), "q": chances(3).flip(0)}),
    )
    yield (
        "gaussian_chain_variance",
        Call(denoising.gaussian_chain_variance, {"std": 1.0, "sigma": 0.3, "use_mean": False}),
    )
    yield "step_weights", Call(denoising.step_weights, {"probability": 0.5, "n": 4})
    for kind in (denoising.Walkback, denoising.PersistentWalkback):
        yield kind.__name__, Call(kind, {"probability": 0.5})
    yield "FixedWalkback", Call(denoising.FixedWalkback, {"n_steps": 2})
    for scheme in (denoising.Simple(), denoising.Walkback(), denoising.FixedWalkback(2)):
        yield (
            f"{type(scheme).__name__}.log_likelihood",
            Call(
                scheme.log_likelihood,
                {"denoise": denoiser(), "corruption": noise, "x": x, "generator": seeded()},
            ),
        )
    yield "score", Call(denoising.score, {"denoise": denoiser(), "x_noisy": x, "sigma": 0.3})
    yield (
        "score_error",
        Call(
            denoising.score_error,
            {
                "denoise": denoiser(),
                "density": mixture(),
                "sigma": 0.3,
                "n": 10,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "posterior_mean_by_quadrature",
        Call(
            denoising.posterior_mean_by_quadrature,
            {
                "log_prob": lambda g: -g.square()[:, 0],
                "x_noisy": torch.tensor([[-1.0], [0.0], [1.0]]),
                "sigma": 0.3,
                "grid": torch.linspace(-3, 3, 50)[:, None],
            },
        ),
    )
    yield (
        "chain",
        Call(
            denoising.chain,
            {
                "denoise": denoiser(),
                "corruption": noise,
                "start": x,
                "use_mean": False,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "run_chain",
        Call(
            denoising.run_chain,
            {
                "denoise": denoiser(),
                "corruption": noise,
                "start": x,
                "n_steps": 2,
                "use_mean": False,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "Walkers",
        Call(
            denoising.Walkers,
            {"denoise": denoiser(), "corruption": noise, "start": x, "generator": seeded()},
        ),
    )
    walkers = denoising.Walkers(denoiser(), noise, x, generator=seeded())
    yield "accompany", Call(denoising.accompany, {"steps": steps(), "crowds": [walkers]})
    yield "half_steps", Call(denoising.half_steps, {"crowds": [walkers], "total": 2})
    yield "NoiseLevels", Call(denoising.NoiseLevels, {"low": 0.1, "high": 1.0})
    levels = denoising.NoiseLevels(0.1, 1.0)
    yield "NoiseLevels.ladder", Call(levels.ladder, {"n": 3})
    yield "NoiseLevels.draw", Call(levels.draw, {"n": 3, "generator": seeded()})
    yield (
        "annealed_chain",
        Call(
            denoising.annealed_chain,
            {"denoise_at": leveller().at, "sigmas": [1.0, 0.5], "start": x, "generator": seeded()},
        ),
    )
    yield (
        "ddim_step",
        Call(denoising.ddim_step, {"x": x, "denoised": x + 1, "now": 1.0, "then": 0.5}),
    )
    yield (
        "ancestral_step",
        Call(
            denoising.ancestral_step,
            {"x": x, "denoised": x + 1, "now": 1.0, "then": 0.5, "generator": seeded()},
        ),
    )
    yield (
        "heun_step",
        Call(
            denoising.heun_step,
            {"x": x, "denoised": x + 1, "now": 1.0, "then": 0.5, "denoise_then": lambda z: z},
        ),
    )
    yield (
        "langevin_step",
        Call(
            denoising.langevin_step,
            {"x": x, "denoised": x + 1, "now": 1.0, "rate": 0.5, "generator": seeded()},
        ),
    )
    yield "Sampling", Call(denoising.Sampling, {"sampler": "DDIM", "evaluations": 4})
    yield (
        "sample_path",
        Call(
            denoising.sample_path,
            {
                "denoise_at": leveller().at,
                "levels": levels,
                "sampling": denoising.Sampling(evaluations=4),
                "n": 3,
                "n_dims": 2,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "train",
        Call(
            denoising.train,
            {
                "model": denoiser(),
                "data": x,
                "settings": settings(denoising.Settings, batch_size=4),
                "corruption": noise,
                "scheme": denoising.Walkback(),
                "generator": seeded(),
            },
        ),
    )
    yield (
        "train_levels",
        Call(
            denoising.train_levels,
            {
                "model": leveller(),
                "data": x,
                "settings": settings(denoising.Settings, batch_size=4),
                "levels": levels,
                "generator": seeded(),
            },
        ),
    )


def _cycle_gan() -> Iterator[tuple[str, Call]]:
    x, y, model = reals(4, 2), reals(5, 2), cyclegan()
    yield (
        "for_points",
        Call(cycle_gan.for_points, {"n_dims": 2, "n_hidden": 4, "generator": seeded()}),
    )
    yield (
        "for_images",
        Call(
            cycle_gan.for_images,
            {
                "n_channels": 1,
                "width": 4,
                "back_width": 4,
                "n_blocks": 1,
                "discriminator_width": 4,
                "skip": "gate",
                "patch": 2,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "Translator",
        Call(
            cycle_gan.Translator,
            {
                "n_channels": 1,
                "width": 4,
                "n_blocks": 1,
                "skip": "gate",
                "patch": 2,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "Translator()",
        Call(cycle_gan.Translator(1, 4, 1, generator=seeded()), {"x": photographs()}),
    )
    yield "CycleGAN.to_y", Call(model.to_y, {"x": x})
    yield "CycleGAN.to_x", Call(model.to_x, {"y": y})
    yield "CycleGAN.initialise", Call(cyclegan().initialise, {"generator": seeded()})
    for function in (cycle_gan.cycle_loss, cycle_gan.identity_loss):
        yield function.__name__, Call(function, {"G": model.G, "F": model.F, "x": x, "y": y})
    yield (
        "generator_terms",
        Call(
            cycle_gan.generator_terms,
            {
                "model": model,
                "x": x,
                "y": y,
                "objective": "least squares",
                "with_cycle": True,
                "with_identity": True,
            },
        ),
    )
    yield (
        "discriminator_terms",
        Call(
            cycle_gan.discriminator_terms,
            {
                "model": model,
                "x": x,
                "y": y,
                "fake_x": x,
                "fake_y": y,
                "objective": "least squares",
            },
        ),
    )
    yield "once", Call(cycle_gan.once, {"f": model.G})
    yield "stirred", Call(cycle_gan.stirred, {"density": mixture(), "x": x, "time": 0.5})
    yield (
        "train",
        Call(
            cycle_gan.train,
            {
                "model": cyclegan(),
                "x": x,
                "y": y,
                "settings": settings(cycle_gan.Settings),
                "generator": seeded(),
            },
        ),
    )


def _unit_room() -> Iterator[tuple[str, Call]]:
    model, x1, x2 = coupled(), photographs(2), photographs(2).flip(0)
    made = unit.streams(model, x1, x2, generator=seeded())
    yield (
        "for_images",
        Call(
            unit.for_images,
            {
                "n_channels": 1,
                "width": 4,
                "n_latent": 2,
                "patch": 2,
                "n_own_blocks": 1,
                "n_shared_blocks": 1,
                "shared": True,
                "alike": True,
                "discriminator_width": 4,
                "generator": seeded(),
            },
        ),
    )
    for name, argument in (("encode_1", "x1"), ("encode_2", "x2"), ("to_2", "x1"), ("to_1", "x2")):
        yield f"UNIT.{name}", Call(getattr(model, name), {argument: x1})
    yield "UNIT.decode", Call(model.decode, {"z": model.encode_1(x1).detach()})
    yield "streams", Call(unit.streams, {"model": model, "x1": x1, "x2": x2, "generator": seeded()})
    for function in (unit.autoencoder_terms, unit.discriminator_terms):
        yield (
            function.__name__,
            Call(
                function,
                {"model": model, "x1": x1, "x2": x2, "made": made, "objective": "least squares"},
            ),
        )
    yield (
        "gaussian_kl",
        Call(unit.gaussian_kl, {"mean": reals(4, 2), "log_variance": reals(4, 2) * 0.1}),
    )
    yield "kl_to_prior", Call(unit.kl_to_prior, {"mean": reals(4, 2)})
    yield "laplace_error", Call(unit.laplace_error, {"images": x1, "truth": x2})
    yield "along", Call(unit.along, {"codes": reals(4, 2), "position": 0.5})
    yield (
        "codes_that_meet",
        Call(unit.codes_that_meet, {"codes_1": reals(4, 2), "codes_2": reals(4, 2) + 1}),
    )
    linear = unit.LinearGaussian(reals(3, 2), reals(3), 0.5)
    yield (
        "LinearGaussian",
        Call(unit.LinearGaussian, {"W": reals(3, 2), "b": reals(3), "noise": 0.5}),
    )
    yield "LinearGaussian.log_likelihood", Call(linear.log_likelihood, {"x": reals(4, 3)})
    yield "LinearGaussian.posterior", Call(linear.posterior, {"x": reals(4, 3)})
    q = linear.posterior(reals(4, 3))
    yield "LinearGaussian.bound", Call(linear.bound, {"x": reals(4, 3), "q": q})
    yield (
        "LinearGaussian.expected_log_density",
        Call(linear.expected_log_density, {"x": reals(4, 3), "q": q}),
    )
    yield "Gaussian", Call(unit.Gaussian, {"mean": reals(4, 2), "covariance": torch.eye(2)})
    yield "kl", Call(unit.kl, {"q": q, "p": q})
    yield "parts", Call(unit.parts, {"model": model})
    weights = settings(unit.Settings)
    yield (
        "weighted",
        Call(
            unit.weighted,
            {
                "terms": unit.autoencoder_terms(model, x1, x2, made, "least squares")[0],
                "weights": weights,
            },
        ),
    )
    yield (
        "reach",
        Call(
            unit.reach,
            {
                "model": model,
                "x1": x1,
                "x2": x2,
                "weights": weights,
                "objective": "least squares",
                "generator": seeded(),
            },
        ),
    )
    yield (
        "train",
        Call(
            unit.train,
            {
                "model": model,
                "x1": x1,
                "x2": x2,
                "settings": settings(unit.Settings, batch_size=2),
                "generator": seeded(),
            },
        ),
    )


def _evaluation() -> Iterator[tuple[str, Call]]:
    x, y = reals(12, 2), reals(14, 2)
    judge = evaluation.Classifier((8, 8), 2, 4, generator=seeded())
    yield (
        "Classifier",
        Call(
            evaluation.Classifier,
            {"image_shape": (8, 8), "n_classes": 2, "n_hidden": 4, "generator": seeded()},
        ),
    )
    yield "Classifier()", Call(judge, {"images": shares(4, 8, 8)})
    yield "Classifier.predict", Call(judge.predict, {"images": shares(4, 8, 8)})
    yield (
        "Classifier.agreement",
        Call(judge.agreement, {"images": shares(4, 8, 8), "labels": torch.arange(4) % 2}),
    )
    yield (
        "train_classifier",
        Call(
            evaluation.train_classifier,
            {
                "images": shares(4, 8, 8),
                "labels": torch.arange(4) % 2,
                "n_hidden": 4,
                "updates": 2,
                "batch_size": 2,
                "learning_rate": 0.01,
                "generator": seeded(),
            },
        ),
    )
    yield "autocorrelation", Call(evaluation.autocorrelation, {"series": reals(9, 2), "max_lag": 3})
    yield "effective_sample_size", Call(evaluation.effective_sample_size, {"series": reals(9)})
    yield (
        "label_switches",
        Call(evaluation.label_switches, {"labels": torch.arange(12).reshape(6, 2) % 3}),
    )
    yield "nearest_distances", Call(evaluation.nearest_distances, {"samples": x, "data": y})
    yield "kernel_distance", Call(evaluation.kernel_distance, {"real": x, "made": y, "n_parts": 3})
    yield (
        "kl_divergence",
        Call(evaluation.kl_divergence, {"p": chances(5), "q": chances(5).flip(0)}),
    )
    yield "mode_coverage", Call(evaluation.mode_coverage, {"samples": x, "mixture": mixture()})
    yield "neighbour_coverage", Call(evaluation.neighbour_coverage, {"real": x, "made": y, "k": 2})
    yield "occupancy", Call(evaluation.occupancy, {"samples": bits(9, 4), "patterns": bits(3, 4)})
    yield (
        "parzen_log_density",
        Call(evaluation.parzen_log_density, {"samples": x, "points": y, "width": 0.5}),
    )
    yield (
        "best_width",
        Call(evaluation.best_width, {"samples": x, "validation": y, "widths": [0.1, 1.0]}),
    )
    yield (
        "parzen_log_likelihood",
        Call(
            evaluation.parzen_log_likelihood,
            {"samples": x, "validation": y, "test": reals(5, 2), "widths": [0.1, 1.0]},
        ),
    )
    for function in (evaluation.pattern_correlation, evaluation.pixel_error):
        yield (
            function.__name__,
            Call(
                function,
                {
                    "images": photographs(3),
                    "truth": photographs(3).flip(0),
                    "region": shares(3, 8, 8),
                },
            ),
        )
    yield (
        "spectral_gap",
        Call(
            evaluation.spectral_gap,
            {
                "transition": torch.tensor([[0.5, 0.5], [0.5, 0.5]]).double(),
                "stationary": torch.tensor([0.5, 0.5]).double(),
            },
        ),
    )
    yield (
        "translation_report",
        Call(
            evaluation.translation_report,
            {"to_y": lambda z: z, "to_x": lambda z: z, "pairs": pairs(n_test=6)},
        ),
    )


def _data() -> Iterator[tuple[str, Call]]:
    yield "bars_and_stripes", Call(data.bars_and_stripes, {"side": 3})
    yield "digits", Call(data.digits, {"split": "train"})
    yield "mnist", Call(data.mnist, {"split": "train"})
    yield "hadamard_patterns", Call(data.hadamard_patterns, {"n_bits": 8, "count": 3})
    yield (
        "flip",
        Call(
            data.flip, {"patterns": bits(3, 4), "n": 5, "probability": 0.1, "generator": seeded()}
        ),
    )
    yield "threshold", Call(data.threshold, {"images": shares(3, 8, 8), "level": 0.4})
    yield "outline", Call(data.outline, {"images": shares(3, 1, 8, 8)})
    yield "draw_scenes", Call(data.draw_scenes, {"n": 2, "side": 16, "generator": seeded()})
    yield (
        "plain_and_striped",
        Call(
            data.plain_and_striped, {"n_train": 2, "n_test": 2, "side": 16, "generator": seeded()}
        ),
    )
    yield "painted", Call(data.painted, {"photographs": shares(2, 3, 8, 8), "style": "dots"})
    yield (
        "photographs_and_paintings",
        Call(
            data.photographs_and_paintings,
            {"style": "haze", "n_train": 2, "n_test": 2, "side": 16, "generator": seeded()},
        ),
    )
    yield (
        "digits_and_outlines",
        Call(data.digits_and_outlines, {"side": 8, "n_test": 5, "generator": seeded()}),
    )
    yield (
        "GaussianMixture",
        Call(
            densities.GaussianMixture,
            {"means": reals(3, 2), "stds": shares(3) + 0.1, "weights": chances(3)},
        ),
    )
    yield "GaussianMixture.log_prob", Call(mixture().log_prob, {"x": reals(4, 2)})
    yield "GaussianMixture.score", Call(mixture().score, {"x": reals(4, 2)})
    yield "GaussianMixture.sample", Call(mixture().sample, {"n": 4, "generator": seeded()})
    yield "GaussianMixture.smoothed", Call(mixture().smoothed, {"sigma": 0.4})
    for function, sizes in {
        densities.ring: {"n_modes": 3, "radius": 2.0, "std": 0.1},
        densities.grid: {"side": 2, "spacing": 1.0, "std": 0.1},
        densities.circle: {"radius": 2.0, "std": 0.2},
        densities.two_moons: {"std": 0.2},
        densities.spiral: {"turns": 1.0, "radius": 2.0, "std": 0.3},
        densities.two_spirals: {"turns": 1.0, "radius": 2.0, "std": 0.3},
        densities.four_spin: {"n_arms": 2, "radius": 2.0, "std": 0.3},
    }.items():
        yield function.__name__, Call(function, dict(sizes))


def _networks() -> Iterator[tuple[str, Call]]:
    yield (
        "linear",
        Call(
            networks.linear,
            {"n_in": 2, "n_out": 3, "gain": 1.0, "bias": True, "generator": seeded()},
        ),
    )
    yield (
        "mlp",
        Call(
            networks.mlp,
            {"sizes": [2, 4, 1], "activation": nn.ReLU, "batch_norm": False, "generator": seeded()},
        ),
    )
    yield (
        "convolution",
        Call(
            networks.convolution,
            {
                "n_in": 1,
                "n_out": 2,
                "size": 3,
                "stride": 1,
                "gain": 1.0,
                "bias": True,
                "generator": seeded(),
            },
        ),
    )
    yield (
        "normalised_convolution",
        Call(
            networks.normalised_convolution,
            {"n_in": 1, "n_out": 2, "size": 3, "stride": 1, "gain": 1.0, "generator": seeded()},
        ),
    )
    yield "ResidualBlock", Call(networks.ResidualBlock, {"n_channels": 2, "generator": seeded()})
    yield (
        "ResidualBlock()",
        Call(networks.ResidualBlock(1, generator=seeded()), {"x": photographs()}),
    )
    yield (
        "PatchDiscriminator",
        Call(networks.PatchDiscriminator, {"n_channels": 1, "width": 2, "generator": seeded()}),
    )
    yield (
        "PatchDiscriminator()",
        Call(networks.PatchDiscriminator(1, 2, generator=seeded()), {"images": photographs()}),
    )
    net = networks.mlp([2, 3, 1], generator=seeded())
    yield "initialise", Call(networks.initialise, {"net": net, "generator": seeded()})
    yield "running_average", Call(networks.running_average, {"net": net})
    yield (
        "initialise_average",
        Call(
            networks.initialise_average,
            {"average": torch.optim.swa_utils.AveragedModel(net), "net": net},
        ),
    )
    yield "Linear.initialise", Call(net[0].initialise, {"generator": seeded()})
    yield (
        "discriminator_loss",
        Call(
            adversarial.discriminator_loss,
            {"real": reals(4), "fake": reals(4) + 1, "objective": "least squares"},
        ),
    )
    yield (
        "generator_loss",
        Call(adversarial.generator_loss, {"fake": reals(4), "objective": "saturating"}),
    )
    yield (
        "exchange",
        Call(
            adversarial.exchange,
            {
                "kept": reals(4, 2),
                "fresh": reals(4, 2) + 1,
                "swap": torch.tensor([True, False, True, False]),
            },
        ),
    )
    yield "ImagePool", Call(adversarial.ImagePool, {"size": 3})
    yield (
        "ImagePool.meet",
        Call(adversarial.ImagePool(3).meet, {"fresh": reals(4, 2), "generator": seeded()}),
    )


def _training() -> Iterator[tuple[str, Call]]:
    net = networks.mlp([2, 1], generator=seeded())
    schedule = training.Schedule(updates=3)
    yield "Descent", Call(training.Descent, {"trained": net, "betas": (0.9, 0.99), "ascent": False})
    yield (
        "minibatches",
        Call(training.minibatches, {"data": reals(5, 2), "batch_size": 2, "generator": seeded()}),
    )
    yield "measure", Call(training.measure, {"steps": steps(), "every": 1})
    yield "finish", Call(training.finish, {"steps": steps()})
    yield "clocked", Call(training.clocked, {"steps": steps()})
    yield (
        "guard",
        Call(training.guard, {"steps": steps(), "model": net, "settings": schedule, "every": 1}),
    )
    yield "side_by_side", Call(training.side_by_side, {"runs": {"a": steps()}, "until": "first"})
    yield "race", Call(training.race, {"runs": {"a": trains()}, "until": "first"})
    yield "relay", Call(training.relay, {"runs": [trains()]})
    yield "Repeatable.measured", Call(training.Repeatable(trains()).measured, {"every": 1})
    yield "Repeatable", Call(training.Repeatable, {"begin": trains()})
    yield "Snapshot", Call(training.Snapshot, {"parts": {"net": net}})
    yield "limited", Call(training.limited, {"default": 1.0, "minimum": 0.0, "maximum": 2.0})
    yield (
        "tunable",
        Call(
            training.tunable,
            {"default": 1.0, "low": 0.5, "high": 2.0, "scale": "linear", "label": "x"},
        ),
    )
    yield "choice", Call(training.choice, {"default": "a", "options": ["a", "b"], "label": "x"})
    yield (
        "linear_decay",
        Call(training.linear_decay, {"index": 1, "total": 3, "constant_share": 0.5}),
    )
    for function in (training.choices, training.tunables, training.check_settings):
        yield function.__name__, Call(function, {"settings": schedule})
    yield "start", Call(session.start, {"profile": "smoke", "seed": 0})
    began = session.Session("smoke", 0, torch.device("cpu"))
    yield "Session.generator", Call(began.generator, {"stream": 1})
    yield (
        "Session.claim",
        Call(began.claim, {"sentence": "so it is", "holds": True, "numbers": {"gap": 1.0}}),
    )
    yield (
        "Session.identity",
        Call(
            began.identity,
            {
                "sentence": "so it is",
                "left": torch.ones(2),
                "right": torch.ones(2),
                "tolerance": 1e-5,
                "size": 1.0,
            },
        ),
    )


def _plots() -> Iterator[tuple[str, Call]]:
    words = {"title": "T", "xlabel": "x", "ylabel": "y"}
    yield (
        "curves",
        Call(
            plots.curves,
            {
                "lines": {"a": ([1, 2], [3.0, 4.0])},
                **words,
                "references": {"r": 1.0},
                "xscale": "linear",
                "yscale": "log",
                "xlim": (0.0, 1.0),
                "shape": 1.5,
                "alt": "w",
            },
        ),
    )
    yield (
        "bars",
        Call(
            plots.bars,
            {"groups": {"a": [1.0, 2.0]}, **words, "categories": ["p", "q"], "shape": 1.5},
        ),
    )
    yield (
        "histogram",
        Call(
            plots.histogram,
            {
                "samples": {"a": reals(9)},
                "title": "T",
                "xlabel": "x",
                "bins": 5,
                "yscale": "linear",
            },
        ),
    )
    yield (
        "heatmap",
        Call(
            plots.heatmap,
            {
                "matrix": reals(3, 3),
                **words,
                "unit": "u",
                "signed": True,
                "xticks": ["a", "b", "c"],
                "annotate": True,
                "shape": 1.0,
            },
        ),
    )
    yield (
        "scatter",
        Call(
            plots.scatter,
            {"clouds": {"a": reals(4, 2)}, "title": "T", "extent": (-1.0, 1.0, -1.0, 1.0)},
        ),
    )
    yield (
        "density",
        Call(
            plots.density,
            {
                "function": lambda z: z.sum(1),
                "title": "T",
                "extent": (-1.0, 1.0, -1.0, 1.0),
                "resolution": 5,
                "unit": "u",
                "signed": True,
                "device": "cpu",
            },
        ),
    )
    yield "grid", Call(plots.grid, {"extent": (-1.0, 1.0, -1.0, 1.0), "resolution": 5})
    yield (
        "image_grid",
        Call(
            plots.image_grid,
            {
                "images": shares(4, 8, 8),
                "title": "T",
                "columns": 2,
                "captions": ["a", "b", "c", "d"],
                "signed": False,
            },
        ),
    )
    picture = plots.scatter({"a": reals(4, 2)}, "T")
    yield "panels", Call(plots.panels, {"pictures": [picture], "note": "n"})
    yield "Picture.still", Call(picture.still, {"width": 200, "kind": "png"})
    yield "Picture.html", Call(picture.html, {"width": 200})


def _live() -> Iterator[tuple[str, Call]]:
    view = live.View(plots.scatter, {"x": lambda: reals(3, 2)}, "T")
    schedule = settings(rbm.Settings)
    yield (
        "play",
        Call(
            live.play,
            {
                "steps": trains(),
                "views": [view],
                "controls": schedule,
                "playing": False,
                "pace": 3.0,
                "name": "n",
            },
        ),
    )
    yield "explore", Call(live.explore, {"views": [view], "controls": schedule, "name": "n"})
    yield (
        "PaintedImage",
        Call(
            live.PaintedImage,
            {"image": shares(1, 8, 8), "title": "T", "brushes": {"ink": 1.0}, "width": 1.5},
        ),
    )
    yield (
        "PaintedPoints",
        Call(
            live.PaintedPoints,
            {
                "points": reals(5, 2),
                "title": "T",
                "extent": (-2.0, 2.0, -2.0, 2.0),
                "spread": 0.1,
                "density": 60.0,
                "generator": seeded(),
            },
        ),
    )
    yield "finish", Call(live.finish, {"steps": steps(), "name": "n"})
    yield "View", Call(live.View, {"function": plots.use_style})
    yield (
        "Curves",
        Call(
            live.Curves,
            {
                "title": "T",
                "metrics": ["loss"],
                "ylabel": "y",
                "xlabel": "x",
                "against": "loss",
                "xscale": "log",
                "yscale": "log",
                "ylim": (0.0, 1.0),
                "references": {"r": 1.0},
            },
        ),
    )


def family() -> unit.Family:
    return unit.family_for_images(
        2, 1, width=4, n_latent=2, discriminator_width=4, generator=seeded()
    )


def domains() -> data.Domains:
    return data.four_coats(2, 2, side=8, generator=seeded())


def _family() -> Iterator[tuple[str, Call]]:
    model, codes = family(), reals(2, 2, 4, 4)
    sizes = {"width": 4, "n_latent": 2, "patch": 2, "discriminator_width": 4}
    yield (
        "family_for_images",
        Call(
            unit.family_for_images,
            {"n_domains": 2, "n_channels": 1, **sizes, "generator": seeded()},
        ),
    )
    yield "Family.encode", Call(model.encode, {"domain": 0, "x": photographs()})
    yield "Family.decode", Call(model.decode, {"domain": 0, "z": codes})
    yield "Family.translate", Call(model.translate, {"x": photographs(), "source": 0, "target": 1})
    yield "Family.pair", Call(model.pair, {"i": 0, "j": 1})
    yield (
        "train_family",
        Call(
            unit.train_family,
            {
                "family": family(),
                "domains": [photographs(3), photographs(4)],
                "settings": settings(unit.Settings, batch_size=2),
                "generator": seeded(),
            },
        ),
    )


def _several_domains() -> Iterator[tuple[str, Call]]:
    yield (
        "all_ways",
        Call(evaluation.all_ways, {"translate": lambda x, i, j: x, "domains": domains()}),
    )
    yield "off_diagonal", Call(evaluation.off_diagonal, {"table": shares(3, 3)})


def _coats() -> Iterator[tuple[str, Call]]:
    yield "draw_coats", Call(data.draw_coats, {"n": 2, "side": 8, "generator": seeded()})
    yield (
        "four_coats",
        Call(data.four_coats, {"n_train": 2, "n_test": 2, "side": 8, "generator": seeded()}),
    )
    yield "Domains", Call(data.Domains, vars(domains()))
    yield "Unpaired", Call(data.Unpaired, {k: v for k, v in vars(pairs()).items() if v is not None})


def _predictions() -> Iterator[tuple[str, Call]]:
    yield "ask", Call(predictions.ask, {"number": "1.a"})
    asked = predictions.ask("1.a")
    yield "Prediction.commit", Call(asked.commit, {"answer": next(iter(asked.answers))})
    values = {answer: float(place) for place, answer in enumerate(asked.answers)}
    yield (
        "Prediction.judge",
        Call(asked.judge, {"values": values, "close": 0.1, "unit": "nats", "least": False}),
    )


def _grading() -> Iterator[tuple[str, Call]]:
    page = Path(tempfile.gettempdir()) / "page.html"
    graded = grading.Graded("a", page, ())
    call = {"found": [("a", Path(__file__))], "at_once": 1, "seconds": 9.0}
    yield "grade", Call(grading.grade, call)
    yield (
        "Graded",
        Call(grading.Graded, {"student": "a", "path": page, "verdicts": (), "problem": "p"}),
    )
    yield "write_csv", Call(grading.write_csv, {"graded": [graded], "path": page})
    yield "write_page", Call(grading.write_page, {"graded": [graded], "path": page})


def _adversarial() -> Iterator[tuple[str, Call]]:
    call = {"domains": {"x": reals(4, 2), "y": reals(5, 2)}, "model": cyclegan()}
    yield (
        "check_domains",
        Call(adversarial.check_domains, {**call, "generator": seeded(), "points": True}),
    )


def _exact_worlds() -> Iterator[tuple[str, Call]]:
    p, q = chances(1, 4)[0], chances(2, 4)[1]
    D = torch.full((4,), 0.5)
    yield "optimal_discriminator", Call(exact.optimal_discriminator, {"p": p, "q": q})
    for objective in adversarial.OBJECTIVES:
        of = {"q": q, "D": D, "objective": objective}
        yield f"discriminator_value, {objective}", Call(exact.discriminator_value, {"p": p, **of})
        yield f"generator_value, {objective}", Call(exact.generator_value, of)
        divergence = {"p": p, "q": q, "objective": objective}
        yield f"descended_divergence, {objective}", Call(exact.descended_divergence, divergence)
    yield "jensen_shannon", Call(exact.jensen_shannon, {"p": p, "q": q})
    yield "kl", Call(exact.kl, {"p": p, "q": q})
    yield "all_translators", Call(exact.all_translators, {"p_x": p, "p_y": q})
    x, y, angles = reals(5, 2), reals(6, 2), torch.linspace(0, 3, 4)
    yield "energy_distance", Call(rotations.energy_distance, {"x": x, "y": y})
    yield "rotated", Call(rotations.rotated, {"x": x, "angle": 0.5})
    yield "rotated by several", Call(rotations.rotated, {"x": x, "angle": angles})
    yield "rotation_losses", Call(rotations.rotation_losses, {"x": x, "y": y, "angles": angles})
    yield "lowest_minima", Call(rotations.lowest_minima, {"loss": reals(4, 4), "tolerance": 0.1})


def _bridge() -> Iterator[tuple[str, Call]]:
    model = vae_gan.VAEGAN(8, n_latent=2, n_hidden=4, width=2, generator=seeded())
    images = shares(3, 1, 8, 8)
    small = {"n_latent": 2, "n_hidden": 4, "width": 2}
    yield "VAEGAN", Call(vae_gan.VAEGAN, {"side": 8, **small, "generator": seeded()})
    yield "VAEGAN.encode", Call(model.encode, {"images": images})
    yield "VAEGAN.decode", Call(model.decode, {"z": reals(3, 2)})
    yield "VAEGAN.reconstruct", Call(model.reconstruct, {"images": images})
    trained = {"settings": settings(vae_gan.BridgeSettings, batch_size=2), "generator": seeded()}
    yield "bridge_terms", Call(vae_gan.bridge_terms, {"model": model, "x": images, **trained})
    training_of = {"model": model, "images": images, **trained}
    yield "train_vae_gan", Call(vae_gan.train_vae_gan, training_of)
    strokes = {"glyphs": shares(3, 4, 4), "side": 8, "generator": seeded()}
    yield "scattered", Call(vae_gan.scattered, strokes)
    yield "blurred", Call(vae_gan.blurred, {"images": images, "reach": 1})
    both = {"of": lambda x: x, "images": images, "others": images.flip(-1)}
    yield "relative_error", Call(vae_gan.relative_error, both)
    yield "sharpness", Call(vae_gan.sharpness, {"images": images})


def _section_pictures() -> Iterator[tuple[str, Call]]:
    from tests.door.pictures import section_pictures  # which needs what is above

    return section_pictures()


ROOMS: dict[str, Callable[[], Iterator[tuple[str, Call]]]] = {
    "rbm": _rbm,
    "deep_energy": _deep_energy,
    "moment_matching": _moment_matching,
    "denoising": _denoising,
    "cycle_gan": _cycle_gan,
    "unit": _unit_room,
    "evaluation": _evaluation,
    "data": _data,
    "networks": _networks,
    "training": _training,
    "plots": _plots,
    "live": _live,
    "family": _family,
    "several domains": _several_domains,
    "coats": _coats,
    "predictions": _predictions,
    "grading": _grading,
    "adversarial": _adversarial,
    "exact worlds": _exact_worlds,
    "bridge": _bridge,
    "section pictures": _section_pictures,
}


def calls(room: str) -> dict[str, Call]:
    """All good calls of a room."""
    return dict(ROOMS[room]())


def unwrapped(function: Any) -> Any:
    """The object that a method belongs to, or None."""
    return function.__self__ if isinstance(function, types.MethodType) else None
