"""Exercise 4.2: the log-probability of a corruption."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.denoising import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


def salt_and_pepper_log_prob(x_noisy: Tensor, x: Tensor, probability: Tensor) -> Tensor:
    """The log-probability log C(x' | x) of salt-and-pepper noise on binary pixels.

    Each pixel, on its own and with the given probability, is *replaced* by a fair coin, 0 or 1;
    otherwise it stays as it was.

    Args:
        x_noisy: corrupted images of 0.0 and 1.0, one in each row, (batch, n_pixels)
        x: the clean images, (batch, n_pixels)
        probability: that a pixel is replaced, strictly between 0 and 1, ()

    Returns:
        one log-probability per row, in nats, (batch,)
    """
    same = x_noisy == x
    log_stays, log_flips = torch.log(1 - probability / 2), torch.log(probability / 2)
    return torch.where(same, log_stays, log_flips).sum(dim=1)


def cases(generator: torch.Generator) -> list[Arguments]:
    return [_case(*size, generator) for size in [(3, 5), (6, 4), (2, 8)]]


def _case(batch: int, n_pixels: int, generator: torch.Generator) -> Arguments:
    x = tiny.bits(batch, n_pixels, generator=generator)
    x_noisy = tiny.bits(batch, n_pixels, generator=generator)
    x_noisy[0] = x[0]  # a row in which nothing changed
    x_noisy[1, 0] = 1 - x[1, 0]
    return x_noisy, x, 0.2 + 0.6 * tiny.uniform(generator=generator)


def exact(x_noisy: Tensor, x: Tensor, probability: Tensor) -> Tensor:
    """Sum over what can have happened to each pixel: it stayed, became 0, or became 1."""
    log_p = torch.zeros(len(x), dtype=x.dtype)
    half = probability / 2
    for row, (before, after) in enumerate(zip(x, x_noisy, strict=True)):
        for was, became in zip(before.tolist(), after.tolist(), strict=True):
            ways = [(1 - probability, was), (half, 0.0), (half, 1.0)]
            log_p[row] += torch.stack([p for p, value in ways if value == became]).sum().log()
    return log_p


# ------------------------------------------------------------------------ typical wrong answers


def _every_replacement_flips(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return torch.where(x_noisy == x, torch.log(1 - p), torch.log(p)).sum(dim=1)


def _only_half(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return torch.where(x_noisy == x, torch.log(1 - p), torch.log(p / 2)).sum(dim=1)


def _averaged(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return salt_and_pepper_log_prob(x_noisy, x, p) / x.shape[1]


def _not_summed(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return torch.where(x_noisy == x, torch.log(1 - p / 2), torch.log(p / 2))


def _probability(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return salt_and_pepper_log_prob(x_noisy, x, p).exp()


def _swapped(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return torch.where(x_noisy == x, torch.log(p / 2), torch.log(1 - p / 2)).sum(dim=1)


def _negative(x_noisy: Tensor, x: Tensor, p: Tensor) -> Tensor:
    return -salt_and_pepper_log_prob(x_noisy, x, p)


CORRUPTION = Exercise(
    number="4.2",
    title="the log-probability of salt-and-pepper noise",
    reference=salt_and_pepper_log_prob,
    cases=cases,
    exact=exact,
    returns=("one log-probability per row",),
    wrong=(
        Misconception(
            _every_replacement_flips,
            "A replaced pixel need not change: half of the replacements put back the value that "
            "was there. It flips with probability p/2 and stays the same with 1 − p/2.",
        ),
        Misconception(
            _only_half,
            "The probabilities of a pixel do not sum to 1: the other half of the replacements, "
            "those that put back the same value, belong to the pixels that look untouched.",
        ),
        Misconception(
            _averaged,
            "This is the mean over pixels. They are independent, so probabilities are multiplied "
            "and log-probabilities summed.",
        ),
        Misconception(
            _not_summed,
            "The pixels are still there, one column each: sum their log-probabilities over "
            "`dim=1`.",
        ),
        Misconception(_probability, "This is the probability itself; return its logarithm."),
        Misconception(
            _swapped,
            "The two cases are exchanged: a pixel that looks the same has the larger probability, "
            "1 − p/2.",
        ),
        Misconception(
            _negative, "The sign is wrong: a log-probability is negative (or 0), as log p < 0."
        ),
    ),
    hints=(
        "What can happen to a single pixel that is 1? It stays; it is replaced by 1; it is "
        "replaced by 0. Which of these look the same afterwards?",
        "A pixel ends up as it was with probability (1 − p) + p/2, and flipped with p/2.",
        "`torch.where(x_noisy == x, torch.log(1 - probability / 2), torch.log(probability / 2))` "
        "has one entry per pixel; independent pixels: `.sum(dim=1)`.",
    ),
    derivation=r"""
For one binary pixel there are two ways to end up as before: not replaced, or replaced by the same
value. There is one way to flip. With replacement probability $p$,

$$C(x'_i \mid x_i) = (1 - p)\,\mathbf{1}[x'_i = x_i] + \frac{p}{2} =
\begin{cases} 1 - p/2 & x'_i = x_i \\ p/2 & x'_i \ne x_i. \end{cases}$$

The pixels are corrupted independently, so the probability of a row is a product, and

$$\log C(x' \mid x) = \sum_i \log C(x'_i \mid x_i).$$

At $p = 1$ the image is replaced by coin flips altogether, and every $x'$ has probability $2^{-n}$.
""",
)
