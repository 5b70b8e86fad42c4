"""Annealed importance sampling: an estimate of log Z for machines of any size."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lecturekit.door import AnyGenerator, In, door
from lecturekit.rbm.enumeration import refuse_softmax
from lecturekit.rbm.model import RBM, sample

TRUSTED_SIZE = 25.0  # runs' worth of weights below which 3σ̂ says little about the truth


class LogPartition(NamedTuple):
    """An estimate of log Z, in nats.

    The interval comes from the weights that were seen. On a rough model few runs find the modes
    that matter; a few weights then decide, the standard error is itself wrong, and the truth is
    often outside. `trusted` says whether that is so. It cannot see a mode that no run has come
    near: `likelihood_bracket` looks from the other side.

    Attributes:
        log_z: log of the mean importance weight, times the Z of the base model.
        low: lower end of the interval, log(Ẑ − 3σ̂); −inf where 3σ̂ exceeds Ẑ.
        high: upper end, log(Ẑ + 3σ̂).
        effective_sample_size: (Σw)² / Σw², from 1 (one run decides) to the number of runs.
        log_weights: (n_runs,) float64, log of each run's estimate of Z.
    """

    log_z: float
    low: float
    high: float
    effective_sample_size: float
    log_weights: Tensor

    @property
    def trusted(self) -> bool:
        """Whether the effective sample size, at least 25, lets the interval be believed."""
        return self.effective_sample_size >= TRUSTED_SIZE


class Path:
    """The distributions P_β between independent pixels (β = 0) and a model (β = 1).

    P_β(v) ∝ f_β(v) = exp((1 − β) b₀·v + β b·v) Π_j (1 + exp(β (c_j + (vᵀW)_j))), and log Z₀ =
    Σ_i softplus(b₀_i) + n_hidden log 2.

    Attributes:
        theta: of the model.
        base: b₀, (n_visible,).

    Raises:
        ValueError: a softmax group in the model, or base_bias of another shape.
    """

    def __init__(self, model: RBM, base_bias: Tensor | None):
        refuse_softmax(model)
        self.theta = model.theta
        zeros = torch.zeros_like(self.theta.b)
        self.base = zeros if base_bias is None else base_bias.to(zeros)
        if self.base.shape != zeros.shape:
            shape = tuple(self.base.shape)
            raise ValueError(f"expected base_bias of shape ({model.n_visible},), got {shape}")

    def log_z_base(self) -> float:
        """log Z₀."""
        n_hidden = len(self.theta.c)
        return softplus(self.base.double()).sum().item() + n_hidden * math.log(2)

    def hidden_field(self, v: Tensor) -> Tensor:
        """c + vᵀW: (n, n_visible) -> (n, n_hidden)."""
        return torch.addmm(self.theta.c, v, self.theta.W)

    def start(self, n: int, *, generator: torch.Generator) -> Tensor:
        """n draws from P_0: (n, n_visible)."""
        return sample(torch.sigmoid(self.base).expand(n, -1), generator=generator)

    def gibbs_step(self, field: Tensor, beta: float, *, generator: torch.Generator) -> Tensor:
        """A Gibbs step that leaves P_β as it is, from the state with this field: (n, n_visible)."""
        h = sample(torch.sigmoid(beta * field), generator=generator)
        visible = torch.addmm(self.theta.b, h, self.theta.W.t(), beta=beta, alpha=beta)
        return sample(visible.add_(self.base, alpha=1 - beta).sigmoid_(), generator=generator)


@door
def ais_schedule(n_levels: Annotated[int, In(29)]) -> Tensor:
    """Inverse temperatures 0 = β_0 < … < β_n = 1, spaced as by Salakhutdinov & Murray (2008).

    Of n levels, 500 in 14500 lead to β = .5, 4000 to .9 and 10000 to 1: dense where the
    distribution changes most.

    Returns:
        (n_levels + 1,) float64.

    Raises:
        ValueError: fewer than 29 levels, which would leave none for the first part.
    """
    if n_levels < 29:
        raise ValueError(f"expected n_levels ≥ 29, got {n_levels}")
    first, second = round(n_levels * 500 / 14500), round(n_levels * 4000 / 14500)
    parts = ((0.0, 0.5, first), (0.5, 0.9, second), (0.9, 1.0, n_levels - first - second))
    pieces = [torch.linspace(a, b, n + 1, dtype=torch.float64)[:-1] for a, b, n in parts]
    return torch.cat([*pieces, torch.ones(1, dtype=torch.float64)])


@door
@torch.no_grad()
def ais_log_partition(
    model: RBM,
    *,
    n_runs: Annotated[int, In(2)] = 100,
    n_levels: Annotated[int, In(29)] = 1000,
    base_bias: Annotated[Tensor, "n_visible"] | None = None,
    generator: AnyGenerator,
) -> LogPartition:
    """Estimate log Z by annealing from independent pixels to the model.

    P_β (see `Path`) leads from independent pixels with bias b₀ to the RBM. A run starts at a draw
    from P_0, gathers log w += log f_β′(v) − log f_β(v) at each level and goes on with a Gibbs step
    that leaves P_β′ as it is. E[w] Z₀ = Z exactly, and log of the mean is low by Jensen's
    inequality: too few levels make log Z too small and likelihoods too good. Whether the interval
    can be believed is told by the result's `trusted`. Salakhutdinov & Murray 2008, section 4.1;
    they take 100 runs of 14500 levels.

    Args:
        model: any size.
        n_runs: independent runs, ≥ 2; they are one batch.
        n_levels: temperatures on the way, ≥ 29.
        base_bias: b₀, (n_visible,); best the data's `log_odds`. Zeros without it.
        generator: source of the samples, on the model's device.

    Raises:
        ValueError: too few runs or levels, or base_bias of another shape.
    """
    if n_runs < 2:
        raise ValueError(f"expected n_runs ≥ 2, got {n_runs}")
    path = Path(model, base_bias)
    betas = ais_schedule(n_levels).tolist()
    v = path.start(n_runs, generator=generator)
    log_w = torch.zeros(n_runs, dtype=torch.float64, device=v.device)
    for cooler, warmer in pairwise(betas):
        field = path.hidden_field(v)  # (n_runs, n_hidden)
        log_w += (warmer - cooler) * (v @ (path.theta.b - path.base))
        log_w += (softplus(warmer * field) - softplus(cooler * field)).sum(1)
        v = path.gibbs_step(field, warmer, generator=generator)
    return _summary(log_w + path.log_z_base())


def _summary(log_weights: Tensor) -> LogPartition:
    top = log_weights.max()
    w = (log_weights - top).exp()
    mean, error = w.mean(), w.std() / math.sqrt(len(w))
    low, high = (mean - 3 * error).clamp(min=0).log() + top, (mean + 3 * error).log() + top
    size = w.sum() ** 2 / (w**2).sum()
    return LogPartition(
        (mean.log() + top).item(), low.item(), high.item(), size.item(), log_weights
    )
