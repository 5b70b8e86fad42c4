"""Exercise 1.7, the long one: log Z by annealed importance sampling."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.rbm import enumeration
from lecturekit.exercises.tiny import Maker


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
        the estimate of log Z, a tensor of shape (), finite also for large weights
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


def case(
    make: Maker, n_visible: int, n_hidden: int, n_betas: int, n_chains: int, offset: float = 0.0
) -> Arguments:
    """Few temperatures, not evenly spaced, and strong couplings."""
    steps = 0.2 + make.uniform(n_betas - 1)
    betas = torch.cat([steps.new_zeros(1), steps.cumsum(dim=0) / steps.sum()])
    return (
        *enumeration.parameters(make, n_visible, n_hidden, scale=1.5, offset=offset),
        betas,
        make.bits(n_chains, n_visible),
        make.uniform(n_betas, n_chains, n_hidden),
        make.uniform(n_betas, n_chains, n_visible),
    )


def answer(
    on: Slips, W: Tensor, b: Tensor, c: Tensor, betas: Tensor, v: Tensor,
    u_hidden: Tensor, u_visible: Tensor,
) -> Tensor:  # fmt: skip
    def softplus(x: Tensor) -> Tensor:
        if on("softplus overflow"):
            return torch.log(1 + torch.exp(x))
        return torch.nn.functional.softplus(x)

    def log_weight(beta: Tensor, v: Tensor) -> Tensor:  # −F_β(v)
        if on("free energy scaled"):
            return beta * (v @ b + softplus(v @ W + c).sum(dim=1))
        visible = 0.0 if on("no visible term") else beta * v @ b
        x = beta * (v @ W) + c if on("hidden bias not annealed") else beta * (v @ W + c)
        hidden = softplus(x).sum(dim=1)
        return visible + (-hidden if on("softplus subtracted") else hidden)

    def moved(at: Tensor, v: Tensor, k: int) -> Tensor:
        above = on("above")
        p = torch.sigmoid((1.0 if on("hidden half not annealed") else at) * (v @ W + c))
        h = (u_hidden[k] > p if above else u_hidden[k] < p).double()
        back = p if on("mean field back") else h
        y = at * (back @ W.T) + (b if on("visible bias not annealed") else at * b)
        y = back @ W.T + b if on("visible half not annealed") else y
        q = torch.sigmoid(y)
        return (u_visible[k] > q if above else u_visible[k] < q).double()

    log_w = torch.zeros(len(v), dtype=W.dtype)
    start = v
    first = 2 if on("first temperature left out") else 1
    for k in range(first, len(betas) - (1 if on("last temperature left out") else 0)):
        now, following = betas[k - 1], betas[k]
        at = now if on("last temperature") else following
        at = betas[-1] if on("model's temperature") else at
        place = k - 1 if on("uniforms one early") else 1 if on("uniforms of the first step") else k
        before = start if on("never moved") else v
        v = moved(at, start if on("restarted") else v, place)
        collecting = v if on("weight after step") else before
        increment = log_weight(following, collecting) - log_weight(now, collecting)
        log_w = increment if on("last weight only") else log_w + increment
    log_w = -log_w if on("upside down") else log_w
    n_base = len(b) if on("visible base") else len(c) if on("hidden base") else len(b) + len(c)
    base = 0.0 if on("no base") else n_base * (1.0 if on("base without log 2") else math.log(2))
    if on("mean of logs"):
        return base + log_w.mean()
    if on("overflow"):
        return base + log_w.exp().mean().log()
    if on("largest weight"):
        return base + log_w.max()
    n_chains = 1 if on("sum over chains") else len(log_w)
    found = base + torch.logsumexp(log_w, dim=0) - math.log(n_chains)
    return found.exp() if on("Z") else found


ANNEALING = Exercise(
    number="1.7",
    title="log Z by annealed importance sampling",
    minutes=35,
    reference=ais_log_partition,
    case=case,
    sizes=(
        (3, 2, 4, 7),
        (3, 3, 5, 3),
        (2, 2, 5, 6),
        (2, 4, 3, 8),
        (4, 3, 6, 3),
        (3, 2, 4, 5, 400.0),
    ),
    by_hand=(1, 2, 3, 2),
    answer=answer,
    slips={
        "no base": "The base distribution's log Z_0 is missing. The weights estimate the ratio Z "
        "/ Z_0; add log Z_0 = (n_visible + n_hidden) · log 2.",
        "visible base": "The base distribution's log Z_0 counts the visible states only. At β = 0 "
        "the hidden units are summed over as well: (n_visible + n_hidden) · log 2.",
        "hidden base": "The base distribution's log Z_0 counts the hidden states only. At β = 0 "
        "the visible units are free as well: (n_visible + n_hidden) · log 2.",
        "base without log 2": "The base distribution's log Z_0 lacks the factor log 2: there are "
        "2ⁿ states, and the logarithm of 2ⁿ is n · log 2.",
        "mean of logs": "The weights are averaged in log space. By Jensen's inequality the mean "
        "of log w is always below the log of the mean of w: use torch.logsumexp(log_w, 0) − log "
        "n_chains.",
        "largest weight": "This is the largest weight alone; the estimate is the mean over the "
        "chains: torch.logsumexp(log_w, 0) − log n_chains.",
        "overflow": "Right for small weights, but for large weights exp overflows: "
        "torch.logsumexp(log_w, 0) − log n_chains.",
        "upside down": "The ratio is upside down: a chain collects exp(−F_next) / exp(−F_now), "
        "that is F_now − F_next in logarithms.",
        "model's temperature": "Every Gibbs step is made at β = 1. It has to leave the "
        "distribution of its own β unchanged, so W, b and c are all multiplied by that β.",
        "last temperature": "The Gibbs step is made at the β that the chain is leaving. Right "
        "after the weight comes a step at the next β, the one that the weight has led to.",
        "weight after step": "The weight is collected after the Gibbs step. The chain is weighted "
        "where it stands, and moves afterwards.",
        "never moved": "The chains never move: all weights are collected where they started. That "
        "is plain importance sampling in one step; after each weight comes a Gibbs step.",
        "restarted": "Every Gibbs step begins at the chains' start. It goes on from where the "
        "last one led.",
        "free energy scaled": "The free energy is multiplied by β, but annealed is the energy: "
        "the hidden units' inputs are multiplied inside the softplus, as in the docstring.",
        "no visible term": "The visible term β b·v is missing from the weights, or lacks its β "
        "and cancels: all terms of the energy are multiplied by β.",
        "hidden bias not annealed": "c is not multiplied by β: all terms of the energy are.",
        "visible bias not annealed": "In the Gibbs step b is not multiplied by β: all terms of "
        "the energy are.",
        "hidden half not annealed": "In the Gibbs step the hidden units' inputs lack the factor "
        "β: σ(β (v @ W + c)).",
        "visible half not annealed": "In the Gibbs step the visible units' inputs lack the factor "
        "β: σ(β (h @ W.T + b)).",
        "softplus overflow": "Right for small weights, but for large weights exp overflows: log(1 "
        "+ exp(x)) is torch.nn.functional.softplus(x), which does not.",
        "softplus subtracted": "The softplus has the wrong sign: −F_β(v) = β b·v + Σ softplus(β "
        "xⱼ).",
        "mean field back": "The Gibbs step goes back from the hidden probabilities; v has to be "
        "drawn given the sampled binary h.",
        "above": "The comparison is the wrong way round: a unit is 1 where its uniform number is "
        "*below* its probability.",
        "uniforms one early": "The step at betas[k] uses u_hidden[k − 1] and u_visible[k − 1]; "
        "those of the step at betas[k] are u_hidden[k] and u_visible[k].",
        "uniforms of the first step": "Every Gibbs step uses the same uniform numbers; the step "
        "at betas[k] has its own, u_hidden[k] and u_visible[k].",
        "last temperature left out": "The last weight, up to β = 1, is missing: k runs to "
        "len(betas) − 1.",
        "first temperature left out": "The first weight, from β = 0, is missing: k runs from 1.",
        "last weight only": "Only the last weight is kept. A chain's weight is the product over "
        "all temperatures: add up the logarithms.",
        "sum over chains": "The weights of the chains are summed; the estimate is their mean, so "
        "log n_chains has to be subtracted.",
        "Z": "This is the estimate of Z; asked for is its logarithm.",
    },
    returns=("the estimate of log Z",),
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
)
