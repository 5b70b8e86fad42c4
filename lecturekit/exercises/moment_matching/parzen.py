"""Exercise 3.7, the long one: a log-likelihood by Parzen windows, with all of its protocol."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


Estimate = tuple[Tensor, Tensor, Tensor]

NARROW, WIDE = (2.2, 0.4, 0.08, 0.7, 1.3, 0.25), (0.35, 0.5, 0.8, 1.6, 40.0, 500.0)


def case(
    make: Maker, n: int, n_validation: int, m: int, n_features: int,
    widths: tuple[float, ...] = NARROW, far: float = 0.0,
) -> Arguments:  # fmt: skip
    """Each choice of a width, by other points or by another rule, is another one."""
    samples = make.normal(n, n_features, scale=0.6)
    validation = samples[:1] + make.normal(n_validation, n_features, scale=0.7)
    # another width is best for these points than for the validation points
    test = samples[torch.arange(m) % n] + 0.05 * make.normal(m, n_features)
    test[0] += far
    listed = torch.tensor(widths, dtype=torch.float64)
    return samples, validation, test, listed[make.order(len(widths))]


def answer(
    on: Slips, samples: Tensor, validation: Tensor, test: Tensor, widths: Tensor
) -> Estimate:
    if on("roles exchanged"):
        samples, test = test, samples
    n, d = samples.shape

    def log_density(points: Tensor, width: Tensor) -> Tensor:  # (n_widths, n_points)
        w = width[:, None]
        variance = w if on("width as variance") else w**2
        distances = torch.cdist(points, samples, compute_mode="donot_use_mm_for_euclid_dist")
        squares = distances if on("distance unsquared") else distances**2
        spread = w if on("width unsquared in the exponent") else variance
        exponents = -squares / ((1 if on("no 2") else 2) * spread[:, :, None])
        variance = w if on("width unsquared in the normaliser") else variance
        dims = 0 if on("no normaliser") else 1 if on("one dimension") else d
        log_normaliser = dims / 2 * torch.log((1 if on("no 2π") else 2 * torch.pi) * variance)
        if on("one width"):
            log_normaliser = d / 2 * math.log(2 * math.pi) + torch.log(variance) / 2
        if on("normaliser unhalved"):
            log_normaliser = 2 * log_normaliser
        elif on("normaliser added"):
            log_normaliser = -log_normaliser
        if on("mean of logarithms"):
            return exponents.mean(dim=2) - log_normaliser
        if on("nearest window"):
            return exponents.max(dim=2).values - log_normaliser - math.log(n)
        if on("summed over points"):
            return torch.logsumexp(exponents, dim=1) - log_normaliser - math.log(len(points))
        summed = torch.logsumexp(exponents, dim=2)
        if on("overflow"):
            summed = exponents.exp().sum(dim=2).log()
        count = points if on("counted by points") else samples
        return summed - log_normaliser - (0.0 if on("windows added up") else math.log(len(count)))

    scores = log_density(
        test if on("chosen on test") else samples if on("chosen on samples") else validation, widths
    )
    scores = scores.exp() if on("chosen by the density") else scores
    scores = scores.median(dim=1).values if on("chosen by the median") else scores.mean(dim=1)
    scores = -scores if on("worst width") else scores
    width = widths[scores.argmax()]
    width = widths.max() if on("widest") else width
    width = widths[0] if on("first width") else width
    values = log_density(validation if on("judged on validation") else test, width[None])[0]
    error = values.std(unbiased=not on("biased deviation"))
    error = values.var() if on("variance") else error
    error = error / (1.0 if on("deviation") else math.sqrt(len(values)))
    error = error / math.sqrt(len(values)) if on("divided by m") else error
    found = scores.argmax().double() if on("index for the width") else width
    if on("logarithm of the mean"):
        return torch.logsumexp(values, dim=0) - math.log(len(values)), error, found
    return values.sum() if on("log-densities summed") else values.mean(), error, found


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


PARZEN = Exercise(
    number="3.7",
    title="a Parzen-window log-likelihood",
    minutes=25,
    reference=parzen_estimate,
    case=case,
    sizes=(
        (6, 4, 5, 2),
        (5, 7, 4, 3),
        (4, 9, 6, 1, WIDE),
        (7, 3, 8, 2, WIDE),
        (30, 12, 5, 1),
        (6, 5, 3, 2, NARROW, 60.0),
    ),
    by_hand=(2, 3, 4, 1, (0.5, 1.0, 2.0)),
    answer=answer,
    exact=exact,
    slips={
        "chosen on test": "The width is chosen on the test points themselves. The number is then "
        "the best of several on the same data, and too good.",
        "chosen on samples": "The width is chosen on the samples. Each has a window of its own "
        "there, so the narrowest width wins; the validation points have to choose.",
        "chosen by the median": "The width is chosen by the median of the log-densities; asked "
        "for is the one with the largest mean.",
        "chosen by the density": "The width is chosen by the mean density of the validation "
        "points; asked for is the one with the largest mean of the logarithms.",
        "worst width": "The width with the *smallest* mean is chosen: argmax, not argmin.",
        "widest": "The widest width is taken; the validation points choose it.",
        "first width": "The first width is taken; the validation points choose it.",
        "index for the width": "The third number is the place of the width; return the width "
        "itself.",
        "judged on validation": "The validation points are judged; they have chosen the width, so "
        "the test points have to be.",
        "no normaliser": "The normaliser (2πw²)^(d/2) of the windows is missing: without it the "
        "widest width always wins.",
        "one dimension": "The normaliser is that of one dimension: in d dimensions it is "
        "(2πw²)^(d/2).",
        "one width": "The normaliser has w once; in d dimensions it is (2πw²)^(d/2), with w to "
        "the power d.",
        "no 2π": "2π is missing in the normaliser (2πw²)^(d/2).",
        "normaliser unhalved": "The normaliser has the power d; it is (2πw²)^(d/2).",
        "normaliser added": "The logarithm of the normaliser is added; a density is divided by it.",
        "no 2": "The 2 is missing in the exponent, −‖t − s‖²/(2w²).",
        "distance unsquared": "The distance is not squared: the exponent is −‖t − s‖²/(2w²).",
        "windows added up": "The windows are added up and not averaged: −log n is missing, and p "
        "would integrate to n.",
        "counted by points": "log of the number of points is subtracted; the windows stand on the "
        "samples, and it is their number.",
        "mean of logarithms": "This is the mean of the windows' logarithms; asked for is the "
        "logarithm of their mean, which is never smaller (Jensen's inequality) and nearly always "
        "far larger.",
        "summed over points": "The windows are summed over the points that are judged, which "
        "gives one number for each sample. p(t) is a mean over the samples, one number for each "
        "point.",
        "nearest window": "Only the nearest window counts; p is the mean of all of them.",
        "width as variance": "The width is used as a variance. Here w is a standard deviation, "
        "unlike σ in the kernels of this lecture: the exponent is −d²/(2w²).",
        "width unsquared in the exponent": "In the exponent w stands where w² belongs: −d²/(2w²).",
        "width unsquared in the normaliser": "In the normaliser w stands where w² belongs: it is "
        "(2πw²)^(d/2).",
        "deviation": "The second number is the standard deviation of one log-density; the mean of "
        "m of them has an error √m times smaller.",
        "divided by m": "The standard deviation is divided by m; that of a mean is divided by √m.",
        "variance": "The variance stands where the standard deviation belongs, s/√m.",
        "biased deviation": "The standard deviation is divided by m; the exercise asks for m − 1.",
        "log-densities summed": "The log-densities are summed over the test points; asked for is "
        "their mean.",
        "logarithm of the mean": "This is the logarithm of the mean density over the test points; "
        "asked for is the mean of the logarithms, which is never larger.",
        "overflow": "Right nearby, but far from all samples every exp is 0 and the "
        "logarithm −∞. Use torch.logsumexp.",
        "roles exchanged": "The windows stand on the test points and the samples are judged; it "
        "is the other way round.",
    },
    returns=("the mean log-likelihood", "its standard error", "the width"),
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
