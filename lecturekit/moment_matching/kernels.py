"""Kernels k(x, y) = φ(x)ᵀφ(y): what a discrepancy between samples gets to see of them.

All are functions of one number per pair of rows, the squared distance or the inner product, so a
mixture of six bandwidths needs the distances once. Each kernel knows its own derivative, which
lets `discrepancy` go through the pairs a block at a time and keep none of them.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from lecturekit.door import NOT_EMPTY, Count, In, NonNegative, Positive, door, refuse
from lecturekit.training import check_settings, tunable


@door
class Kernel(ABC):
    """A positive definite function of pairs of rows.

    A subclass says what it takes from a pair (`pair`), and what it makes of that (`profile`).
    """

    def __call__(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> Tensor:
        """k of every row of x with every row of y: (n, n_features), (m, n_features) → (n, m).

        Raises:
            ValueError: shapes, dtypes or devices that do not fit.
        """
        check_rows(x, y)
        return self.profile(self.pair(*self.centred(x, y)))[0]

    def centred(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> tuple[Tensor, Tensor]:
        """Both moved to where rounding does least harm, if the kernel does not see the move."""
        return x, y

    @abstractmethod
    def pair(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> Tensor:
        """s(x_i, y_j), the number that k is a function of: (n, ·), (m, ·) → (n, m)."""

    @abstractmethod
    def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
        """k and, if asked for, dk/ds at s: (n, m) → (n, m), (n, m)."""

    @abstractmethod
    def pull(
        self,
        slopes: Annotated[Tensor, "n m"],
        x: Annotated[Tensor, "n n_features"],
        y: Annotated[Tensor, "m n_features"],
    ) -> Tensor:
        """Σ_j dk/ds(x_i, y_j) · ∂s(x_i, y_j)/∂x_i from the slopes (n, m): (n, n_features)."""


@door
class RadialKernel(Kernel):
    """A function of the squared distance, s = ‖x − y‖². A subclass adds `profile`."""

    def centred(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> tuple[Tensor, Tensor]:
        centre = y.detach().mean(0)
        return x - centre, y - centre

    def pair(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> Tensor:
        """‖x‖² − 2x·y + ‖y‖²: one matrix product."""
        squares = torch.addmm(_squares(y), x, y.T, alpha=-2) + _squares(x)[:, None]
        return squares.clamp(min=0)  # rounding may leave −10⁻⁶

    def pull(
        self,
        slopes: Annotated[Tensor, "n m"],
        x: Annotated[Tensor, "n n_features"],
        y: Annotated[Tensor, "m n_features"],
    ) -> Tensor:
        """With ∂s/∂x = 2(x − y): 2(x_i Σ_j slope_ij − Σ_j slope_ij y_j)."""
        return 2 * torch.addmm(slopes.sum(1, keepdim=True) * x, slopes, y, alpha=-1)


@door
class Gaussian(RadialKernel):
    """k(x, y) = exp(−‖x − y‖² / (2σ)), or the mean of several of these.

    As on the slide and in the GMMN authors' code, σ is a *squared* bandwidth, in squared units of
    x: for the usual exp(−‖x − y‖²/(2h²)), hand in σ = h². With several σ it is the mixture of Li
    et al. 2015, scaled so that k(x, x) = 1.

    Attributes:
        sigmas: the squared bandwidths, widest first.

    Example:
        >>> Gaussian(10.0)(torch.zeros(1, 1), torch.tensor([[10.0]]))
        tensor([[0.0067]])
        >>> Gaussian([2, 5, 10, 20, 40, 80])
        Gaussian(80, 40, 20, 10, 5, 2)
    """

    def __init__(self, sigma: Positive | Annotated[Sequence[Positive], NOT_EMPTY]):
        """Take one squared bandwidth, or several.

        Raises:
            ValueError: none, or one that is not finite and above 0.
        """
        self.sigmas = tuple(sorted(_positive("σ", sigma), reverse=True))

    def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
        share, wider, k = 1 / len(self.sigmas), math.inf, s
        value, slope = s.new_zeros(()), s.new_zeros(()) if slopes else None
        for sigma in self.sigmas:
            # At half the bandwidth k is squared, which takes a tenth of an exponential's time.
            k = k.square() if wider == 2 * sigma else _exp(s * (-0.5 / sigma))
            value = torch.add(value, k, alpha=share)
            slope = None if slope is None else torch.add(slope, k, alpha=-0.5 * share / sigma)
            wider = sigma
        return value, slope

    def __repr__(self) -> str:
        return f"Gaussian({_listed(self.sigmas)})"


@door
@dataclass
class GaussianLadder(RadialKernel):
    """A mixture of Gaussians whose bandwidths form a ladder, with sliders for it.

    It is `Gaussian` of σ·ratioᵏ, k symmetric around 0; the fields are read at every use.

    Attributes:
        sigma: σ, the squared bandwidth in the middle, in squared units of x.
        rungs: how many bandwidths; 1 is a single Gaussian.
        ratio: between neighbours.

    Example:
        >>> GaussianLadder(sigma=1.0, rungs=3).kernel
        Gaussian(4, 1, 0.25)

    Raises:
        ValueError: σ ≤ 0, rungs < 1, or ratio ≤ 1.
    """

    sigma: float = tunable(1.0, 1e-3, 100.0, scale="log", label="bandwidth σ", minimum=1e-30)
    rungs: int = tunable(1, 1, 9, label="number of bandwidths", minimum=1)
    ratio: float = 4.0

    def __post_init__(self) -> None:
        check_settings(self)
        if not 1 < self.ratio < math.inf:
            raise ValueError(f"expected a ratio above 1, got {self.ratio}")

    @property
    def kernel(self) -> Gaussian:
        """The mixture as it is now."""
        exponents = [k - (self.rungs - 1) / 2 for k in range(int(self.rungs))]
        return Gaussian([self.sigma * self.ratio**k for k in exponents])

    def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
        return self.kernel.profile(s, slopes=slopes)


@door
class RationalQuadratic(RadialKernel):
    """k(x, y) = (1 + ‖x − y‖² / (2ασ))^−α, or the mean over several α.

    A mixture of Gaussians of all bandwidths at once, their inverses Gamma-distributed; σ is the
    squared bandwidth that it has at α → ∞. Its tails fall as a power, so that samples far from
    all data still feel them. Bińkowski et al. 2018.

    Example:
        >>> RationalQuadratic(1.0, alpha=0.5)(torch.zeros(1, 1), torch.ones(1, 1))
        tensor([[0.7071]])
    """

    def __init__(
        self,
        sigma: Positive = 1.0,
        *,
        alpha: Positive | Annotated[Sequence[Positive], NOT_EMPTY] = 1.0,
    ):
        """Take one squared bandwidth, and one α or several.

        Raises:
            ValueError: σ or an α that is not finite and above 0.
        """
        (self.sigma,) = _positive("σ", sigma)
        self.alphas = _positive("α", alpha)

    def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
        share = 1 / len(self.alphas)
        value, slope = s.new_zeros(()), s.new_zeros(()) if slopes else None
        for alpha in self.alphas:
            base = 1 + s / (2 * alpha * self.sigma)
            k = base**-alpha
            value = torch.add(value, k, alpha=share)
            if slope is not None:
                slope = torch.add(slope, k / base, alpha=-0.5 * share / self.sigma)
        return value, slope

    def __repr__(self) -> str:
        return f"RationalQuadratic({self.sigma:g}, alpha=[{_listed(self.alphas)}])"


@door
class Polynomial(Kernel):
    """k(x, y) = (x·y + offset)^degree: it sees moments up to the degree, and nothing above.

    φ(x) holds all products of at most `degree` coordinates, so the MMD is 0 as soon as these
    moments agree, whatever else differs. With offset 0 only the moments of exactly that degree
    count: `Polynomial(1, offset=0)` compares means.

    Example:
        >>> Polynomial(2)(torch.ones(1, 2), torch.ones(1, 2))
        tensor([[9.]])
    """

    def __init__(self, degree: Count, *, offset: NonNegative = 1.0):
        """Take a degree ≥ 1 and an offset ≥ 0.

        Raises:
            ValueError: another degree, or a negative offset, which would make φ imaginary.
        """
        if degree < 1 or degree != int(degree):
            raise ValueError(f"expected a whole degree ≥ 1, got {degree!r}")
        if not 0 <= offset < math.inf:
            raise ValueError(f"expected a finite offset ≥ 0, got {offset!r}")
        self.degree, self.offset = int(degree), float(offset)

    def pair(
        self, x: Annotated[Tensor, "n n_features"], y: Annotated[Tensor, "m n_features"]
    ) -> Tensor:
        return x @ y.T

    def profile(self, s: Tensor, *, slopes: bool = False) -> tuple[Tensor, Tensor | None]:
        base = s + self.offset
        return base**self.degree, self.degree * base ** (self.degree - 1) if slopes else None

    def pull(
        self,
        slopes: Annotated[Tensor, "n m"],
        x: Annotated[Tensor, "n n_features"],
        y: Annotated[Tensor, "m n_features"],
    ) -> Tensor:
        """With ∂s/∂x = y: Σ_j slope_ij y_j."""
        return slopes @ y

    def __repr__(self) -> str:
        return f"Polynomial({self.degree}, offset={self.offset:g})"


@door
def median_heuristic(
    x: Annotated[Tensor, "n n_features"],
    y: Annotated[Tensor, "m n_features"] | None = None,
    *,
    max_rows: Annotated[int, In(2)] = 2000,
) -> float:
    """σ = the median of ‖z_i − z_j‖² over the pairs of different rows of x and y together.

    A first guess at a bandwidth that sees the data's scale; as everywhere here σ is squared.
    Gretton et al. 2012.

    Args:
        x: (n, n_features).
        y: (m, n_features); only x if left out.
        max_rows: with more rows than that, evenly spaced ones are used.

    Raises:
        ValueError: shapes that do not fit, fewer than two rows, or half of all distances are 0.
    """
    check_rows(x, x if y is None else y)
    z = x if y is None else torch.cat([x, y])
    z = z[:: math.ceil(len(z) / max_rows)].double().cpu()
    if len(z) < 2:
        raise ValueError(f"expected at least two rows, got {len(z)}")
    median = torch.pdist(z).square().median().item()
    if median == 0:
        hint = "choose sigma by hand, or take rows that differ"
        refuse("x", "with a median distance above 0", "0, as half of all pairs are equal", hint)
    return median


def _exp(x: Tensor) -> Tensor:
    """exp, but never below 10⁻³⁸: for smaller results a processor takes seven times as long."""
    return x.clamp(min=-87.0).exp()


def _squares(x: Tensor) -> Tensor:
    return torch.linalg.vector_norm(x, dim=1).square()  # without a temporary as large as x


def check_rows(x: Tensor, y: Tensor, *, at_least: int = 1) -> None:
    """Refuse samples that can't be compared.

    Raises:
        ValueError: not both of shape (rows ≥ at_least, n_features), or of different floating-point
            dtypes, or on different devices.
    """
    for name, rows in (("x", x), ("y", y)):
        if rows.ndim != 2 or len(rows) < at_least:
            hint = "; flatten images with x.flatten(1)" if rows.ndim > 2 else ""
            raise ValueError(
                f"expected {name} of shape (rows ≥ {at_least}, n_features), "
                f"got {tuple(rows.shape)}{hint}"
            )
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has {x.shape[1]} features and y has {y.shape[1]}")
    if x.dtype != y.dtype or x.device != y.device or not x.is_floating_point():
        raise ValueError(
            "expected x and y of one floating-point dtype on one device, got "
            f"{x.dtype} on {x.device} and {y.dtype} on {y.device}"
        )


def _positive(name: str, values: float | Sequence[float]) -> tuple[float, ...]:
    found = tuple(torch.as_tensor(values, dtype=torch.float64).reshape(-1).tolist())
    if not found or not all(0 < value < math.inf for value in found):
        raise ValueError(f"expected {name} finite and above 0, got {values!r}")
    return found


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers)
