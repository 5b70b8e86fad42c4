"""Exercise 3.7, the long one: a log-likelihood by Parzen windows, with all of its protocol."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def parzen_estimate(
    samples: Tensor, validation: Tensor, test: Tensor, widths: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The test points' mean log-likelihood by Parzen windows, its standard error, and the width.

    p_w(t) = 1/n Σ_i N(t; samples_i, w² I). The width w is the one of `widths` with the largest mean
    of log p_w over the validation points. The standard error of a mean of m numbers is their
    standard deviation (with m − 1) divided by √m. Points far from all samples must not give −∞.

    Args:
        samples: drawn from the model, (n, n_features)
        validation: held-out data, (n_validation, n_features)
        test: other held-out data, (m, n_features)
        widths: what to choose w from, (n_widths,)

    Returns:
        the mean of log p_w over the test points, its standard error, and w, all scalars
    """

    def log_density(points: Tensor, width: Tensor) -> Tensor:
        squared_distances = ((points[:, None] - samples[None]) ** 2).sum(dim=2)
        n, n_features = samples.shape
        log_normaliser = math.log(n) + n_features / 2 * torch.log(2 * torch.pi * width**2)
        return torch.logsumexp(-squared_distances / (2 * width**2), dim=1) - log_normaliser

    on_validation = torch.stack([log_density(validation, width).mean() for width in widths])
    width = widths[on_validation.argmax()]
    on_test = log_density(test, width)
    return on_test.mean(), on_test.std() / math.sqrt(len(test)), width


def cases(generator: torch.Generator) -> list[Arguments]:
    return [
        _case(*sizes, generator)
        for sizes in [(6, 4, 5, 2, 0.0), (5, 7, 4, 3, 0.0), (6, 5, 3, 2, 60.0)]
    ]


def _case(
    n: int, n_validation: int, m: int, n_features: int, far: float, generator: torch.Generator
) -> Arguments:
    samples, validation = (
        tiny.normal(rows, n_features, generator=generator) for rows in (n, n_validation)
    )
    # another width is best for these points than for the validation points
    test = samples[:m] + 0.05 * tiny.normal(m, n_features, generator=generator)
    test[0] += far
    return samples, validation, test, torch.tensor([0.1, 0.3, 0.55, 1.3]).double()


Estimate = tuple[Tensor, Tensor, Tensor]


def exact(samples: Tensor, validation: Tensor, test: Tensor, widths: Tensor) -> Estimate:
    """With floating-point numbers one at a time, and logarithms of products of densities."""

    def log_density(point: list[float], width: float) -> float:
        logs = [
            sum(
                -((a - b) ** 2) / (2 * width**2) - math.log(width * math.sqrt(2 * math.pi))
                for a, b in zip(point, row, strict=True)
            )
            for row in samples.tolist()
        ]
        top = max(logs)
        return top + math.log(math.fsum(math.exp(each - top) for each in logs) / len(logs))

    best = max(
        widths.tolist(),
        key=lambda width: math.fsum(log_density(point, width) for point in validation.tolist()),
    )
    values = [log_density(point, best) for point in test.tolist()]
    mean = math.fsum(values) / len(values)
    variance = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
    found = torch.tensor([mean, math.sqrt(variance / len(values)), best], dtype=samples.dtype)
    return found[0], found[1], found[2]


# ------------------------------------------------------------------------ typical wrong answers


def _estimate(
    samples: Tensor, validation: Tensor, test: Tensor, widths: Tensor, *,
    power: float = 2.0, features: int | None = None, count: bool = True,
    mean_of_logs: bool = False, stable: bool = True, error: bool = True,
) -> Estimate:  # fmt: skip
    """The reference with one thing changed."""
    n, n_features = samples.shape

    def log_density(points: Tensor, width: Tensor) -> Tensor:
        exponents = -(torch.cdist(points, samples) ** 2) / (2 * width**power)
        half = (n_features if features is None else features) / 2
        log_normaliser = half * torch.log(2 * torch.pi * width**power)
        if mean_of_logs:
            return exponents.mean(dim=1) - log_normaliser
        summed = torch.logsumexp(exponents, 1) if stable else exponents.exp().sum(dim=1).log()
        return summed - log_normaliser - (math.log(n) if count else 0.0)

    on_validation = torch.stack([log_density(validation, width).mean() for width in widths])
    width = widths[on_validation.argmax()]
    values = log_density(test, width)
    return values.mean(), values.std() / (math.sqrt(len(test)) if error else 1.0), width


def _chosen_on_test(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, t, t, w)


def _chosen_on_samples(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, s, t, w)


def _no_normaliser(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, features=0)


def _one_dimension(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, features=1)


def _not_averaged(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, count=False)


def _jensen(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, mean_of_logs=True)


def _width_as_variance(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, power=1.0)


def _deviation(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, error=False)


def _underflow(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(s, v, t, w, stable=False)


def _roles_exchanged(s: Tensor, v: Tensor, t: Tensor, w: Tensor) -> Estimate:
    return _estimate(t, v, s, w)


PARZEN = Exercise(
    number="3.7",
    title="a Parzen-window log-likelihood",
    reference=parzen_estimate,
    cases=cases,
    exact=exact,
    returns=("the mean log-likelihood", "its standard error", "the width"),
    wrong=(
        Misconception(
            _chosen_on_test,
            "The width is chosen on the test points themselves. The number is then the best of "
            "several on the same data, and too good.",
        ),
        Misconception(
            _chosen_on_samples,
            "The width is chosen on the samples. Each has a window of its own there, so the "
            "narrowest width always wins.",
        ),
        Misconception(
            _no_normaliser,
            "The normaliser (2πw²)^(d/2) of the windows is missing: without it the widest width "
            "always wins.",
        ),
        Misconception(
            _one_dimension,
            "The normaliser is that of one dimension: in d dimensions it is (2πw²)^(d/2).",
        ),
        Misconception(
            _not_averaged,
            "The windows are added up and not averaged: −log n is missing, and p would integrate "
            "to n.",
        ),
        Misconception(
            _jensen,
            "This is the mean of the windows' logarithms; asked for is the logarithm of their "
            "mean, "
            "which is never smaller (Jensen's inequality) and nearly always far larger.",
        ),
        Misconception(
            _width_as_variance,
            "The width is used as a variance. Here w is a standard deviation, unlike σ in the "
            "kernels of this lecture: the exponent is −d²/(2w²).",
        ),
        Misconception(
            _deviation,
            "The second number is the standard deviation of one log-density; the mean of m of them "
            "has an error √m times smaller.",
        ),
        Misconception(
            _underflow,
            "Right, until a point lies far from all samples: there every exp is 0 and the "
            "logarithm "
            "−∞. Use torch.logsumexp.",
        ),
        Misconception(
            _roles_exchanged,
            "The windows stand on the test points and the samples are judged; it is the other way "
            "round.",
        ),
    ),
    hints=(
        "Write a function log_density(points, width) first, and check it on one sample and one "
        "point: there it is a Gaussian's log-density. Then choose, then judge.",
        "log p_w(t) = logsumexp_i(−‖t − samples_i‖²/(2w²)) − log n − d/2 · log(2πw²). The width "
        "with "
        "the largest mean over `validation` is used on `test`.",
        "`on_validation = torch.stack([log_density(validation, w).mean() for w in widths])`, "
        "`width = widths[on_validation.argmax()]`, `values = log_density(test, width)`; return "
        "`values.mean()`, `values.std() / math.sqrt(len(test))` and `width`.",
    ),
    derivation=r"""
A generator gives samples and no density. Parzen's estimate puts a Gaussian window on each sample,

$$p_w(t) = \frac1n \sum_{i=1}^n (2\pi w^2)^{-d/2}\, e^{-\|t - s_i\|^2/(2w^2)},$$

$$\log p_w(t) = \operatorname*{logsumexp}_i\Bigl(-\frac{\|t - s_i\|^2}{2w^2}\Bigr) - \log n
               - \frac d2 \log(2\pi w^2).$$

`logsumexp` takes the largest exponent out before it exponentiates, so that a point far from all
samples gets a very low log-density and not $-\infty$.

The width is a parameter of the *judge*, so data has to choose it that is not judged afterwards:
hence the validation set. The test points are independent, so their $m$ log-densities have a mean
with the standard error $s/\sqrt m$. That error says how much another test set would change the
number. It says nothing of how far $p_w$ is from the model's density, which in many dimensions is
very far.
""",
)
