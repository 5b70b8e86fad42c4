"""Exercise 3.4: one step of samples down the MMD, along the slope of the witness."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.moment_matching import tiny


def flow_step(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    """Move every x_i down the witness f(t) = mean_j k(x_j, t) − mean_j k(y_j, t), all at once.

    x_i := x_i − step · ∇f(x_i), with k(a, b) = exp(−‖a − b‖²/(2σ)). The x_j and y_j in f are held
    fixed while the slope is taken.

    Args:
        x: the samples that move, (N, n_features)
        y: the data, (M, n_features)
        sigma: σ, a squared bandwidth
        step: how far to go along the slope

    Returns:
        the moved samples, (N, n_features)
    """

    def mean_slope(sources: Tensor) -> Tensor:
        """∇ mean_j k(s_j, t) at every t = x_i: (N, n_features)."""
        difference = sources[None] - x[:, None]  # (N, number of sources, n_features)
        k = torch.exp(-(difference**2).sum(dim=2) / (2 * sigma))
        return (k[:, :, None] * difference).mean(dim=1) / sigma

    return x + step * (mean_slope(y) - mean_slope(x))


def cases(generator: torch.Generator) -> list[Arguments]:
    return [
        (
            tiny.normal(n, n_features, generator=generator),
            1 + tiny.normal(m, n_features, generator=generator),
            tiny.sigma_above_one(generator),
            0.5 + torch.rand((), generator=generator).item(),
        )
        for n, m, n_features in [(4, 3, 2), (5, 5, 3), (2, 6, 1)]
    ]


def exact(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    """By autograd of the witness, summed up pair by pair."""
    t = x.clone().requires_grad_()
    f = torch.stack(
        [
            torch.stack([tiny.k(source, at, sigma) for source in x]).mean()
            - torch.stack([tiny.k(source, at, sigma) for source in y]).mean()
            for at in t
        ]
    )
    (slope,) = torch.autograd.grad(f.sum(), t)
    return x - step * slope


# ------------------------------------------------------------------------ typical wrong answers


def _mean_slope(sources: Tensor, x: Tensor, sigma: float) -> Tensor:
    return torch.stack(
        [-tiny.witness_slope(t, sources[:0], sources, sigma) for t in x]
    )  # the witness has y with a minus


def _ascent(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma, -step)


def _attraction_only(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return x + step * _mean_slope(y, x, sigma)


def _repulsion_only(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return x - step * _mean_slope(x, x, sigma)


def _both_attract(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return x + step * (_mean_slope(y, x, sigma) + _mean_slope(x, x, sigma))


def _no_sigma(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma, step * sigma)


def _sums(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    pull = len(y) * _mean_slope(y, x, sigma) - len(x) * _mean_slope(x, x, sigma)
    return x + step * pull


def _mmd_gradient(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma, step * 2 / len(x))


def _sigma_squared(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma**2, step)


def _without_step(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma, 1.0)


def _slope_returned(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return x - flow_step(x, y, sigma, 1.0)


def _displacement(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    return flow_step(x, y, sigma, step) - x


FLOW_STEP = Exercise(
    number="3.4",
    title="a step down the witness",
    reference=flow_step,
    cases=cases,
    exact=exact,
    returns=("the moved samples",),
    wrong=(
        Misconception(
            _ascent,
            "The samples go up the witness: f is high where there are too many x, so that is where "
            "they must leave. This is the exact opposite of the step.",
        ),
        Misconception(
            _attraction_only,
            "The data attracts, but the samples do not repel each other: all of them would end on "
            "the same few points. The term mean k(x_j, t) of the witness is missing.",
        ),
        Misconception(
            _repulsion_only,
            "The samples repel each other, but nothing draws them to the data: the term "
            "mean k(y_j, t) is missing.",
        ),
        Misconception(
            _both_attract,
            "The samples attract each other. This follows from the slide's wrong sign of the cross "
            "term, up to an overall sign; other samples have to push.",
        ),
        Misconception(
            _no_sigma,
            "The factor 1/σ is missing: ∇_t exp(−‖s − t‖²/(2σ)) = k · (s − t)/σ.",
        ),
        Misconception(
            _sums,
            "Data and samples act with sums over their points; in the witness they are means.",
        ),
        Misconception(
            _mmd_gradient,
            "This is a step along the gradient of MMD² by x_i, which is 2/N times the slope of the "
            "witness: the step would shrink as samples are added.",
        ),
        Misconception(
            _sigma_squared,
            "The bandwidth is squared once too often: the exponent is −‖a − b‖²/(2σ).",
        ),
        Misconception(_without_step, "The slope is not multiplied by `step`."),
        Misconception(_slope_returned, "This is the slope of the witness, not the moved samples."),
        Misconception(
            _displacement, "This is how far the samples move; asked for is where they are then."
        ),
    ),
    hints=(
        "∇_t exp(−‖s − t‖²/(2σ)) = k(s, t) · (s − t)/σ: a pull from t towards the source s.",
        "So −∇f(x_i) is the mean pull of the data less the mean pull of the samples. The samples' "
        "own term has a minus: it pushes.",
        "With `difference = y[None] - x[:, None]` of shape (N, M, n_features) and k of shape (N, "
        "M), "
        "the data's mean pull is `(k[:, :, None] * difference).mean(dim=1) / sigma`. The same with "
        "x in place of y; return `x + step * (pull of y - pull of x)`.",
    ),
    derivation=r"""
By the chain rule, with $k = e^{-\|s - t\|^2/(2\sigma)}$,

$$\nabla_t k(s, t) = k(s, t)\, \frac{s - t}{\sigma},$$

$$-\nabla f(t) = \frac1M \sum_j k(y_j, t)\, \frac{y_j - t}{\sigma}
              - \frac1N \sum_j k(x_j, t)\, \frac{x_j - t}{\sigma}.$$

The first sum draws $t$ to the data, the second drives it away from the other samples ($j = i$ adds
nothing, since then $s - t = 0$). Where the two balance everywhere, samples and data look alike to
this kernel.

The gradient of MMD² by $x_i$ is $\frac2N \nabla f(x_i)$: the factor 2 because $x_i$ stands in both
places of $k(x_i, x_j)$ and the cross term has a 2 already, the $\frac1N$ because $x_i$ is one of
$N$.
""",
)
