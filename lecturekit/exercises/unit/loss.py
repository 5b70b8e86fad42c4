"""Exercise 6.6: the VAE and the cycle term of one domain, with codes that are drawn."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def unit_losses(
    x1: Tensor,
    x2: Tensor,
    E1: Tensor,
    E2: Tensor,
    G1: Tensor,
    G2: Tensor,
    noise: Tensor,
    cycle_noise: Tensor,
    weights: Tensor,
) -> tuple[Tensor, Tensor]:
    """The terms L_VAE1 and L_CC1 of UNIT for linear nets, M taking rows to rows @ M.

    The code of x is drawn from N(mean, 1), mean = x @ E, by adding the noise that is handed in. The
    images have a Laplace density, so −log p(x | z) is Σ |x − z @ G| per row but for a constant.

    L_VAE1 = λ1 · KL(q1(z | x1) ‖ p)  +  λ2 · E[−log p_G1(x1 | z)],  z ~ q1(z | x1)
    L_CC1  = λ3 · KL(q1(z | x1) ‖ p)  +  λ3 · KL(q2(z | x12) ‖ p)
             +  λ4 · E[−log p_G1(x1 | z)],  z ~ q2(z | x12)

    with p = N(0, 1), and x12 the translation that G2 makes of the *drawn* code of x1. KL and |·|
    are summed over the entries of a row, then averaged over rows.

    Args:
        x1: images of domain 1 as rows, (n, n_pixels)
        x2: images of domain 2 as rows, (n, n_pixels)
        E1, E2: encoders, (n_pixels, n_latent)
        G1, G2: generators, (n_latent, n_pixels)
        noise: for the codes of x1, (n, n_latent)
        cycle_noise: for the codes of x12, (n, n_latent)
        weights: λ1, λ2, λ3, λ4, (4,)

    Returns:
        L_VAE1 and L_CC1, each of shape ()
    """
    mean = x1 @ E1
    z = mean + noise
    x11, x12 = z @ G1, z @ G2
    cycle_mean = x12 @ E2
    x121 = (cycle_mean + cycle_noise) @ G1
    kl = 0.5 * (mean**2).sum(dim=1).mean()
    cycle_kl = 0.5 * (cycle_mean**2).sum(dim=1).mean()
    vae = weights[0] * kl + weights[1] * (x1 - x11).abs().sum(dim=1).mean()
    cc = weights[2] * (kl + cycle_kl) + weights[3] * (x1 - x121).abs().sum(dim=1).mean()
    return vae, cc


def case(make: Maker, n: int, n_pixels: int, n_latent: int) -> Arguments:
    images, inwards, outwards = (n, n_pixels), (n_pixels, n_latent), (n_latent, n_pixels)
    codes = (n, n_latent)
    shapes = (images, images, inwards, inwards, outwards, outwards, codes, codes)
    return (*(make.normal(*shape) for shape in shapes), 0.5 + make.uniform(4))


def answer(
    on: Slips, x1: Tensor, x2: Tensor, E1: Tensor, E2: Tensor, G1: Tensor, G2: Tensor,
    noise: Tensor, cycle_noise: Tensor, weights: Tensor,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    lambdas = weights.unbind()
    if on("all weights one"):
        lambdas = torch.ones_like(weights).unbind()
    elif on("λ1 and λ2 exchanged"):
        lambdas = (lambdas[1], lambdas[0], lambdas[2], lambdas[3])
    elif on("λ3 and λ4 exchanged"):
        lambdas = (lambdas[0], lambdas[1], lambdas[3], lambdas[2])
    elif on("L_VAE1's weights for both"):
        lambdas = (lambdas[0], lambdas[1], lambdas[0], lambdas[1])

    def kl(mean: Tensor) -> Tensor:
        square = mean.abs() if on("KL of moduli") else mean**2
        square = square + 1.0 if on("1 left in the KL") else square
        row = square.mean(dim=1) if on("KL averaged over the code") else square.sum(dim=1)
        row = row if on("half forgotten in the KL") else row / 2
        return row.sum() if on("summed over rows") else row.mean()

    def error(x: Tensor, made: Tensor) -> Tensor:
        each = (x - made).abs()
        if on("squares"):
            each = each**2
        elif on("half squares"):
            each = each**2 / 2
        row = each.mean(dim=1) if on("error averaged over pixels") else each.sum(dim=1)
        row = (x - made).norm(dim=1) if on("Euclidean error") else row
        row = (x - made).sum(dim=1) if on("no modulus") else row
        row = row + x.shape[1] * math.log(2) if on("constant kept") else row
        return row.sum() if on("summed over rows") else row.mean()

    first = 0 * noise if on("no noise") or on("first code not drawn") else noise
    second = 0 * cycle_noise if on("no noise") or on("second code not drawn") else cycle_noise
    second = noise if on("noise over again") else second
    first = cycle_noise if on("cycle noise first") else first
    mean = x1 @ E1
    z = mean + first
    code_of_translation = mean if on("translated from the mean") else z
    x11, x12 = z @ G1, code_of_translation @ G2
    if on("reconstructed by G2"):
        x11 = z @ G2
    elif on("translated by G1"):
        x12 = z @ G1
    reader, maker = E1 if on("translation read by E1") else E2, G2 if on("cycle ends in G2") else G1
    cycle_mean = x12 @ reader
    first_kl = kl(z if on("KL of drawn codes") else mean)
    if on("wrong way round"):
        start = x1 @ E2
        cycle_mean = (start + first) @ G1 @ E1
        first_kl, maker = kl(start), G2
    drawn = cycle_mean + second
    x121 = drawn @ maker
    cycle_kl = kl(drawn if on("KL of drawn codes") else cycle_mean)
    vae_kl = kl(z if on("KL of drawn codes") else mean)
    sign = -1 if on("KL subtracted") else 1
    if on("no divergence in the VAE"):
        vae_kl = 0 * vae_kl
    vae_error = error(x1, x11)
    vae_error = -vae_error if on("log density for its negative") else vae_error
    vae = sign * lambdas[0] * vae_kl + lambdas[1] * vae_error
    first_kl = 0 * first_kl if on("no first KL") or on("both KLs missing in L_CC1") else first_kl
    cycle_kl = kl(x2 @ E2) if on("KL of x2's code") else cycle_kl
    cycle_kl = 0 * cycle_kl if on("no second KL") or on("both KLs missing in L_CC1") else cycle_kl
    between = (first_kl + cycle_kl) / 2 if on("KLs averaged") else first_kl + cycle_kl
    goal = x2 if on("cycle compared with x2") else x11 if on("cycle compared with x11") else x1
    goal = x12 if on("cycle compared with x12") else goal
    cycle_error = error(goal, x12 if on("translation compared with x1") else x121)
    cycle_error = -cycle_error if on("log density for its negative") else cycle_error
    cc = sign * lambdas[2] * between + lambdas[3] * cycle_error
    if on("pairing leaked"):
        cc = cc + lambdas[3] * error(x2, x12)
    elif on("reconstruction in L_CC1"):
        cc = cc + lambdas[3] * error(x1, x11)
    return vae, cc + vae if on("L_VAE1 inside L_CC1") else cc


def exact(*given: Tensor) -> tuple[Tensor, Tensor]:
    """Row by row, from torch's distributions."""
    x1, _, E1, E2, G1, G2, noise, cycle_noise, weights = given
    vae, cc = x1.new_zeros(()), x1.new_zeros(())
    for x, e, e_cycle in zip(x1, noise, cycle_noise, strict=True):
        q = _posterior(E1.T @ x)
        z = q.mean + e
        q_cycle = _posterior(E2.T @ (G2.T @ z))
        vae = vae + weights[0] * _kl(q) + weights[1] * _surprise(x, G1.T @ z)
        cc = cc + weights[2] * (_kl(q) + _kl(q_cycle))
        cc = cc + weights[3] * _surprise(x, G1.T @ (q_cycle.mean + e_cycle))
    return vae / len(x1), cc / len(x1)


def _posterior(mean: Tensor) -> torch.distributions.Normal:
    return torch.distributions.Normal(mean, torch.ones_like(mean))


def _kl(q: torch.distributions.Normal) -> Tensor:
    prior = _posterior(torch.zeros_like(q.mean))
    return torch.distributions.kl_divergence(q, prior).sum()


def _surprise(x: Tensor, image: Tensor) -> Tensor:
    density = torch.distributions.Laplace(image, torch.ones_like(image))
    return (density.log_prob(image) - density.log_prob(x)).sum()  # the constant cancels


LOSS = Exercise(
    number="6.6",
    title="two terms of the loss, from end to end",
    minutes=35,
    reference=unit_losses,
    case=case,
    sizes=((2, 4, 3), (3, 3, 3), (5, 3, 2), (4, 5, 3)),
    by_hand=(1, 2, 1),
    answer=answer,
    exact=exact,
    slips={
        "pairing leaked": "The translation x12 is compared with x2. That leaks a pairing which "
        "the data does not have: row i of x2 is some other image. No term of L_VAE1 or L_CC1 "
        "needs x2.",
        "cycle compared with x2": "The cycle is compared with x2. It starts at x1 and has to come "
        "back to x1; row i of x2 is some other image.",
        "cycle compared with x11": "The cycle is compared with the reconstruction; it has to come "
        "back to x1 itself.",
        "cycle compared with x12": "The cycle is compared with the translation x12; it has to "
        "come back to x1.",
        "translation compared with x1": "The translation x12 is compared with x1; it has to come "
        "back first, as x121.",
        "wrong way round": "The cycle is composed the wrong way round: x1 goes through E2 and G1 "
        "first. It has to go E1, G2, and back E2, G1.",
        "translation read by E1": "The translation is read by E1. It lies in domain 2, so E2 has "
        "to read it.",
        "cycle ends in G2": "The second code is decoded by G2; the cycle has to come back into "
        "domain 1: G1.",
        "translated by G1": "The translation is made by G1, which gives the reconstruction; G2 "
        "leads into domain 2.",
        "reconstructed by G2": "The reconstruction is made by G2; G1 leads back into domain 1.",
        "KL subtracted": "The KL terms have the wrong sign. The bound subtracts them; the *loss*, "
        "its negative, adds them.",
        "log density for its negative": "The errors have the wrong sign: the loss has −log p, "
        "which is +Σ |x − z @ G|.",
        "no second KL": "L_CC1 lacks the KL of the second code, that of the translation x12.",
        "no first KL": "L_CC1 lacks the KL of the first code. It stands in L_VAE1 as well; in the "
        "paper both have it.",
        "KL of x2's code": "The second KL is that of x2's code. The cycle's second code is that "
        "of the translation x12; x2 takes no part.",
        "both KLs missing in L_CC1": "L_CC1 has no KL terms: that is CycleGAN's loss. UNIT's has "
        "those of both codes.",
        "no divergence in the VAE": "L_VAE1 has no KL: λ1 · KL(q1(z | x1) ‖ p).",
        "KLs averaged": "In L_CC1 the two KL terms are averaged; each counts with λ3.",
        "KL of drawn codes": "The KL is taken of the drawn codes; with variance 1 it is half the "
        "square of the *mean*.",
        "half forgotten in the KL": "The factor ½ is missing in the KL terms: ½ Σ mean².",
        "1 left in the KL": "The KL terms have a 1 for each latent number too many: with variance "
        "1, ½ (m² + 1 − 1 − log 1) = ½ m².",
        "KL of moduli": "The KL terms have moduli; they have squares, ½ Σ mean².",
        "KL averaged over the code": "The KL terms are averaged over the latent numbers; they are "
        "summed over a row.",
        "no noise": "The codes are the means. They have to be drawn from q: mean + noise, and "
        "mean + cycle_noise for the second code.",
        "first code not drawn": "The first code is the mean. It is drawn: x1 @ E1 + noise.",
        "second code not drawn": "The second code is the mean. It is drawn too: x12 @ E2 + "
        "cycle_noise.",
        "translated from the mean": "x12 is made from the mean code. Reconstruction and "
        "translation decode the same drawn code.",
        "noise over again": "The second code is drawn with the noise of the first. Both draws are "
        "independent; use cycle_noise.",
        "cycle noise first": "The first code is drawn with cycle_noise; that is for the second.",
        "squares": "The errors are squared, which belongs to a normal density. A Laplace density "
        "has absolute values.",
        "half squares": "The errors are ½ (·)², which belongs to a normal density. A Laplace "
        "density has absolute values.",
        "Euclidean error": "The errors are lengths of rows, ‖·‖₂; a Laplace density has the sum "
        "of moduli.",
        "no modulus": "Errors of opposite signs cancel: take moduli before the sum.",
        "error averaged over pixels": "The errors are averaged over the pixels; they are summed "
        "over a row.",
        "constant kept": "The constant log 2 of each pixel is kept; −log p is to be taken but for "
        "it, Σ |x − z @ G|.",
        "summed over rows": "The terms are summed over the rows; each is a mean over rows.",
        "all weights one": "The weights λ1 to λ4 are missing.",
        "λ1 and λ2 exchanged": "λ1 and λ2 are exchanged: λ1 is for the KL, λ2 for the error.",
        "λ3 and λ4 exchanged": "λ3 and λ4 are exchanged: λ3 is for the KL terms, λ4 for the error.",
        "L_VAE1's weights for both": "L_CC1 uses λ1 and λ2; it has its own, λ3 and λ4.",
        "reconstruction in L_CC1": "L_CC1 has the error of the reconstruction besides; that is "
        "L_VAE1's.",
        "L_VAE1 inside L_CC1": "L_CC1 contains L_VAE1 as well; they are two terms.",
    },
    returns=("L_VAE1", "L_CC1"),
    hints=(
        "Write down the stream first: mean → z → x11 and x12; x12 → its mean → its code → x121. "
        "Then each term is one line. x2 is not needed for them.",
        "With variance 1 a KL is half the sum of the squared means of a row. Both generators "
        "decode the same `z = x1 @ E1 + noise`.",
        "`z = x1 @ E1 + noise`, `cycle_mean = (z @ G2) @ E2`, `x121 = (cycle_mean + cycle_noise) @ "
        "G1`. `0.5 * (mean**2).sum(dim=1).mean()` is a KL, `(x1 - x121).abs().sum(dim=1).mean()` "
        "an error.",
    ),
    derivation=r"""
Each of the two terms is a variational bound with its sign turned. In $L_{\mathrm{VAE}_1}$ the code
of $x_1$ comes from its own encoder:

$$L_{\mathrm{VAE}_1} = \lambda_1\, \mathrm{KL}(q_1(z \mid x_1) \,\|\, p)
  - \lambda_2\, \mathbb{E}_{z \sim q_1(z \mid x_1)} \log p_{G_1}(x_1 \mid z) .$$

In $L_{\mathrm{CC}_1}$ the code comes from the *translation*, read by the other encoder:

$$L_{\mathrm{CC}_1} = \lambda_3\, \mathrm{KL}(q_1(z \mid x_1) \,\|\, p)
  + \lambda_3\, \mathrm{KL}(q_2(z \mid x_{1\to2}) \,\|\, p)
  - \lambda_4\, \mathbb{E}_{z \sim q_2(z \mid x_{1\to2})} \log p_{G_1}(x_1 \mid z) .$$

With variance 1, $\mathrm{KL} = \|m\|^2/2$; with $p(x \mid z) \propto e^{-\|x - G(z)\|_1}$,
$-\log p$ is the $L_1$ error and a constant. A draw is the mean plus standard normal noise, so
gradients flow through the mean (the reparametrisation). $x_2$ is among the arguments because it
lies at hand in every training loop, and because the tempting comparison of $x_{1\to2}$ with it is
the one thing that "unpaired" forbids.
""",
)
