"""Exercise 4.4: the score, read out of a denoiser."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import finite
from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def score_from_denoiser(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """The score ∇log p_σ(x') of the noisy points' density, through the optimal denoiser.

    X is one of the given points, each equally likely, X' = X + σε with ε ~ N(0, I), and p_σ is the
    density of X'. No automatic differentiation is needed.

    Args:
        x_noisy: where the score is asked for, (batch, n_dims)
        data: all values that X can have, (n_data, n_dims)
        sigma: standard deviation σ of the noise, ()

    Returns:
        the score at each row of x_noisy, (batch, n_dims)
    """
    squares = (x_noisy[:, None] - data).square().sum(dim=2)  # (batch, n_data)
    denoised = torch.softmax(-squares / (2 * sigma**2), dim=1) @ data  # E[X | X']
    return (denoised - x_noisy) / sigma**2


def case(make: Maker, batch: int, n_data: int, n_dims: int) -> Arguments:
    return finite.points_with_noise(make, batch, n_data, n_dims)


def answer(on: Slips, x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    difference = x_noisy[:, None] - data
    squares = difference.square().sum(dim=2)
    squares = squares.sqrt() if on("distance for its square") else squares
    scale = sigma if on("sigma in the weights") else sigma**2
    divisor = 1 if on("half forgotten") else 4 if on("2 squared") else 2
    exponents = -squares / (divisor * scale)
    exponents = -exponents if on("farthest") else exponents
    weights = exponents.softmax(dim=0 if on("wrong axis") else 1)
    weights = exponents.exp() if on("not normalised") else weights
    if on("nearest"):
        weights = torch.nn.functional.one_hot(squares.argmin(dim=1), len(data)).to(data.dtype)
    elif on("all alike"):
        weights = torch.full_like(weights, 1 / len(data))
    denoised = weights @ data
    if on("sum of scores"):
        return -difference.sum(dim=1) / sigma**2
    if on("density's slope"):
        return (exponents.exp()[:, :, None] * -difference).mean(dim=1) / sigma**2
    correction = denoised if on("x not subtracted") else denoised - x_noisy
    if on("correction"):
        return correction
    if on("denoiser"):
        return denoised
    if on("sigma for its square"):
        return correction / sigma
    if on("twice sigma squared"):
        return correction / (2 * sigma**2)
    return correction * sigma**2 if on("multiplied") else correction / sigma**2


def exact(x_noisy: Tensor, data: Tensor, sigma: Tensor) -> Tensor:
    """The gradient of log Σ_k N(x′; x_k, σ²) by automatic differentiation."""
    at = x_noisy.clone().requires_grad_()
    density = torch.distributions.Normal(data, sigma).log_prob(at[:, None]).sum(dim=2)
    (gradient,) = torch.autograd.grad(density.logsumexp(dim=1).sum(), at)
    return gradient


SCORE = Exercise(
    number="4.4",
    title="the score from a denoiser",
    minutes=15,
    reference=score_from_denoiser,
    case=case,
    sizes=((3, 5, 2), (4, 2, 1), (5, 4, 3)),
    by_hand=(2, 2, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "sigma for its square": "Divided by σ where it should be σ²: Tweedie's formula is E[X | "
        "x′] = x′ + σ²∇log p_σ(x′).",
        "twice sigma squared": "Divided by 2σ²: Tweedie's formula has σ², E[X | x′] = x′ + σ²∇log "
        "p_σ(x′).",
        "multiplied": "Multiplied by σ² instead of divided: solve E[X | x′] = x′ + σ²∇log p_σ(x′) "
        "for the score.",
        "correction": "This is the denoiser's correction E[X | x′] − x′, which is σ² *times* the "
        "score.",
        "denoiser": "This is the denoiser itself. The score is in what it changes: E[X | x′] − x′.",
        "x not subtracted": "x′ has not been subtracted: the score is (E[X | x′] − x′)/σ², which "
        "vanishes where the denoiser leaves a point as it is.",
        "nearest": "This points to the nearest data point. The score of p_σ points to the "
        "*average* of the data, weighted by P(X | X′); between two points it vanishes.",
        "all alike": "All data points draw alike. They are weighted by P(X | X′), the softmax of "
        "exercise 4.3.",
        "sum of scores": "The scores of the single Gaussians are summed. That of their mixture "
        "weighs them by P(X | X′).",
        "density's slope": "This is the slope of the density (but for a factor), not of its "
        "logarithm: divide by p_σ(x′).",
        "sigma in the weights": "In the weights σ stands where σ² belongs: exp(−‖x′ − x‖²/(2σ²)).",
        "half forgotten": "In the weights the ½ is missing: exp(−‖x′ − x‖²/(2σ²)).",
        "2 squared": "In the weights the 2 is squared as well, (2σ)²: exp(−‖x′ − x‖²/(2σ²)).",
        "distance for its square": "In the weights distances stand where their squares belong: "
        "exp(−‖x′ − x‖²/(2σ²)).",
        "farthest": "The sign in the weights' exponent is wrong: the points far away get the most "
        "weight.",
        "wrong axis": "The weights sum to 1 over the rows of x_noisy; for each X′ they have to "
        "sum to 1 over the data points: softmax over `dim=1`.",
        "not normalised": "The weights do not sum to 1: a softmax divides by their sum.",
        "negated": "This is the exact negative. The score points to where the density rises, from "
        "x′ towards the data: E[X | x′] − x′.",
    },
    returns=("the score at each row of x_noisy",),
    hints=(
        "Tweedie's formula has the denoiser on one side and the score on the other.",
        "E[X | x′] = x′ + σ²∇log p_σ(x′). The left side is exercise 4.3; solve for the gradient.",
        "With `denoised` from exercise 4.3: `(denoised - x_noisy) / sigma**2`.",
    ),
    derivation=r"""
The density of $X'$ is $p_\sigma(x') = \sum_x P(x)\, C(x' \mid x)$. Only $C$ depends on $x'$, and
for Gaussian noise $\nabla_{x'} C(x' \mid x) = C(x' \mid x)\,(x - x')/\sigma^2$. So

$$\nabla \log p_\sigma(x') = \frac{\nabla p_\sigma(x')}{p_\sigma(x')}
= \sum_x \frac{P(x)\, C(x' \mid x)}{p_\sigma(x')} \cdot \frac{x - x'}{\sigma^2}
= \frac{\mathbb{E}[X \mid x'] - x'}{\sigma^2}.$$

The fraction in the sum is $P(x \mid x')$. Nothing was approximated, and nothing had to be small:
this holds for every $\sigma$ and every $P$, as long as the score is that of the *noisy* density.
""",
)
