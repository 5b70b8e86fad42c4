"""Exercise 4.1, the warm-up: the optimal denoiser of Gaussian data."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def gaussian_denoiser(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    """The optimal denoiser E[X | X'] of Gaussian data.

    X ~ N(mean, std²), every coordinate on its own, and X' = X + σε with ε ~ N(0, 1).

    Args:
        x_noisy: corrupted points X', one in each row, (batch, n_dims)
        mean: of the data, (n_dims,)
        std: standard deviation of the data in each coordinate, (n_dims,)
        sigma: standard deviation σ of the noise, ()

    Returns:
        the expected clean point of each row, (batch, n_dims)
    """
    trust = std**2 / (std**2 + sigma**2)  # (n_dims,)
    return mean + trust * (x_noisy - mean)


def case(make: Maker, batch: int, n_dims: int) -> Arguments:
    mean = make.normal(n_dims)
    std, sigma = 0.5 + make.uniform(n_dims), 0.5 + make.uniform()
    return make.tidy(mean + make.normal(batch, n_dims, scale=2.0)), mean, std, sigma


def answer(on: Slips, x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    data, noise = std**2, sigma**2
    mean = x_noisy.mean(dim=0) if on("mean of the batch") else mean
    if on("deviations for variances"):
        data, noise = std, sigma
    elif on("data's deviation"):
        data = std
    elif on("noise's deviation"):
        noise = sigma
    total = data - noise if on("variances subtracted") else data + noise
    total = total.sqrt() if on("root below") else total
    trust = (noise if on("weights exchanged") else data) / total
    trust = data if on("not divided") else noise / data if on("clean score") else trust
    if on("clean score"):
        return x_noisy - trust * (x_noisy - mean)
    trust = data / noise if on("ratio") else trust
    trust = trust.sqrt() if on("root of the weight") else trust
    trust = torch.ones_like(trust) if on("untouched") else trust
    trust = torch.zeros_like(trust) if on("mean alone") else trust
    if on("mean forgotten"):
        return trust * x_noisy
    if on("mean not added"):
        return trust * (x_noisy - mean)
    if on("mean not subtracted"):
        return mean + trust * x_noisy
    if on("bare score"):
        return x_noisy - (x_noisy - mean) / (data + noise)
    if on("score by the deviation"):
        return x_noisy - sigma * (x_noisy - mean) / (data + noise)
    if on("correction's sign"):
        return x_noisy + noise * (x_noisy - mean) / (data + noise)
    if on("mean weighed as x"):
        return trust * x_noisy + trust * mean
    if on("correction"):
        return mean + trust * (x_noisy - mean) - x_noisy
    return mean - trust * (x_noisy - mean) if on("reflected") else mean + trust * (x_noisy - mean)


def exact(x_noisy: Tensor, mean: Tensor, std: Tensor, sigma: Tensor) -> Tensor:
    """Bayes' rule on a fine grid, coordinate by coordinate."""
    ruler = torch.linspace(-20, 20, 4001, dtype=torch.float64)[:, None, None]
    log_joint = -0.5 * ((ruler - mean) / std) ** 2 - 0.5 * ((x_noisy - ruler) / sigma) ** 2
    return (log_joint.softmax(dim=0) * ruler).sum(dim=0)


GAUSSIAN = Exercise(
    number="4.1",
    title="the optimal denoiser of Gaussian data",
    minutes=15,
    reference=gaussian_denoiser,
    case=case,
    sizes=((3, 2), (4, 1), (2, 5)),
    by_hand=(2, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "deviations for variances": "Standard deviations stand where variances belong: precisions "
        "1/std² and 1/σ² add up, so the weight of x′ is std²/(std² + σ²).",
        "data's deviation": "std is not squared: the weight of x′ is std²/(std² + σ²).",
        "noise's deviation": "σ is not squared: the weight of x′ is std²/(std² + σ²).",
        "variances subtracted": "The variances are subtracted below: the weight of x′ is "
        "std²/(std² + σ²).",
        "root below": "There is a root below: the weight of x′ is std²/(std² + σ²).",
        "root of the weight": "The root of the weight is taken: the weight of x′ is std²/(std² + "
        "σ²).",
        "not divided": "The weight is not divided by std² + σ².",
        "ratio": "This is the ratio of the weights, std²/σ²; a weight is a share, std²/(std² + "
        "σ²).",
        "untouched": "This leaves X′ as it is. X′ is an unbiased guess of X, but E[X | X′] also "
        "knows where data are likely, and moves towards them.",
        "mean alone": "This is E[X] without a look at X′. Right in the limit σ → ∞ only.",
        "mean of the batch": "The mean of the noisy batch stands where `mean`, that of the data, "
        "belongs.",
        "weights exchanged": "The two weights are exchanged: the larger the noise, the *less* X′ "
        "is to be trusted.",
        "mean forgotten": "This shrinks towards 0. The data lie around `mean`: shrink x′ − mean, "
        "and add the mean again.",
        "mean not added": "The mean is taken off and not added again: mean + weight · (x′ − mean).",
        "mean not subtracted": "The mean is added, but x′ was shrunk towards 0: mean + weight · "
        "(x′ − mean).",
        "mean weighed as x": "Both are weighed by std²/(std² + σ²): the mean has the other share, "
        "σ²/(std² + σ²).",
        "clean score": "This is x + σ²∇log p(x) with the score of the *clean* density, as the "
        "slide has it. Exact is the score of the noisy density, of variance std² + σ².",
        "bare score": "The score is added without its factor: E[X | x′] = x′ + σ²∇log p(x′).",
        "score by the deviation": "The score is multiplied by σ where it should be σ²: E[X | x′] "
        "= x′ + σ²∇log p(x′).",
        "correction's sign": "The correction has the wrong sign: it moves points away from the "
        "data. The score points uphill, towards the mean: ∇log p = −(x − mean)/variance.",
        "correction": "This is the correction E[X | x′] − x′; asked for is where it leads, E[X | "
        "x′].",
        "reflected": "x′ is sent to the other side of the mean: mean + weight · (x′ − mean).",
    },
    returns=("the expected clean point of each row",),
    hints=(
        "Two sources of knowledge about X: the data say `mean`, give or take `std`; the "
        "observation says `x_noisy`, give or take σ. How do you average two measurements of "
        "different precision?",
        "log P(x | x′) = −(x − mean)²/(2 std²) − (x′ − x)²/(2σ²) + const is a parabola in x. Its "
        "top is the mean of P(X | X′).",
        "Set the derivative to 0: (x − mean)/std² = (x′ − x)/σ², hence x = mean + trust·(x′ − "
        "mean) with trust = std²/(std² + σ²).",
    ),
    derivation=r"""
By Bayes' rule $P(x \mid x') \propto P(x)\, C(x' \mid x)$. In each coordinate

$$\log P(x \mid x') = -\frac{(x - m)^2}{2 s^2} - \frac{(x' - x)^2}{2 \sigma^2} + \text{const},$$

a parabola in $x$, so $X$ given $x'$ is normal, and its mean is where the derivative vanishes:
$(x - m)/s^2 = (x' - x)/\sigma^2$. Solved for $x$,

$$\mathbb{E}[X \mid x'] = m + \frac{s^2}{s^2 + \sigma^2}\,(x' - m).$$

Check it with Tweedie's formula: $X'$ is $N(m, s^2 + \sigma^2)$, its score is
$-(x' - m)/(s^2 + \sigma^2)$, and $x' + \sigma^2$ times that is the same.
""",
)
