"""The Markov chain of a denoiser: corrupt, reconstruct, corrupt, reconstruct, ..."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple, Self

import torch
from torch import Tensor

from lecturekit.denoising.corruption import Corruption, check_corrupted
from lecturekit.denoising.denoisers import Denoise, believed
from lecturekit.door import ChainSteps, Natural, door
from lecturekit.training import Step, Steps


class Pair(NamedTuple):
    """The state of the chain: X_t and its corruption X′_t ~ C(X′ | X_t).

    Attributes:
        clean: X_t, (n_chains, n_dims); of a whole run (n_steps + 1, n_chains, n_dims).
        noisy: X′_t, of the same shape.
    """

    clean: Tensor
    noisy: Tensor


@door
def chain(
    denoise: Denoise,
    corruption: Corruption,
    start: Annotated[Tensor, "n_chains n_dims"],
    *,
    use_mean: bool = False,
    generator: torch.Generator,
) -> Iterator[Pair]:
    """The chain X_t ~ P_θ(X | X′_{t−1}), X′_t ~ C(X′ | X_t), without end.

    With P_θ the true posterior these are the two half-steps of a Gibbs sampler of P(X)·C(X′ | X),
    so P(X) is stationary. With the mean in place of a sample it is not.

    Args:
        denoise: P_θ(X | X′).
        corruption: C(X′ | X); a change to it takes effect at the next step.
        start: X_0, (n_chains, n_dims).
        use_mean: X_t := E_θ[X | X′_{t−1}], for comparison.
        generator: source of the randomness, on the device of `start`.

    Yields:
        (X_t, X′_t) for t = 0, 1, 2, …

    Raises:
        ValueError: a start of another shape.
    """
    if start.ndim != 2 or len(start) == 0:
        raise ValueError(f"expected a start of shape (n_chains, n_dims), got {tuple(start.shape)}")
    check_corrupted(corruption, denoise, generator, start=start)
    return _pairs(denoise, corruption, start, use_mean, generator)


def _pairs(
    denoise: Denoise,
    corruption: Corruption,
    x: Tensor,
    use_mean: bool,
    generator: torch.Generator,
) -> Iterator[Pair]:
    while True:
        x_noisy = corruption.sample(x, generator=generator)
        yield Pair(x, x_noisy)
        with torch.no_grad():
            reconstruction = believed("denoise", denoise, x_noisy)
            x = reconstruction.mean if use_mean else reconstruction.sample(generator=generator)


@door
def run_chain(
    denoise: Denoise,
    corruption: Corruption,
    start: Annotated[Tensor, "n_chains n_dims"],
    n_steps: ChainSteps,
    *,
    use_mean: bool = False,
    generator: torch.Generator,
) -> Pair:
    """The first n_steps of `chain`, with its start, stacked.

    Returns:
        Pair of (n_steps + 1, n_chains, n_dims): `clean[t]` is X_t, `noisy[t]` is X′_t.

    Raises:
        ValueError: a negative number of steps, or a start of another shape.
    """
    if n_steps < 0:
        raise ValueError(f"expected n_steps ≥ 0, got {n_steps}")
    pairs = chain(denoise, corruption, start, use_mean=use_mean, generator=generator)
    states = list(itertools.islice(pairs, n_steps + 1))
    return Pair(
        torch.stack([pair.clean for pair in states]), torch.stack([pair.noisy for pair in states])
    )


@door
class Walkers:
    """Chains under way, half a step at a time: to be watched, also while their denoiser learns.

    Attributes:
        clean: X_t, (n_chains, n_dims).
        noisy: X′_t, or None before the first corruption.
        corrupted: whether X′_t was made last, or X_t.
    """

    def __init__(
        self,
        denoise: Denoise,
        corruption: Corruption,
        start: Annotated[Tensor, "n_chains n_dims"],
        *,
        generator: torch.Generator,
    ):
        check_corrupted(corruption, denoise, generator, start=start)
        self._denoise, self._corruption, self._start = denoise, corruption, start
        self.initialise(generator)

    def initialise(self, generator: torch.Generator) -> Self:
        """Go back to X_0, and take random numbers from `generator` from now on."""
        self._generator = generator
        self.clean: Tensor = self._start
        self.noisy: Tensor | None = None
        self.corrupted = False
        return self

    def half_step(self) -> None:
        """X′_t ~ C(X′ | X_t) if X_t is the latest, else X_{t+1} ~ P_θ(X | X′_t)."""
        if self.corrupted and self.noisy is not None:
            with torch.no_grad():
                belief = believed("denoise", self._denoise, self.noisy)
                self.clean = belief.sample(generator=self._generator)
        else:
            self.noisy = self._corruption.sample(self.clean, generator=self._generator)
        self.corrupted = not self.corrupted

    def step(self) -> None:
        """One full step: corrupt and reconstruct."""
        self.half_step()
        self.half_step()


@door
def half_steps(crowds: Sequence[Walkers], total: Natural) -> Steps:
    """Slow motion: all crowds in lockstep, corruption and reconstruction by turns."""
    for index in range(1, total + 1):
        for walkers in crowds:
            walkers.half_step()
        yield Step(index, total, {})


@door
def accompany(steps: Steps, crowds: Sequence[Walkers]) -> Steps:
    """Let crowds walk while their denoisers learn: one full step of each after every update."""
    for step in steps:
        for walkers in crowds:
            walkers.step()
        yield step
