"""Exercise 3.4: one step of samples down the MMD, along the slope of the witness."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.moment_matching import pairwise
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n: int, m: int, n_features: int) -> Arguments:
    return (
        make.normal(n, n_features),
        make.normal(m, n_features, offset=1.0),
        make.number(1.5, 3.5),
        make.number(0.5, 1.5),
    )


def answer(on: Slips, x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    if on("one after the other"):
        moved = x.clone()
        for i in range(len(x)):
            moved[i] = flow_step(moved, y, sigma, step)[i]
        return moved

    def mean_slope(sources: Tensor) -> Tensor:
        difference = sources[None] - x[:, None]
        scale = sigma**2 if on("sigma squared") else sigma
        width = sigma**2 if on("sigma squared in the kernel") else scale
        exponent = (difference**2).sum(dim=2) / ((1 if on("no 2") else 2) * width)
        k = torch.exp(-exponent)[:, :, None]
        pull = torch.ones_like(k) * difference if on("no kernel") else k * difference
        pull = k * difference.sign() if on("direction alone") else pull
        if on("sums"):
            total = pull.sum(dim=1)
        elif on("pooled"):
            total = pull.sum(dim=1) / (len(x) + len(y))
        elif on("one divisor"):
            total = pull.sum(dim=1) / len(x)
        elif on("without itself") and sources is x:
            total = pull.sum(dim=1) / (len(x) - 1) if len(x) > 1 else pull.sum(dim=1)
        else:
            total = pull.mean(dim=1)
        return total / (1.0 if on("no 1/σ") else 2 * sigma if on("1/(2σ)") else scale)

    attraction, repulsion = mean_slope(y), mean_slope(x)
    attraction = torch.zeros_like(x) if on("no attraction") else attraction
    repulsion = torch.zeros_like(x) if on("no repulsion") else repulsion
    fall = attraction + repulsion if on("both attract") else attraction - repulsion
    fall = -attraction - repulsion if on("both repel") else fall
    size = step * 2 / len(x) if on("gradient of MMD²") else 2 * step if on("twice") else step
    size = 1.0 if on("without step") or on("slope returned") else size
    fall = -fall if on("ascent") else fall
    if on("slope returned"):
        return -fall
    return size * fall if on("displacement") else x + size * fall


def exact(x: Tensor, y: Tensor, sigma: float, step: float) -> Tensor:
    """By autograd of the witness, summed up pair by pair."""
    t = x.clone().requires_grad_()
    f = torch.stack(
        [
            torch.stack([pairwise.k(source, at, sigma) for source in x]).mean()
            - torch.stack([pairwise.k(source, at, sigma) for source in y]).mean()
            for at in t
        ]
    )
    (slope,) = torch.autograd.grad(f.sum(), t)
    return x - step * slope


FLOW_STEP = Exercise(
    number="3.4",
    title="a step down the witness",
    minutes=25,
    reference=flow_step,
    case=case,
    sizes=((4, 3, 2), (5, 5, 3), (2, 6, 1), (3, 2, 2)),
    by_hand=(2, 1, 1),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "ascent": "The samples go up the witness: f is high where there are too many x, so that "
        "is where they must leave. This is the exact opposite of the step.",
        "no repulsion": "The data attracts, but the samples do not repel each other: all of them "
        "would end on the same few points. The term mean k(x_j, t) of the witness is missing.",
        "no attraction": "The samples repel each other, but nothing draws them to the data: the "
        "term mean k(y_j, t) is missing.",
        "both attract": "The samples attract each other. This follows from the slide's wrong sign "
        "of the cross term, up to an overall sign; other samples have to push.",
        "both repel": "The data repels the samples, as these repel each other: mean k(y_j, t) "
        "enters the witness with a minus.",
        "no 1/σ": "The factor 1/σ is missing: ∇_t exp(−‖s − t‖²/(2σ)) = k · (s − t)/σ.",
        "1/(2σ)": "The slope has 1/(2σ): the derivative of the square cancels the 2, ∇_t exp(−‖s "
        "− t‖²/(2σ)) = k · (s − t)/σ.",
        "no 2": "The factor 2 is missing in the kernel's exponent, −‖a − b‖²/(2σ).",
        "sigma squared": "The bandwidth is squared once too often: the exponent is −‖a − b‖²/(2σ).",
        "sigma squared in the kernel": "In the kernel's exponent σ is squared: it is −‖a − "
        "b‖²/(2σ).",
        "no kernel": "The pulls are not weighted by the kernel: ∇_t k(s, t) = k(s, t) · (s − t)/σ.",
        "direction alone": "Only the sign of s − t is used; the pull is k(s, t) · (s − t)/σ.",
        "sums": "Data and samples act with sums over their points; in the witness they are means.",
        "one divisor": "Both sums are divided by the number of x: the data's mean is over its own "
        "points.",
        "pooled": "Both sums are divided by N + M: in the witness each is a mean over its own "
        "points.",
        "without itself": "The samples' mean leaves out the point itself, with N − 1 below. In "
        "the witness all x_j count; j = i adds nothing to the sum, but is counted.",
        "gradient of MMD²": "This is a step along the gradient of MMD² by x_i, which is 2/N times "
        "the slope of the witness: the step would shrink as samples are added.",
        "twice": "The step is twice as long: the slope of the witness is k · (s − t)/σ, without a "
        "2.",
        "without step": "The slope is not multiplied by `step`.",
        "slope returned": "This is the slope of the witness, not the moved samples.",
        "displacement": "This is how far the samples move; asked for is where they are then.",
        "one after the other": "The samples move one after the other, so that each sees where the "
        "earlier ones have gone. They move all at once: f is that of the old places.",
    },
    returns=("the moved samples",),
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
