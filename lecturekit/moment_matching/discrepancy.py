"""The maximum mean discrepancy between two samples, its gradient, and its witness.

    MMD²(x, y) = ‖mean φ(x) − mean φ(y)‖² = mean k(x, x′) + mean k(y, y′) − 2 · mean k(x, y)

The kernel matrices of large samples don't fit into memory, and need not: a block of rows at a time
gives the means and, from the kernel's own derivative, their gradients, and is then forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lecturekit.door import door
from lecturekit.moment_matching.kernels import Kernel, check_rows

# Entries of a block: on a CPU few enough for its cache, on a GPU enough to keep it busy.
CPU_BLOCK, GPU_BLOCK = 1 << 18, 1 << 24


@door
def mmd2(
    x: Annotated[Tensor, "n n_features"],
    y: Annotated[Tensor, "m n_features"],
    kernel: Kernel,
    *,
    unbiased: bool = False,
) -> Tensor:
    """The squared maximum mean discrepancy between two samples.

    biased:   1/N² Σ_ij k(x_i, x_j) + 1/M² Σ_ij k(y_i, y_j) − 2/(NM) Σ_ij k(x_i, y_j)
    unbiased: the first two sums over i ≠ j, divided by N(N−1) and M(M−1)

    The biased one is a squared distance between means: never negative, and it has a root. The
    unbiased one has the populations' MMD² as its expectation, so it is often negative when they
    agree. For N = M and a radial kernel, both give a permutation test the same p-value. Gretton
    et al. 2012.

    Differentiable once in x and y. Time grows as (N + M)², memory as N + M: a block of at most
    2¹⁸ pairs is held at a time (2²⁴ on a GPU).

    Args:
        x: (N, n_features).
        y: (M, n_features).
        kernel: what is seen of them.
        unbiased: which estimator.

    Returns:
        a scalar in the dtype of x

    Raises:
        ValueError: shapes, dtypes or devices that do not fit, or fewer than two rows of x or y
            for the unbiased estimator.
    """
    check_rows(x, y, at_least=2 if unbiased else 1)
    x, y = kernel.centred(x, y)
    within_x, within_y = (_Within.apply(z, kernel, unbiased) for z in (x, y))
    return (within_x + within_y - 2 * _Between.apply(x, y, kernel)).to(x.dtype)


@door
def witness(
    points: Annotated[Tensor, "k n_features"],
    x: Annotated[Tensor, "n n_features"],
    y: Annotated[Tensor, "m n_features"],
    kernel: Kernel,
) -> Tensor:
    """f(t) = mean k(x, t) − mean k(y, t), where x is too dense (above 0) and where y is (below).

    It is the function by which the kernel tells the samples apart: MMD² = mean f(x) − mean f(y),
    and ∂MMD²/∂x_i = (2/N) ∇f(x_i). Gretton et al. 2012.

    Args:
        points: t, (m, n_features).
        x, y: the samples, (N, n_features) and (M, n_features).
        kernel: what is seen of them.

    Returns:
        (m,), differentiable.

    Raises:
        ValueError: shapes, dtypes or devices that do not fit.
    """
    check_rows(x, y)
    check_rows(points, y)
    blocks = points.split(block_rows(points, len(x) + len(y)))
    return torch.cat([kernel(t, x).mean(1) - kernel(t, y).mean(1) for t in blocks])


@door
def velocity(
    x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"], kernel: Kernel
) -> Tensor:
    """−∇f(x_i) = −(N/2) ∂MMD²/∂x_i, where each row of x is drawn: to y, and away from the other x.

    Args:
        x: (N, n_features), what moves.
        y: (M, n_features), where to.
        kernel: what is seen of them.

    Returns:
        (N, n_features), detached.

    Raises:
        ValueError: shapes, dtypes or devices that do not fit.
    """
    check_rows(x, y)
    x, y = kernel.centred(x.detach(), y.detach())
    with torch.enable_grad():
        moving = x.clone().requires_grad_()
        # mean k(y, y′) does not change with x
        energy = _Within.apply(moving, kernel, False) - 2 * _Between.apply(moving, y, kernel)
        (gradient,) = torch.autograd.grad(energy, moving)
    return gradient * (-len(x) / 2)


# ---------------------------------------------------------------------------- means over pairs


class _Between(torch.autograd.Function):
    """mean_ij k(x_i, y_j). The gradients are gathered on the way, while a block is at hand."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, kernel: Kernel) -> Tensor:
        x_moves, y_moves, _ = ctx.needs_input_grad
        total = _accumulator(x)
        pull_x, pull_y = (torch.zeros_like(z if z_moves else z[:0])
                          for z, z_moves in ((x, x_moves), (y, y_moves)))  # fmt: skip
        for start, stop in _blocks(x, len(y)):
            here = x[start:stop]
            value, slope = kernel.profile(kernel.pair(here, y), slopes=x_moves or y_moves)
            total += value.sum()
            if slope is not None and x_moves:
                pull_x[start:stop] = kernel.pull(slope, here, y)
            if slope is not None and y_moves:
                pull_y += kernel.pull(slope.T, y, here)
        pairs = len(x) * len(y)
        ctx.gradients = tuple(
            pull / pairs if moves else None
            for pull, moves in ((pull_x, x_moves), (pull_y, y_moves))
        )
        return total / pairs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Any:
        return *(_times(gradient, outer) for gradient in ctx.gradients), None


class _Within(torch.autograd.Function):
    """mean_ij k(x_i, x_j), over i ≠ j if asked for. Pairs are visited once: k is symmetric."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Kernel, different: bool) -> Tensor:
        moves = ctx.needs_input_grad[0]
        total, pull = _accumulator(x), torch.zeros_like(x if moves else x[:0])
        for start, stop in _blocks(x, len(x)):
            here, below, size = x[start:stop], x[stop:], stop - start
            value, slope = kernel.profile(kernel.pair(here, x[start:]), slopes=moves)
            total += value[:, :size].sum() + 2 * value[:, size:].sum()
            if different:
                total -= value.diagonal().sum()
            if slope is not None:
                if different:
                    slope.diagonal().zero_()
                pull[start:stop] += kernel.pull(slope, here, x[start:])
                pull[stop:] += kernel.pull(slope[:, size:].T, below, here)
        pairs = len(x) * (len(x) - 1 if different else len(x))
        ctx.gradient = 2 * pull / pairs if moves else None  # x_i comes in both places of a pair
        return total / pairs

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Any:
        return _times(ctx.gradient, outer), None, None


def _times(gradient: Tensor | None, outer: Tensor) -> Tensor | None:
    return None if gradient is None else gradient * outer.to(gradient.dtype)


def _accumulator(x: Tensor) -> Tensor:
    """Sums of a million terms, whose differences count, in float64; Apple's GPUs have none."""
    dtype = torch.float32 if x.device.type == "mps" else torch.float64
    return torch.zeros((), dtype=dtype, device=x.device)


def _blocks(x: Tensor, columns: int) -> Iterator[tuple[int, int]]:
    rows = block_rows(x, columns)
    for start in range(0, len(x), rows):
        yield start, min(start + rows, len(x))


def block_rows(x: Tensor, columns: int) -> int:
    """How many rows of x a block has, paired with so many columns."""
    return max(1, (CPU_BLOCK if x.device.type == "cpu" else GPU_BLOCK) // columns)
