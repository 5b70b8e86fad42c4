"""Exercise 6.6: the VAE and the cycle term of one domain, with codes that are drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 4, 3), (3, 3, 3), (5, 3, 2)]
    return [_case(*size, generator) for size in sizes]


def _case(n: int, n_pixels: int, n_latent: int, generator: torch.Generator) -> Arguments:
    images, inwards, outwards = (n, n_pixels), (n_pixels, n_latent), (n_latent, n_pixels)
    codes = (n, n_latent)
    shapes = (images, images, inwards, inwards, outwards, outwards, codes, codes)
    weights = 0.5 + torch.rand(4, generator=generator, dtype=torch.float64)
    return (*(tiny.normal(*shape, generator=generator) for shape in shapes), weights)


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


# ------------------------------------------------------------------------ typical wrong answers

Two = tuple[Tensor, Tensor]
_losses: Callable[..., Two] = unit_losses  # called with pieces of the arguments


def _l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().sum(dim=1).mean()


def _half_square(mean: Tensor) -> Tensor:
    return 0.5 * (mean**2).sum(dim=1).mean()


def _cycle_means(*given: Tensor) -> Two:
    """Of the codes of x1, and of those of x12."""
    x1, _, E1, E2, _, G2, noise, _, _ = given
    mean = x1 @ E1
    return mean, (mean + noise) @ G2 @ E2


def _pairing_leaked(*given: Tensor) -> Two:
    x1, x2, E1, _, _, G2, noise, _, weights = given
    vae, cc = _losses(*given)
    return vae, cc + weights[3] * _l1((x1 @ E1 + noise) @ G2, x2)


def _cycle_to_x2(*given: Tensor) -> Two:
    x1, x2, _, _, G1, _, _, cycle_noise, weights = given
    vae, cc = _losses(*given)
    x121 = (_cycle_means(*given)[1] + cycle_noise) @ G1
    return vae, cc + weights[3] * (_l1(x2, x121) - _l1(x1, x121))


def _wrong_way_round(*given: Tensor) -> Two:
    x1, _, E1, E2, G1, G2, noise, cycle_noise, weights = given
    vae, _ = _losses(*given)
    mean = x1 @ E2
    cycle_mean = (mean + noise) @ G1 @ E1
    cc = weights[2] * (_half_square(mean) + _half_square(cycle_mean))
    return vae, cc + weights[3] * _l1(x1, (cycle_mean + cycle_noise) @ G2)


def _kl_subtracted(*given: Tensor) -> Two:
    weights = given[-1]
    mean, cycle_mean = _cycle_means(*given)
    vae, cc = _losses(*given)
    kl, cycle_kl = _half_square(mean), _half_square(cycle_mean)
    return vae - 2 * weights[0] * kl, cc - 2 * weights[2] * (kl + cycle_kl)


def _no_cycle_kl(*given: Tensor) -> Two:
    weights = given[-1]
    vae, cc = _losses(*given)
    return vae, cc - weights[2] * _half_square(_cycle_means(*given)[1])


def _only_cycle_kl(*given: Tensor) -> Two:
    weights = given[-1]
    vae, cc = _losses(*given)
    return vae, cc - weights[2] * _half_square(_cycle_means(*given)[0])


def _no_kl_in_cc(*given: Tensor) -> Two:
    weights = given[-1]
    vae, cc = _losses(*given)
    return vae, cc - weights[2] * sum(_half_square(mean) for mean in _cycle_means(*given))


def _no_noise(*given: Tensor) -> Two:
    quiet = [torch.zeros_like(noise) for noise in given[6:8]]
    return _losses(*given[:6], *quiet, given[8])


def _no_cycle_noise(*given: Tensor) -> Two:
    return _losses(*given[:7], torch.zeros_like(given[7]), given[8])


def _translated_from_the_mean(*given: Tensor) -> Two:
    vae, _ = _losses(*given)
    return vae, _losses(*given[:6], torch.zeros_like(given[6]), *given[7:])[1]


def _noise_over_again(*given: Tensor) -> Two:
    return _losses(*given[:7], given[6], given[8])


def _squares(*given: Tensor) -> Two:
    x1, _, _, _, G1, _, noise, cycle_noise, weights = given
    mean, cycle_mean = _cycle_means(*given)
    x11, x121 = (mean + noise) @ G1, (cycle_mean + cycle_noise) @ G1
    kl, cycle_kl = _half_square(mean), _half_square(cycle_mean)
    squares = [((x1 - made) ** 2).sum(dim=1).mean() for made in (x11, x121)]
    return (
        weights[0] * kl + weights[1] * squares[0],
        weights[2] * (kl + cycle_kl) + weights[3] * squares[1],
    )


def _exchanged(*given: Tensor) -> Two:
    vae, cc = _losses(*given)
    return cc, vae


LOSS = Exercise(
    number="6.6",
    title="two terms of the loss, from end to end",
    reference=unit_losses,
    cases=cases,
    exact=exact,
    returns=("L_VAE1", "L_CC1"),
    wrong=(
        Misconception(
            _pairing_leaked,
            "The translation x12 is compared with x2. That leaks a pairing which the data does not "
            "have: row i of x2 is some other image. No term of L_VAE1 or L_CC1 needs x2.",
        ),
        Misconception(
            _cycle_to_x2,
            "The cycle is compared with x2. It starts at x1 and has to come back to x1; row i of "
            "x2 is some other image.",
        ),
        Misconception(
            _wrong_way_round,
            "The cycle is composed the wrong way round: x1 goes through E2 and G1 first. It has to "
            "go E1, G2, and back E2, G1.",
        ),
        Misconception(
            _kl_subtracted,
            "The KL terms have the wrong sign. The bound subtracts them; the *loss*, its negative, "
            "adds them.",
        ),
        Misconception(
            _no_cycle_kl, "L_CC1 lacks the KL of the second code, that of the translation x12."
        ),
        Misconception(
            _only_cycle_kl,
            "L_CC1 lacks the KL of the first code. It stands in L_VAE1 as well; in the paper "
            "both have it.",
        ),
        Misconception(
            _no_kl_in_cc,
            "L_CC1 has no KL terms: that is CycleGAN's loss. UNIT's has those of both codes.",
        ),
        Misconception(
            _no_noise,
            "The codes are the means. They have to be drawn from q: mean + noise, and "
            "mean + cycle_noise for the second code.",
        ),
        Misconception(
            _no_cycle_noise,
            "The second code is the mean. It is drawn too: x12 @ E2 + cycle_noise.",
        ),
        Misconception(
            _translated_from_the_mean,
            "x12 is made from the mean code. Reconstruction and translation decode the same drawn "
            "code.",
        ),
        Misconception(
            _noise_over_again,
            "The second code is drawn with the noise of the first. Both draws are independent; "
            "use cycle_noise.",
        ),
        Misconception(
            _squares,
            "The errors are squared, which belongs to a normal density. A Laplace density has "
            "absolute values.",
        ),
        Misconception(_exchanged, "Both are right, but returned in the wrong order."),
    ),
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
