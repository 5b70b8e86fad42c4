"""Exercise 1.7, the long one: log Z by annealed importance sampling."""

from __future__ import annotations

import functools
import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.rbm import tiny


def ais_log_partition(
    W: Tensor, b: Tensor, c: Tensor, betas: Tensor, v: Tensor, u_hidden: Tensor, u_visible: Tensor
) -> Tensor:
    """An estimate of log Z by annealed importance sampling.

    The distributions on the way have the energy β E(v, h), so unnormalised probabilities
    exp(−F_β(v)) with F_β(v) = −β b·v − Σ_j log(1 + exp(β x_j)), x = vᵀW + c. At β = 0 all states
    are equally likely, v is an exact sample, and Z_0 = 2^(n_visible + n_hidden); at β = 1 it is
    the model.

    From each β to the next, a chain at v collects the weight exp(−F_next(v)) / exp(−F_now(v)) and
    then makes one Gibbs step (h given v, v given h) that leaves the next distribution unchanged.
    Z / Z_0 is estimated by the mean over chains of the product of the collected weights.

    Args:
        W: weights, (n_visible, n_hidden)
        b: visible biases, (n_visible,)
        c: hidden biases, (n_hidden,)
        betas: inverse temperatures rising from 0 to 1, (n_betas,)
        v: independent fair coin flips, where the chains start, (n_chains, n_visible)
        u_hidden: u_hidden[k] are the uniform numbers of the Gibbs step at betas[k],
            (n_betas, n_chains, n_hidden)
        u_visible: the same for the visible units, (n_betas, n_chains, n_visible)

    Returns:
        the estimate of log Z, a tensor of shape ()
    """

    def log_weight(beta: Tensor, v: Tensor) -> Tensor:  # −F_β(v)
        return beta * v @ b + torch.nn.functional.softplus(beta * (v @ W + c)).sum(dim=1)

    log_w = torch.zeros(len(v), dtype=W.dtype, device=W.device)
    for k in range(1, len(betas)):
        now, following = betas[k - 1], betas[k]
        log_w = log_w + log_weight(following, v) - log_weight(now, v)
        h = (u_hidden[k] < torch.sigmoid(following * (v @ W + c))).to(W.dtype)
        v = (u_visible[k] < torch.sigmoid(following * (h @ W.T + b))).to(W.dtype)

    log_z_0 = (len(b) + len(c)) * math.log(2)
    return log_z_0 + torch.logsumexp(log_w, dim=0) - math.log(len(log_w))


N_CHAINS = 4000


def cases(generator: torch.Generator) -> list[Arguments]:
    """Few temperatures and strong couplings, so that mistakes cost more than the tolerance."""
    sizes = [(3, 2, 4), (3, 3, 4), (2, 2, 5), (2, 4, 4)]
    return [_case(*size, generator) for size in sizes]


def _case(n_visible: int, n_hidden: int, n_betas: int, generator: torch.Generator) -> Arguments:
    return (
        *tiny.random_parameters(n_visible, n_hidden, generator, scale=1.5),
        torch.linspace(0, 1, n_betas, dtype=torch.float64),
        tiny.random_bits(N_CHAINS, n_visible, generator=generator),
        tiny.uniforms(n_betas, N_CHAINS, n_hidden, generator=generator),
        tiny.uniforms(n_betas, N_CHAINS, n_visible, generator=generator),
    )


def exact(
    W: Tensor, b: Tensor, c: Tensor, betas: Tensor, v: Tensor, u_hidden: Tensor, u_visible: Tensor
) -> Tensor:
    return tiny.log_total_weight(W, b, c)


# ------------------------------------------------------------------------ typical wrong answers


def _mistaken(
    W: Tensor, b: Tensor, c: Tensor, betas: Tensor, v: Tensor, u: Tensor, w: Tensor,
    *, mistake: str,
) -> Tensor:  # fmt: skip
    """Annealed importance sampling with one named mistake in its place."""

    def log_weight(beta: Tensor, v: Tensor) -> Tensor:
        if mistake == "free energy scaled":
            return beta * tiny.log_weight(W, b, c, v)
        return tiny.log_weight(beta * W, beta * b, beta * c, v)

    log_w = torch.zeros(len(v), dtype=W.dtype)
    for k in range(1, len(betas)):
        now, following = betas[k - 1], betas[k]
        at = {"model's temperature": betas[-1], "last temperature": now}.get(mistake, following)
        before = v
        _, v = tiny.gibbs_step(at * W, at * b, at * c, v, u[k], w[k])
        collecting = v if mistake == "weight after step" else before
        increment = log_weight(following, collecting) - log_weight(now, collecting)
        log_w = increment if mistake == "last weight only" else log_w + increment
    if mistake == "upside down":
        log_w = -log_w
    n_base = {"no base": 0, "visible base": len(b)}.get(mistake, len(b) + len(c))
    if mistake == "mean of logs":
        return n_base * math.log(2) + log_w.mean()
    n_chains = 1 if mistake == "sum over chains" else len(log_w)
    return n_base * math.log(2) + torch.logsumexp(log_w, dim=0) - math.log(n_chains)


_MESSAGES = {
    "no base": "The base distribution's log Z_0 is missing. The weights estimate the ratio Z / "
    "Z_0; add log Z_0 = (n_visible + n_hidden) · log 2.",
    "visible base": "The base distribution's log Z_0 counts the visible states only. At β = 0 the "
    "hidden units are summed over as well: (n_visible + n_hidden) · log 2.",
    "mean of logs": "The weights are averaged in log space. By Jensen's inequality the mean of "
    "log w is always below the log of the mean of w: use torch.logsumexp(log_w, 0) − log n_chains.",
    "upside down": "The ratio is upside down: a chain collects exp(−F_next) / exp(−F_now), that is "
    "F_now − F_next in logarithms.",
    "model's temperature": "Every Gibbs step is made at β = 1. It has to leave the distribution of "
    "its own β unchanged, so W, b and c are all multiplied by that β.",
    "last temperature": "The Gibbs step is made at the β that the chain is leaving. Right after "
    "the weight comes a step at the next β, the one that the weight has led to.",
    "weight after step": "The weight is collected after the Gibbs step. The chain is weighted "
    "where it stands, and moves afterwards.",
    "free energy scaled": "The free energy is multiplied by β, but annealed is the energy: the "
    "hidden units' inputs are multiplied inside the softplus, as in the docstring.",
    "last weight only": "Only the last weight is kept. A chain's weight is the product over all "
    "temperatures: add up the logarithms.",
    "sum over chains": "The weights of the chains are summed; the estimate is their mean, so "
    "log n_chains has to be subtracted.",
}

ANNEALING = Exercise(
    number="1.7",
    title="log Z by annealed importance sampling",
    reference=ais_log_partition,
    cases=cases,
    exact=exact,
    returns=("the estimate of log Z",),
    wrong=tuple(
        Misconception(functools.partial(_mistaken, mistake=mistake), message)
        for mistake, message in _MESSAGES.items()
    ),
    hints=(
        "Begin with a helper for −F_β(v): the free energy of exercise 1.1 with W, b and c "
        "multiplied by β. The Gibbs step is that of exercise 1.2 with the same three multiplied.",
        "Keep `log_w`, one number per chain, starting at 0. For k = 1, 2, … add "
        "−F_β[k](v) + F_β[k−1](v) at the present v, and only then move v by a Gibbs step at "
        "betas[k], with u_hidden[k] and u_visible[k].",
        "At the end `torch.logsumexp(log_w, dim=0) - math.log(len(log_w))` is the log of the mean "
        "weight, which estimates log(Z / Z_0); add log Z_0 = (n_visible + n_hidden) log 2. (Write "
        "`import math` in the function or in the cell.)",
    ),
    derivation=r"""
**One step.** For two unnormalised densities $f_0, f_1$ on the same states,

$$\frac{Z_1}{Z_0} = \sum_v \frac{f_0(v)}{Z_0} \frac{f_1(v)}{f_0(v)}
    = \mathbb{E}_{v \sim p_0}\left[\frac{f_1(v)}{f_0(v)}\right],$$

so a mean of weights over samples of $p_0$ estimates the ratio. If the two differ much, a few
samples carry all the weight and the estimate is useless.

**Many steps.** So go from $f_0$, uniform, to $f_K = e^{-F}$ through $f_k = e^{-F_{\beta_k}}$ with
small differences, and let a chain follow: it is weighted by $f_k(v_k) / f_{k-1}(v_k)$ and then
moved by a step $T_k$ that leaves $p_k$ unchanged. The mean of the product of the weights is still
exact. In the last factor, sum over the last point with the earlier ones fixed, use
$\sum_v p_{k}(v)\, T_{k}(v' \mid v) = p_{k}(v')$, and the product telescopes:

$$\mathbb{E}\left[\prod_{k=1}^{K} \frac{f_k(v_k)}{f_{k-1}(v_k)}\right]
    = \frac{Z_1}{Z_0} \frac{Z_2}{Z_1} \cdots \frac{Z_K}{Z_{K-1}} = \frac{Z}{Z_0}.$$

This holds for any number of temperatures, and although the chains never reach equilibrium; more of
them only lower the variance. It needs $v_1$ to be an exact sample of $p_0$, and each $T_k$ to leave
its own $p_k$ unchanged: hence the order (weight, then move), and $\beta_k$ in the Gibbs step. The
step after the last weight changes nothing and may be left out.

**The mean, not the mean log.** The weights are unbiased for $Z / Z_0$; by Jensen's inequality
$\mathbb{E}[\log w] \le \log \mathbb{E}[w]$, so averaging in log space is always too low, and even
$\log \frac1n \sum w$ errs on the low side with few chains.

**The base.** At $\beta = 0$ every one of the $2^{n + m}$ joint states has weight $e^0 = 1$, so
$\log Z_0 = (n + m) \log 2$. (Salakhutdinov and Murray, 2008, take the data's marginals as the base,
which is closer to the model; the same proof holds.)
""",
    tolerance=0.08,  # nats; four standard errors or more of the estimate on these cases
)
