"""CD and PCD with infinitely many samples: what they do on average, and the bias of mean-field CD.

On a machine small enough to enumerate, a crowd of particles is a distribution R over all visible
states, and a Gibbs step is one product with the transition matrix: R := R T. What is left of CD's
error is its bias, and what is left of PCD is the tug-of-war between learning and mixing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import BINARY, NOT_EMPTY, ChainSteps, Natural, door
from lecturekit.evaluation import kl_divergence
from lecturekit.rbm.exact import (
    empirical_distribution,
    exact_gradient,
    exact_visible_distribution,
    expected_energy_gradient,
    gibbs_transition_matrix,
    in_float64,
)
from lecturekit.rbm.model import RBM, Theta, clamp, energy_gradient
from lecturekit.rbm.negative_phase import mean_field_step
from lecturekit.rbm.trainer import SANE, Settings, check_labels
from lecturekit.training import MOST_STEPS, Progress, Step, Steps, guard, tunable


@door
@torch.no_grad()
def expected_cd_gradient(
    model: RBM, data: Annotated[Tensor, "n n_visible", BINARY], k: Natural
) -> Theta:
    """The mean update of CD-k, E_{P Tᵏ}[∇F] − E_P[∇F], with P the data's distribution.

    For k → ∞ it becomes the gradient of the log-likelihood; at k = 0 it is zero.

    Args:
        model: at most 12 visible units.
        data: (n, n_visible) in {0, 1}.
        k: Gibbs steps, ≥ 0.

    Returns:
        Theta in float64.

    Raises:
        ValueError: k is negative, or the model is too large to enumerate.
    """
    if k < 0:
        raise ValueError(f"expected k ≥ 0 Gibbs steps, got {k}")
    start = empirical_distribution(data)
    end = start @ torch.linalg.matrix_power(gibbs_transition_matrix(model), k)
    return expected_energy_gradient(model, end) - expected_energy_gradient(model, start)


@door
@torch.no_grad()
def mean_field_cd_gradient(
    model: RBM, data: Annotated[Tensor, "n n_visible", BINARY], k: ChainSteps
) -> Theta:
    """The update of MF CD-k, the mean over the data's rows v₀ of ∇F(v_k) − ∇F(v₀).

    v_{i+1} = σ(b + W σ(c + Wᵀv_i)) is one mean-field step (`MeanFieldCD`).
    Nothing in it is sampled, so this is the direction itself and not its mean, for a model of any
    size. Unlike that of CD it does not become the gradient of the log-likelihood for k → ∞.

    Args:
        model: any size.
        data: (n, n_visible) in {0, 1}.
        k: mean-field steps, ≥ 0.

    Returns:
        Theta in float64.

    Raises:
        ValueError: k is negative.
    """
    if k < 0:
        raise ValueError(f"expected k ≥ 0 mean-field steps, got {k}")
    theta = in_float64(model)
    start = end = clamp(theta, data.double())
    for _ in range(k):
        end = mean_field_step(theta, end).state
    return energy_gradient(end) - energy_gradient(start)


class Bias(NamedTuple):
    """How far the direction g_k of a method is from the gradient g of the log-likelihood.

    Norms and products are over all of θ.

    Attributes:
        relative_error: ‖g_k − g‖ / ‖g‖, (len(ks),) float64; 1 where nothing moves.
        cosine: gᵀg_k / (‖g‖ ‖g_k‖), (len(ks),) float64; above 0 a small update raises the
            likelihood, NaN where nothing moves.
    """

    relative_error: Tensor
    cosine: Tensor


@door
def cd_bias(
    model: RBM,
    data: Annotated[Tensor, "n n_visible", BINARY],
    ks: Annotated[Sequence[Natural], NOT_EMPTY],
) -> Bias:
    """The bias of CD-k's mean update, for each k.

    Args:
        model, data: as in `expected_cd_gradient`; the gradient must not be zero.
        ks: Gibbs steps, each ≥ 0.
    """
    transition = gibbs_transition_matrix(model)
    start = end = empirical_distribution(data)
    at_start = expected_energy_gradient(model, start)
    directions, taken = {}, 0
    for k in sorted({int(k) for k in ks}):
        for _ in range(k - taken):
            end = end @ transition
        taken = k
        directions[k] = expected_energy_gradient(model, end) - at_start
    return _bias(model, data, [directions[int(k)] for k in ks])


@door
def mean_field_cd_bias(
    model: RBM,
    data: Annotated[Tensor, "n n_visible", BINARY],
    ks: Annotated[Sequence[Natural], NOT_EMPTY],
) -> Bias:
    """The bias of MF CD-k's update, for each k; arguments as in `cd_bias`."""
    return _bias(model, data, [mean_field_cd_gradient(model, data, int(k)) for k in ks])


def _bias(model: RBM, data: Tensor, directions: Sequence[Theta]) -> Bias:
    gradient = _flat(exact_gradient(model, data))
    taken = torch.stack([_flat(direction) for direction in directions])
    lengths = taken.norm(dim=1) * gradient.norm()
    return Bias((taken - gradient).norm(dim=1) / gradient.norm(), taken @ gradient / lengths)


def _flat(direction: Theta) -> Tensor:
    return torch.cat([term.flatten().double() for term in direction])


@dataclass
class CrowdSettings(Settings):
    """`Settings` with the Gibbs steps between two updates; there are no minibatches.

    Without noise a rate of 1 is small; the crowd loses track of the model at some 10.
    """

    learning_rate: float = tunable(1.0, 0.1, 30.0, scale="log", label="learning rate α")
    k: int = tunable(1, 1, 25, label="Gibbs steps k", minimum=1, maximum=MOST_STEPS)


@door
def infinite_crowd(
    model: RBM, data: Annotated[Tensor, "n n_visible", BINARY], settings: CrowdSettings
) -> Steps:
    """PCD with infinitely many particles and the whole of the data: no noise, so no generator.

    One step is R := R Tᵏ, then θ := θ + α (E_R[∇F] − E_P[∇F]), the descent of
    C = KL(P‖Q_θ) − KL(R‖Q_θ) with R held fixed.

    Metrics, in nats:
        kl_data: KL(P‖Q), after the update; what learning is about.
        kl_crowd: KL(R‖Q), after the update; how far the particles are from the model.
        lowered_by_mixing: the fall of KL(R‖Q) in the Gibbs steps, never negative.
        raised_by_learning: the rise of KL(R‖Q) in the update of θ.

    Args:
        model: at most 12 visible units, trained in place.
        data: (n, n_visible) in {0, 1}.
        settings: read anew at every step.

    Raises:
        ValueError: settings or data that do not fit, or a model too large to enumerate.
    """
    check_labels(model, data)
    # looked at after every update, since the divergences below are of distributions alone
    crowd, progress = Crowd(empirical_distribution(data)), Progress()
    return guard(
        _crowd_steps(model, data, settings, crowd, progress),
        model,
        settings,
        owns={"crowd": crowd, "progress": progress},
        sane=SANE,
        every=1,
    )


@dataclass
class Crowd:
    """R, the distribution of infinitely many particles over all visible states."""

    distribution: Tensor


@torch.no_grad()
def _crowd_steps(
    model: RBM, data: Tensor, settings: CrowdSettings, held: Crowd, progress: Progress
) -> Iterator[Step]:
    points = empirical_distribution(data)
    for index in progress.updates(settings.updates):
        crowd = held.distribution
        model_distribution = exact_visible_distribution(model)
        before = kl_divergence(crowd, model_distribution)
        transition = gibbs_transition_matrix(model)
        for _ in range(int(settings.k)):
            crowd = crowd @ transition
        held.distribution = crowd
        mixed = kl_divergence(crowd, model_distribution)
        rate = settings.learning_rate * settings.decay(index)
        gradient = expected_energy_gradient(model, crowd) - expected_energy_gradient(model, points)
        model.ascend(gradient, rate, weight_decay=settings.weight_decay)
        model_distribution = exact_visible_distribution(model)
        if not bool(model_distribution.isfinite().all()):
            yield Step(index, settings.updates, {"kl_data": model_distribution.sum()})
        learned = kl_divergence(crowd, model_distribution)
        metrics = {
            "kl_data": kl_divergence(points, model_distribution),
            "kl_crowd": learned,
            "lowered_by_mixing": before - mixed,
            "raised_by_learning": learned - mixed,
        }
        yield Step(index, settings.updates, metrics)
