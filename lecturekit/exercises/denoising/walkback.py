"""Exercise 4.6, the long one: one update of walkback training."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


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


def case(make: Maker, n_steps: int, batch: int, all_go_on: bool = False) -> Arguments:
    w, b = 0.5 + 0.5 * make.normal(2)
    x = make.normal(batch, offset=1.0)
    sigma = 0.3 + 0.4 * make.uniform()
    noise, eps = make.normal(2, n_steps, batch)
    heads = (make.uniform(n_steps, batch) < 0.6).double()
    heads[:2, 0] = 1.0  # one walk of three steps at least,
    heads[0, 1] = 0.0  # and one that stops at once, though its later coins show heads
    heads[1, 1] = 1.0
    if all_go_on:  # at first
        heads[0] = 1.0
    return w, b, x, sigma, noise, eps, heads


def answer(
    on: Slips, w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor,
    heads: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """By hand, with the derivatives of X* by w and b carried along where they should not be."""
    scale = sigma**2 if on("variance for deviation") else 0 * sigma if on("no noise") else sigma
    scale = torch.ones_like(sigma) if on("unit noise") else scale
    star, target, walking = x, x, torch.ones_like(x)
    by_w = by_b = slope_w = slope_b = count = torch.zeros_like(x)
    heads = torch.ones_like(heads) if on("coin ignored") else heads
    heads = 1 - heads if on("coin reversed") else heads
    for t in range(1 if on("simple") else len(noise)):
        if on("first point left out") and t == 0:
            add = torch.zeros_like(x)
        else:
            add = walking * heads[t] if on("stops one early") else walking
        noisy = star + scale * noise[0 if on("same noise") else t]
        mean = w * noisy + (0.0 if on("no offset") else b)
        error = (noisy if on("noisy target") else target) - mean
        error = error + b if on("no offset in the error") else error
        inner = noisy + w * by_w, 1 + w * by_b
        at = star if on("paired with the state") else x if on("paired with the clean") else noisy
        slope_w = slope_w + add * error * (inner[0] if on("through the walk") else at)
        slope_b = slope_b + add * error * (inner[1] if on("through the walk") else 1)
        count = count + add
        if on("last alone"):
            slope_w = torch.where(walking > 0, error * at, slope_w - add * error * at)
            slope_b = torch.where(walking > 0, error, slope_b - add * error)
            count = torch.ones_like(x)
        by_w, by_b = inner
        sample = sigma * eps[t] if on("sample scaled") else eps[t]
        star = mean + (0.0 if on("mean for the sample") else sample)
        star = star - b if on("no offset in the walk") else star
        star = x if on("no walk") else noisy if on("noise piles up") else star
        target = star if on("target walks along") else target
        coin = heads[t].min() if on("stopped together") else heads[t]
        walking = heads[t] if on("walkers revive") else walking * coin
    if on("squares"):
        slope_w, slope_b = 2 * slope_w, 2 * slope_b
    if on("points alike"):
        slope_w, slope_b = slope_w.sum() / count.sum(), slope_b.sum() / count.sum()
    elif on("summed over the walk"):
        slope_w, slope_b = slope_w.mean(), slope_b.mean()
    elif on("divided by all steps"):
        slope_w, slope_b = slope_w.mean() / len(noise), slope_b.mean() / len(noise)
    else:
        count = count.clamp(min=1) if on("stops one early") or on("first point left out") else count
        slope_w, slope_b = (slope_w / count).mean(), (slope_b / count).mean()
    return slope_w, slope_w if on("by w twice") else slope_b


def exact(
    w: Tensor, b: Tensor, x: Tensor, sigma: Tensor, noise: Tensor, eps: Tensor, heads: Tensor
) -> tuple[Tensor, Tensor]:
    """Walk each X by itself, then differentiate the objective automatically."""
    w, b = w.clone().requires_grad_(), b.clone().requires_grad_()
    objectives = []
    for row, clean in enumerate(x):
        x_star, log_p = clean, []
        for t in range(len(noise)):
            x_noisy = x_star + sigma * noise[t, row]
            reconstruction = torch.distributions.Normal(w * x_noisy + b, 1.0)
            log_p.append(reconstruction.log_prob(clean))
            x_star = (reconstruction.mean + eps[t, row]).detach()
            if heads[t, row] == 0:
                break
        objectives.append(torch.stack(log_p).mean())
    return torch.autograd.grad(torch.stack(objectives).mean(), (w, b))  # type: ignore[return-value]


WALKBACK = Exercise(
    number="4.6",
    title="one update of walkback",
    minutes=35,
    reference=walkback_gradient,
    case=case,
    sizes=((4, 6), (3, 5), (5, 8), (4, 3, True)),
    by_hand=(2, 2),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "through the walk": "The gradient flows through the chain: X′ depends on w and b by way "
        "of X*, and that dependence was differentiated too. The X′ are training data; `detach()` "
        "X*.",
        "mean for the sample": "The walk goes on from the mean w X′ + b. X* is *sampled*: add "
        "eps[t]. Walking along means never gets to where the chain will go when samples are "
        "drawn.",
        "sample scaled": "eps[t] is multiplied by σ. σ is the width of the corruption; the "
        "reconstruction has variance 1, X* := w X′ + b + eps[t].",
        "noisy target": "The target is noisy: this learns to reconstruct X′ itself. What is to be "
        "found again is the clean X.",
        "target walks along": "The target walks along: each X′ is asked to go back to the X* that "
        "it was made from. Walkback asks every X′ of the walk to go back to the *clean* X.",
        "simple": "This is simple training: only the first X′ of each walk is used.",
        "last alone": "Only the last X′ of each walk counts; each X has the mean over all of its "
        "own X′.",
        "no walk": "X* never moves: every X′ is made from the clean X. After each step the walk "
        "goes on from a sample of the reconstruction.",
        "noise piles up": "The walk goes on from X′ itself; it goes on from a sample of the "
        "reconstruction, w X′ + b + eps[t].",
        "coin ignored": "The coin is ignored: every X walks to the end. It stops for good where "
        "heads[t] is 0.",
        "coin reversed": "The coin is read the wrong way round: a walk goes on where heads[t] is "
        "1.",
        "walkers revive": "A walk that has stopped goes on again when a later coin shows heads: "
        "multiply the flags, `walking = walking * heads[t]`.",
        "stopped together": "All walks stop as soon as one of them does; each has a coin of its "
        "own.",
        "stops one early": "A walk stops one step early: the X′ of step t belongs to the batch "
        "whatever heads[t] says, which decides on step t + 1.",
        "first point left out": "The first X′ of each walk is left out; it joins the batch like "
        "the others.",
        "points alike": "All X′ of the minibatch count alike, so that long walks weigh more. On "
        "the slide each X has the mean (1/n) Σ over its own n points; these are averaged over X.",
        "summed over the walk": "The terms of a walk are summed; each X has the mean over its own "
        "X′.",
        "divided by all steps": "The terms of a walk are divided by the largest number of steps; "
        "each X has the mean over its own X′.",
        "variance for deviation": "The noise is multiplied by σ²: X′ = X* + σ·noise[t].",
        "unit noise": "The noise is not multiplied by σ: X′ = X* + σ·noise[t].",
        "no noise": "The noise of the corruption is missing: X′ = X* + σ·noise[t].",
        "same noise": "Every step has the noise of the first one; step t has noise[t].",
        "no offset": "b is missing from the reconstruction, w X′ + b.",
        "no offset in the walk": "b is missing where the walk goes on: X* := w X′ + b + eps[t].",
        "no offset in the error": "b is missing from the error, X − (w X′ + b).",
        "paired with the state": "The derivative by w has X* where X′ belongs: the reconstruction "
        "is w X′ + b.",
        "paired with the clean": "The derivative by w has the clean X where X′ belongs: the "
        "reconstruction is w X′ + b.",
        "by w twice": "The derivative by b has the factor X′; that is the derivative by w. By b "
        "it is the error alone.",
        "squares": "Both are twice the right ones: log P has the factor ½ in front of the square, "
        "−½ (X − w X′ − b)².",
        "negated": "This is the exact negative: an update *ascends* log P(X | X′).",
    },
    returns=("the derivative by w", "the derivative by b"),
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
