"""Exercise 4.6, the long one: one update of walkback training."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def walkback_gradient(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> tuple[Tensor, Tensor]:
    """The direction of one walkback update, for the reconstruction P(X | X') = N(w X' + b, 1).

    Each X walks: X* := X; then in step t = 0, 1, ...: X' := X* + σ·noise[t] joins the batch of this
    X, and X* := w X' + b + eps[t], a sample of the reconstruction; it goes on to step t + 1 if
    heads[t] is 1.0 and stops if it is 0.0 (after the last step it stops in any case). The objective
    is the mean over X of the mean over its own batch of log P(X | X'). Gradients don't flow through
    the walk: the X' are data, whichever parameters they were made with.

    Args:
        w: slope of the reconstruction, ()
        b: its offset, ()
        x: clean numbers, (batch,)
        sigma: standard deviation σ of the noise, ()
        noise: standard normal numbers of the corruption, (n_steps, batch)
        eps: standard normal numbers of the reconstruction, (n_steps, batch)
        heads: 1.0 where the coin says "go on", else 0.0, (n_steps, batch)

    Returns:
        the derivative of the objective by w, (), and by b, ()
    """
    x_star, walking = x, torch.ones_like(x)
    slope_w, slope_b, count = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for t in range(len(noise)):
        x_noisy = x_star + sigma * noise[t]
        error = x - (w * x_noisy + b)  # d log P/d mean = X − mean
        slope_w = slope_w + walking * error * x_noisy
        slope_b = slope_b + walking * error
        count = count + walking
        x_star = w * x_noisy + b + eps[t]
        walking = walking * heads[t]
    return (slope_w / count).mean(), (slope_b / count).mean()


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in [(4, 6), (3, 5), (5, 8)]]


def _case(n_steps: int, batch: int, generator: torch.Generator) -> Arguments:
    w, b = 0.5 + 0.5 * tiny.normal(2, generator=generator)
    x = 1 + tiny.normal(batch, generator=generator)
    sigma = 0.3 + 0.4 * tiny.uniform(generator=generator)
    noise, eps = tiny.normal(2, n_steps, batch, generator=generator)
    heads = (tiny.uniform(n_steps, batch, generator=generator) < 0.6).double()
    heads[:2, 0] = 1.0  # one walk of three steps at least,
    heads[0, 1] = 0.0  # and one that stops at once, though its later coins show heads
    heads[1, 1] = 1.0
    return w, b, x, sigma, noise, eps, heads


def exact(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> tuple[Tensor, Tensor]:
    """Walk each X by itself, then differentiate the objective automatically."""
    return _by_autograd(w, b, x, sigma, noise, eps, heads)


def _by_autograd(
    w: Tensor,
    b: Tensor,
    x: Tensor,
    sigma: Tensor,
    noise: Tensor,
    eps: Tensor,
    heads: Tensor,
    *,
    through_the_walk: bool = False,
    use_mean: bool = False,
    noisy_target: bool = False,
    target_moves: bool = False,
) -> tuple[Tensor, Tensor]:
    """The exact answer, and, with an option, one of the typical wrong ones."""
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    objectives = []
    for row, clean in enumerate(x):
        x_star, target, log_p = clean, clean, []
        for t in range(len(noise)):
            x_noisy = x_star + sigma * noise[t, row]
            reconstruction = torch.distributions.Normal(w * x_noisy + b, 1.0)
            log_p.append(reconstruction.log_prob(x_noisy if noisy_target else target))
            x_star = reconstruction.mean + (0.0 if use_mean else eps[t, row])
            x_star = x_star if through_the_walk else x_star.detach()
            target = x_star.detach() if target_moves else clean
            if heads[t, row] == 0:
                break
        objectives.append(torch.stack(log_p).mean())
    return torch.autograd.grad(torch.stack(objectives).mean(), (w, b))  # type: ignore[return-value]


# ------------------------------------------------------------------------ typical wrong answers

Slopes = tuple[Tensor, Tensor]


def _through_the_walk(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return _by_autograd(w, b, x, sigma, noise, eps, heads, through_the_walk=True)


def _mean_for_sample(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return _by_autograd(w, b, x, sigma, noise, eps, heads, use_mean=True)


def _noisy_target(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return _by_autograd(w, b, x, sigma, noise, eps, heads, noisy_target=True)


def _moving_target(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return _by_autograd(w, b, x, sigma, noise, eps, heads, target_moves=True)


def _descent(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    slope_w, slope_b = walkback_gradient(w, b, x, sigma, noise, eps, heads)
    return -slope_w, -slope_b


def _simple(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return walkback_gradient(w, b, x, sigma, noise[:1], eps[:1], heads[:1])


def _coin_ignored(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    return walkback_gradient(w, b, x, sigma, noise, eps, torch.ones_like(heads))


def _walkers_revive(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    x_star, walking = x, torch.ones_like(x)
    slope_w, slope_b, count = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for t in range(len(noise)):
        x_noisy = x_star + sigma * noise[t]
        error = x - (w * x_noisy + b)
        slope_w, slope_b = slope_w + walking * error * x_noisy, slope_b + walking * error
        count = count + walking
        x_star = w * x_noisy + b + eps[t]
        walking = heads[t]
    return (slope_w / count).mean(), (slope_b / count).mean()


def _all_points_alike(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    walking = torch.cat([torch.ones_like(heads[:1]), heads[:-1]]).cumprod(dim=0)
    count = walking.sum(dim=0)
    each = [
        walkback_gradient(
            w, b, x[[k]], sigma, noise[:, [k]], eps[:, [k]], heads[:, [k]]
        )
        for k in range(len(x))
    ]  # fmt: skip
    slopes = torch.tensor(each, dtype=x.dtype)  # (batch, 2), the mean over each walk
    slope_w, slope_b = (slopes * count[:, None]).sum(dim=0) / count.sum()
    return slope_w, slope_b


def _summed(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> Slopes:
    slope_w, slope_b = walkback_gradient(w, b, x, sigma, noise, eps, heads)
    return slope_w * len(x), slope_b * len(x)


WALKBACK = Exercise(
    number="4.6",
    title="one update of walkback",
    reference=walkback_gradient,
    cases=cases,
    exact=exact,
    returns=("the derivative by w", "the derivative by b"),
    wrong=(
        Misconception(
            _through_the_walk,
            "The gradient flows through the chain: X′ depends on w and b by way of X*, and that "
            "dependence was differentiated too. The X′ are training data; `detach()` X*.",
        ),
        Misconception(
            _mean_for_sample,
            "The walk goes on from the mean w X′ + b. X* is *sampled*: add eps[t]. Walking along "
            "means never gets to where the chain will go when samples are drawn.",
        ),
        Misconception(
            _noisy_target,
            "The target is noisy: this learns to reconstruct X′ itself. What is to be found again "
            "is the clean X.",
        ),
        Misconception(
            _moving_target,
            "The target walks along: each X′ is asked to go back to the X* that it was made from. "
            "Walkback asks every X′ of the walk to go back to the *clean* X.",
        ),
        Misconception(
            _descent,
            "This is the exact negative: an update *ascends* log P(X | X′).",
        ),
        Misconception(
            _simple,
            "This is simple training: only the first X′ of each walk is used.",
        ),
        Misconception(
            _coin_ignored,
            "The coin is ignored: every X walks to the end. It stops for good where heads[t] is 0.",
        ),
        Misconception(
            _walkers_revive,
            "A walk that has stopped goes on again when a later coin shows heads: multiply the "
            "flags, `walking = walking * heads[t]`.",
        ),
        Misconception(
            _all_points_alike,
            "All X′ of the minibatch count alike, so that long walks weigh more. On the slide each "
            "X has the mean (1/n) Σ over its own n points; these are averaged over X.",
        ),
        Misconception(
            _summed,
            "Summed over the minibatch in place of the mean.",
        ),
    ),
    hints=(
        "First only the walk, in a loop over t with a vector `walking` of ones and zeros: which X′ "
        "belong to the batch of which X?",
        "For P(X | X′) = N(m, 1) with m = w X′ + b, d log P/dm is X − m. So the derivative by b is "
        "X − m and by w it is (X − m)·X′, for each X′ of the walk. Divide by the length of the "
        "walk.",
        "Keep slope_w, slope_b and count as vectors (batch,): in step t add `walking * error * "
        "x_noisy`, `walking * error` and `walking`; then `x_star = w * x_noisy + b + eps[t]` and "
        "`walking = walking * heads[t]`. Return `(slope_w / count).mean()` and the same for b.",
    ),
    derivation=r"""
For one $X$ with its walk $X'_1, \dots, X'_n$ the slide's update ascends
$\frac{1}{n} \sum_i \log P_\theta(X \mid X'_i)$, with the *clean* $X$ as target in every term. Here
$\log P_\theta(X \mid X') = -\frac{1}{2}(X - w X' - b)^2 + \text{const}$, so

$$\frac{\partial}{\partial w} = \frac{1}{n} \sum_i (X - w X'_i - b)\, X'_i, \qquad
\frac{\partial}{\partial b} = \frac{1}{n} \sum_i (X - w X'_i - b).$$

The $X'_i$ were made with the same $w$ and $b$. Why not differentiate that too? The walk is there to
*find* the points which the chain visits and should not: the update teaches the way back from them.
A gradient through the walk would also teach the walk to stay at points that are easy to come back
from, which changes the question. (The same choice is made in contrastive divergence.)

With automatic differentiation the whole exercise is `log_prob(x)` of a reconstruction whose input
was detached.
""",
)
