"""Exercise 4.2: the log-probability of a corruption."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def salt_and_pepper_log_prob(x_noisy: Tensor, x: Tensor, probability: Tensor) -> Tensor:
    """The log-probability log C(x' | x) of salt-and-pepper noise on binary pixels.

    Each pixel, on its own and with probability ν, is *replaced* by a fair coin, 0 or 1; otherwise
    it stays as it was.

    Args:
        x_noisy: corrupted images of 0.0 and 1.0, one in each row, (batch, n_pixels)
        x: the clean images, (batch, n_pixels)
        probability: ν, that a pixel is replaced, strictly between 0 and 1, ()

    Returns:
        one log-probability per row, in nats, (batch,)
    """
    same = x_noisy == x
    log_stays, log_flips = torch.log(1 - probability / 2), torch.log(probability / 2)
    return torch.where(same, log_stays, log_flips).sum(dim=1)


def case(make: Maker, batch: int, n_pixels: int) -> Arguments:
    x, x_noisy = make.bits(batch, n_pixels), make.bits(batch, n_pixels)
    x_noisy[0] = x[0]  # a row in which nothing changed
    x_noisy[1, 0] = 1 - x[1, 0]
    return x_noisy, x, 0.2 + 0.6 * make.uniform()


def answer(on: Slips, x_noisy: Tensor, x: Tensor, probability: Tensor) -> Tensor:
    nu = 1 - probability if on("chance of staying") else probability
    flips, stays = nu / 2, 1 - nu / 2
    if on("every replacement flips"):
        flips, stays = nu, 1 - nu
    elif on("only half"):
        stays = 1 - nu
    elif on("flips undivided"):
        flips = nu
    elif on("quarter"):
        flips, stays = nu / 4, 1 - nu / 4
    elif on("stays and replaced"):
        stays = (1 - nu) * nu / 2
    elif on("fair coin"):
        flips = stays = torch.full_like(nu, 0.5)
    flips, stays = (stays, flips) if on("exchanged cases") else (flips, stays)
    same = x_noisy == x
    if on("black for changed"):
        same = x_noisy == 0
    elif on("clean black for changed"):
        same = x == 0
    log_flips, log_stays = flips.log(), stays.log()
    if on("flips alone"):
        log_stays = 0 * log_stays
    elif on("stays alone"):
        log_flips = 0 * log_flips
    each = torch.where(same, log_stays, log_flips)
    each = (
        x_noisy * each if on("white alone") else (1 - x_noisy) * each if on("black alone") else each
    )
    if on("number of patterns"):
        n, k = x.shape[1], (~same).sum(dim=1)
        ways = math.lgamma(n + 1.0) - torch.lgamma(k + 1.0) - torch.lgamma(n - k + 1.0)
        return each.sum(dim=1) + ways.double()
    if on("sum of probabilities"):
        return torch.where(same, stays, flips).sum(dim=1).log()
    if on("not summed over pixels"):
        return each
    each = each.mean(dim=1) if on("averaged") else each.sum(dim=1)
    return each.exp() if on("probability") else each


def exact(x_noisy: Tensor, x: Tensor, probability: Tensor) -> Tensor:
    """Sum over what can have happened to each pixel: it stayed, became 0, or became 1."""
    log_p = torch.zeros(len(x), dtype=x.dtype)
    half = probability / 2
    for row, (before, after) in enumerate(zip(x, x_noisy, strict=True)):
        for was, became in zip(before.tolist(), after.tolist(), strict=True):
            ways = [(1 - probability, was), (half, 0.0), (half, 1.0)]
            log_p[row] += torch.stack([p for p, value in ways if value == became]).sum().log()
    return log_p


CORRUPTION = Exercise(
    number="4.2",
    title="the log-probability of salt-and-pepper noise",
    minutes=15,
    reference=salt_and_pepper_log_prob,
    case=case,
    sizes=((3, 5), (6, 4), (2, 8)),
    by_hand=(2, 3),
    answer=answer,
    live=True,
    exact=exact,
    slips={
        "every replacement flips": "A replaced pixel need not change: half of the replacements "
        "put back the value that was there. It flips with probability ν/2 and stays the same with "
        "1 − ν/2.",
        "only half": "The probabilities of a pixel do not sum to 1: the other half of the "
        "replacements, those that put back the same value, belong to the pixels that look "
        "untouched.",
        "flips undivided": "A pixel flips with probability ν/2: half of the replacements put back "
        "the value that was there.",
        "quarter": "The probability is halved twice: a replacement is 0 or 1 with ½ each, so a "
        "pixel flips with ν/2.",
        "chance of staying": "`probability` is used as that of staying; it is that of being "
        "replaced.",
        "stays and replaced": "The two ways to look the same are multiplied; they exclude each "
        "other, so their probabilities add up: (1 − ν) + ν/2.",
        "fair coin": "Every pixel counts ½, as if all were replaced: that is so with probability "
        "ν only.",
        "exchanged cases": "The two cases are exchanged: a pixel that looks the same has the "
        "larger probability, 1 − ν/2.",
        "black for changed": "It is asked whether the corrupted pixel is 0; what counts is "
        "whether it is the same as the clean one, x_noisy == x.",
        "clean black for changed": "It is asked whether the clean pixel is 0; what counts is "
        "whether the corrupted one is the same, x_noisy == x.",
        "flips alone": "Only the flipped pixels count; those that look the same have the "
        "probability 1 − ν/2, whose logarithm is not 0.",
        "stays alone": "Only the pixels that look the same count; a flip has the probability ν/2.",
        "white alone": "Only the pixels that are 1 in x_noisy count: half of a cross-entropy. "
        "Those that are 0 have a probability as well.",
        "black alone": "Only the pixels that are 0 in x_noisy count: half of a cross-entropy. "
        "Those that are 1 have a probability as well.",
        "averaged": "This is the mean over pixels. They are independent, so probabilities are "
        "multiplied and log-probabilities summed.",
        "not summed over pixels": "The pixels are still there, one column each: sum their "
        "log-probabilities over `dim=1`.",
        "sum of probabilities": "The probabilities of the pixels are added before the logarithm; "
        "independent pixels are multiplied, so the logarithms are added.",
        "number of patterns": "This counts all rows with as many flips (a binomial distribution). "
        "Asked for is the probability of this very row.",
        "in bits": "This is in bits; the logarithm is the natural one.",
        "probability": "This is the probability itself; return its logarithm.",
        "negated": "The sign is wrong: a log-probability is negative (or 0), as a probability is "
        "at most 1.",
    },
    returns=("one log-probability per row",),
    hints=(
        "What can happen to a single pixel that is 1? It stays; it is replaced by 1; it is "
        "replaced by 0. Which of these look the same afterwards?",
        "A pixel ends up as it was with probability (1 − ν) + ν/2, and flipped with ν/2.",
        "`torch.where(x_noisy == x, torch.log(1 - probability / 2), torch.log(probability / 2))` "
        "has one entry per pixel; independent pixels: `.sum(dim=1)`.",
    ),
    derivation=r"""
For one binary pixel there are two ways to end up as before: not replaced, or replaced by the same
value. There is one way to flip. With replacement probability $\nu$,

$$C(x'_i \mid x_i) = (1 - \nu)\,\mathbf{1}[x'_i = x_i] + \frac{\nu}{2} =
\begin{cases} 1 - \nu/2 & x'_i = x_i \\ \nu/2 & x'_i \ne x_i. \end{cases}$$

The pixels are corrupted independently, so the probability of a row is a product, and

$$\log C(x' \mid x) = \sum_i \log C(x'_i \mid x_i).$$

At $\nu = 1$ the image is replaced by coin flips altogether, and every $x'$ has probability
$2^{-n}$.
""",
)
