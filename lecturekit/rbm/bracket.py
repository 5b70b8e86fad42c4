"""A likelihood from both sides: AIS from above, reverse annealing from below."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import softplus

from lecturekit.door import BINARY, Count, In, door
from lecturekit.rbm.ais import LogPartition, Path, ais_log_partition, ais_schedule
from lecturekit.rbm.model import RBM


@door
@torch.no_grad()
def raise_log_likelihood(
    model: RBM,
    v: Annotated[Tensor, "n n_visible", BINARY],
    *,
    n_chains: Count = 1,
    n_levels: Annotated[int, In(29)] = 1000,
    base_bias: Annotated[Tensor, "n_visible"] | None = None,
    generator: torch.Generator,
) -> Tensor:
    """RAISE, reverse AIS: a conservative estimate of log P(v), for each row.

    A draw of independent pixels annealed up to β = 1, as AIS does it, is a draw from the annealing
    model P_ann, which becomes the RBM as levels are added. Here the same way is gone backwards,
    from v_K = v down to v_0, with v_{k−1} ~ T_{β_k}(· | v_k) and

        log w = log P_0(v_0) + Σ_k [log f_{β_k}(v_k) − log f_{β_k}(v_{k−1})],   E[w] = P_ann(v).

    So the log of the mean of the chains' weights is, in expectation, at most log P_ann(v) (Jensen);
    and the mean of log P_ann over draws v of the RBM is at most that of log P (Gibbs' inequality).
    For other v it is no strict bound: P_ann can favour what the RBM does not. No Z is needed.
    Burda, Grosse & Salakhutdinov 2015, section 3.

    Args:
        model: any size.
        v: (n, n_visible) in {0, 1}.
        n_chains: of each row, ≥ 1; more of them tighten the bound.
        n_levels: temperatures on the way, ≥ 29, spaced as by `ais_schedule`.
        base_bias: b₀, (n_visible,); best the data's `log_odds`. Zeros without it.
        generator: source of the samples, on the model's device.

    Returns:
        (n,) float64, in nats.

    Raises:
        ValueError: too few chains or levels, or shapes that do not fit.
    """
    if n_chains < 1:
        raise ValueError(f"expected n_chains ≥ 1, got {n_chains}")
    path = Path(model, base_bias)
    b, base = path.theta.b, path.base
    here = model._rows(v, "v").repeat_interleave(n_chains, 0)  # (n · n_chains, n_visible)
    field = path.hidden_field(here)
    log_w = torch.zeros(len(here), dtype=torch.float64, device=here.device)
    for warmer, _ in pairwise(ais_schedule(n_levels).flip(0).tolist()):
        there = path.gibbs_step(field, warmer, generator=generator)
        log_w += (here - there) @ (warmer * b + (1 - warmer) * base)
        log_w += softplus(warmer * field).sum(1)
        here, field = there, path.hidden_field(there)
        log_w -= softplus(warmer * field).sum(1)
    log_w += here @ base - softplus(base.double()).sum()
    return torch.logsumexp(log_w.reshape(len(v), n_chains), 1) - math.log(n_chains)


class Bracket(NamedTuple):
    """The mean log-likelihood of some rows, from both sides, in nats.

    Attributes:
        low: RAISE's mean, conservative.
        high: by AIS's log Z, which tends to be too small and so this too good.
        gap: high − low. What is known is known to no better than this; below 0 it is noise.
        low_error: standard error of `low` over the chains of all rows.
        log_partition: AIS's estimate with its interval and `trusted`.
    """

    low: float
    high: float
    gap: float
    low_error: float
    log_partition: LogPartition


@door
@torch.no_grad()
def likelihood_bracket(
    model: RBM,
    v: Annotated[Tensor, "n n_visible", BINARY],
    *,
    n_rows: Count = 100,
    n_runs: Annotated[int, In(2)] = 100,
    n_levels: Annotated[int, In(29)] = 1000,
    base_bias: Annotated[Tensor, "n_visible"] | None = None,
    generator: torch.Generator,
) -> Bracket:
    """The mean of log P(v) by AIS and by RAISE, so that neither can flatter unseen.

    RAISE looks at `n_rows` rows drawn from v. It tells log Z, as their mean of −F(v) − log w, and
    both sides then use the free energies of all of v.

    Args:
        model: any size; 784×500 with 1000 levels takes seconds.
        v: (n, n_visible) in {0, 1}; test data.
        n_rows: rows for RAISE, with a chain each.
        n_runs: of AIS, ≥ 2.
        n_levels, base_bias, generator: as for `ais_log_partition`.

    Raises:
        ValueError: as for `ais_log_partition` and `raise_log_likelihood`.
    """
    forward = ais_log_partition(
        model, n_runs=n_runs, n_levels=n_levels, base_bias=base_bias, generator=generator
    )
    chosen = torch.randperm(len(v), generator=generator, device=generator.device)[:n_rows]
    rows = v[chosen.to(v.device)]
    backward = raise_log_likelihood(
        model, rows, n_levels=n_levels, base_bias=base_bias, generator=generator
    )
    log_z = -model.free_energy(rows).double() - backward  # (n_rows,), each too high on average
    mean = -model.free_energy(v).double().mean()
    low, high = (mean - log_z.mean()).item(), mean.item() - forward.log_z
    error = (log_z.std() / math.sqrt(len(rows))).item()
    return Bracket(low, high, high - low, error, forward)
