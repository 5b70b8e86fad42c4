"""Are two samples from one population? The MMD as a test statistic, its null by permutation."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from lecturekit.door import AnyGenerator, Count, door
from lecturekit.moment_matching.discrepancy import block_rows
from lecturekit.moment_matching.kernels import Kernel, check_rows


class TwoSampleTest(NamedTuple):
    """The outcome of a permutation test.

    Attributes:
        statistic: the unbiased MMD² of the two samples.
        p_value: the chance of a statistic at least as large, were both from one population;
            exactly so, at any sample size.
        null: (n_permutations,), the statistic with the rows dealt out at random.
    """

    statistic: float
    p_value: float
    null: Tensor


@door
@torch.no_grad()
def two_sample_test(
    x: Annotated[Tensor, "N≥2 n_features"],
    y: Annotated[Tensor, "M≥2 n_features"],
    kernel: Kernel,
    *,
    n_permutations: Count = 500,
    generator: AnyGenerator,
) -> TwoSampleTest:
    """Test whether x and y are from one population.

    If they are, it does not matter which rows are called x: the observed statistic is one more
    draw from those with the rows dealt out anew, and p = (1 + #{null ≥ observed}) / (1 + n).
    Gretton et al. 2012; the 1 + counts the observed dealing itself.

    The kernel is evaluated once for every pair, not once for every permutation, a block at a time.

    Args:
        x: (N ≥ 2, n_features).
        y: (M ≥ 2, n_features).
        kernel: what is seen of them; chosen without a look at these rows.
        n_permutations: ≥ 1; p is never below 1 / (1 + n_permutations).
        generator: source of the permutations, on any device.

    Raises:
        ValueError: shapes, dtypes or devices that do not fit, or no permutations.
    """
    check_rows(x, y, at_least=2)
    if n_permutations < 1:
        raise ValueError(f"expected n_permutations ≥ 1, got {n_permutations}")
    z = torch.cat(kernel.centred(x, y))
    dealt = torch.zeros(len(z), 1 + n_permutations, device=z.device, dtype=z.dtype)
    dealt[: len(x), 0] = 1  # column 0: as observed
    for column in range(1, 1 + n_permutations):
        order = torch.randperm(len(z), generator=generator, device=generator.device)
        dealt[order[: len(x)].to(z.device), column] = 1
    statistics = _unbiased_mmd2(z, dealt, kernel).to(x.dtype)
    observed, null = statistics[0], statistics[1:]
    # Rounding must not tell apart dealings that have the same value.
    exceeding = (null >= observed - 1e-6 * observed.abs()).sum().item()
    return TwoSampleTest(observed.item(), (1 + exceeding) / (1 + n_permutations), null)


@door
def power_criterion(
    x: Annotated[Tensor, "n≥3 n_features"], y: Annotated[Tensor, "n≥3 n_features"], kernel: Kernel
) -> Tensor:
    """J = MMD² / σ₁, by which a test's power grows: what to choose or to learn a kernel by.

    With H_ij = k(x_i, x_j) + k(y_i, y_j) − k(x_i, y_j) − k(x_j, y_i), MMD² is the mean of H_ij over
    i ≠ j, and σ₁² = 4 Var_i mean_j H_ij: where the populations differ, n times the variance of that
    estimate. The power at n rows is about Φ(√n J − c/√n), c by the null. Sutherland et al. 2017.

    To be maximised on other rows than those that are tested. Differentiable in x and y, which may
    be features that a network makes. Memory grows as n².

    Args:
        x, y: (n ≥ 3, n_features) both.
        kernel: what is seen of them.

    Returns:
        a scalar

    Raises:
        ValueError: shapes, dtypes or devices that do not fit, or samples of different sizes.
    """
    check_rows(x, y, at_least=3)
    n = len(x)
    if len(y) != n:
        raise ValueError(f"expected as many rows of x as of y, got {n} and {len(y)}")
    across = kernel(x, y)
    h = kernel(x, x) + kernel(y, y) - across - across.T
    rows = (h.sum(1) - h.diagonal()) / (n - 1)
    # Where x and y agree, both are 0: a small number decides, for MMD² = 0.
    return rows.mean() / (4 * rows.var() + 1e-8).sqrt()


def _unbiased_mmd2(z: Tensor, dealt: Tensor, kernel: Kernel) -> Tensor:
    """MMD² of the rows that a column of 0 and 1 calls x against the rest: (columns,).

    With K the kernel matrix without its diagonal and a a column, the sums within and between are
    aᵀKa, (1 − a)ᵀK(1 − a) and aᵀK(1 − a).
    """
    n = dealt[:, 0].sum().item()
    m = len(z) - n
    within_x, between = z.new_zeros(dealt.shape[1]), z.new_zeros(dealt.shape[1])
    total = z.new_zeros(())
    rows = block_rows(z, len(z))
    for start in range(0, len(z), rows):
        k, _ = kernel.profile(kernel.pair(z[start : start + rows], z))
        k.diagonal(start).zero_()
        a, to_x = dealt[start : start + rows], k @ dealt  # (rows, columns)
        within_x += (a * to_x).sum(0)
        between += ((1 - a) * to_x).sum(0)
        total += k.sum()
    within_y = total - within_x - 2 * between
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m)
