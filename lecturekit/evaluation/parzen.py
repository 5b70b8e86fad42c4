"""Parzen windows: a log-likelihood for models that one can only sample from, with its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import NOT_EMPTY, Positive, door

# From far narrower than any digit's distance to its neighbours, to far wider, in steps of 12 %.
WIDTHS = tuple(torch.logspace(-2, 0.5, 51).tolist())
BLOCK = 1 << 22  # entries of a block of distances: 16 MB in float32


class ParzenEstimate(NamedTuple):
    """A mean log-likelihood by Parzen windows, in nats.

    Attributes:
        log_likelihood: the mean over the test points.
        standard_error: of that mean, from the scatter of the test points alone; what the estimate
            misses because windows are no model is not in it.
        width: the window's standard deviation, in the units of x.
    """

    log_likelihood: float
    standard_error: float
    width: float


@door
def parzen_log_likelihood(
    samples: Annotated[Tensor, "n n_dims"],
    validation: Annotated[Tensor, "m n_dims"],
    test: Annotated[Tensor, "k≥2 n_dims"],
    *,
    widths: Annotated[Sequence[Positive], NOT_EMPTY] = WIDTHS,
) -> ParzenEstimate:
    """The test points' mean log-likelihood under windows at the samples, width by validation.

    The width is the one of `widths` under which the validation points are most likely; the test
    points have no say in it. Breuleux, Bengio & Vincent 2011; the protocol of Goodfellow et al.
    2014 and Li et al. 2015.

    Args:
        samples: (n, n_features), drawn from the model.
        validation: (m, n_features), held-out data.
        test: (t, n_features), other held-out data, t ≥ 2.
        widths: what to choose from, in the units of x.

    Example:
        >>> x = torch.randn(3000, 1, generator=torch.Generator().manual_seed(0))
        >>> estimate = parzen_log_likelihood(x[:1000], x[1000:2000], x[2000:])
        >>> abs(estimate.log_likelihood + 1.42) < 3 * estimate.standard_error  # −½ log 2πe
        True

    Raises:
        ValueError: shapes that do not fit, fewer than two test points, or no width above 0.
    """
    if len(test) < 2:
        raise ValueError(f"expected at least 2 test points for a standard error, got {len(test)}")
    width = best_width(samples, validation, widths=widths)
    log_densities = parzen_log_density(samples, test, width=width)
    return ParzenEstimate(
        log_likelihood=log_densities.mean().item(),
        standard_error=log_densities.std().item() / math.sqrt(len(test)),
        width=width,
    )


@door
def best_width(
    samples: Annotated[Tensor, "n n_dims"],
    validation: Annotated[Tensor, "m n_dims"],
    *,
    widths: Annotated[Sequence[Positive], NOT_EMPTY] = WIDTHS,
) -> float:
    """The width under which the validation points are most likely.

    Args:
        samples: (n, n_features).
        validation: (m, n_features).
        widths: what to choose from, in the units of x.

    Raises:
        ValueError: shapes that do not fit, or no width above 0.
    """
    _check(samples, validation, widths)
    means = torch.zeros(len(widths), dtype=torch.float64)
    for points in validation.split(_rows(samples)):
        squares = _squared_distances(points, samples)
        for place, width in enumerate(widths):
            means[place] += _log_density(squares, width, samples.shape[1]).double().sum().cpu()
    return float(widths[int(means.argmax())])


@door
def parzen_log_density(
    samples: Annotated[Tensor, "n n_dims"],
    points: Annotated[Tensor, "m n_dims"],
    *,
    width: Positive,
) -> Tensor:
    """log p(x) with p(x) = 1/n Σ_i N(x; sample_i, width² I), in nats.

    Distances are taken a block of points at a time, so that memory stays bounded.

    Args:
        samples: (n, n_features), the middles of the windows.
        points: (m, n_features).
        width: the windows' standard deviation, in the units of x.

    Returns:
        (m,)

    Raises:
        ValueError: shapes that do not fit, or a width that is not above 0.
    """
    _check(samples, points, [width])
    blocks = points.split(_rows(samples))
    return torch.cat(
        [_log_density(_squared_distances(x, samples), width, samples.shape[1]) for x in blocks]
    )


def _log_density(squares: Tensor, width: float, n_features: int) -> Tensor:
    n = squares.shape[1]
    log_normaliser = math.log(n) + 0.5 * n_features * math.log(2 * math.pi * width**2)
    return torch.logsumexp(squares / (-2 * width**2), dim=1) - log_normaliser


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """(m, n_features), (n, n_features) → (m, n), by a matrix product.

    Its rounding, magnified by a narrow window, would be seen in float32; Apple's GPUs have no more.
    """
    wide = torch.float32 if x.device.type == "mps" else torch.float64
    a, b = x.to(wide), y.to(wide)
    squares = torch.addmm((b**2).sum(1), a, b.T, alpha=-2).add_((a**2).sum(1, keepdim=True))
    return squares.clamp_(min=0).to(x.dtype)


def _rows(samples: Tensor) -> int:
    return max(1, BLOCK // len(samples))


def _check(samples: Tensor, points: Tensor, widths: Sequence[float]) -> None:
    if samples.ndim != 2 or len(samples) == 0:
        raise ValueError(
            f"expected samples of shape (n ≥ 1, n_features), got {tuple(samples.shape)}"
        )
    if points.ndim != 2 or len(points) == 0 or points.shape[1] != samples.shape[1]:
        raise ValueError(
            f"expected points of shape (m ≥ 1, {samples.shape[1]}), got {tuple(points.shape)}"
        )
    if not len(widths) or not all(0 < width < math.inf for width in widths):
        raise ValueError(f"expected widths above 0, at least one, got {list(widths)}")
