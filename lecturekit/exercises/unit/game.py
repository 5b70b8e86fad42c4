"""Exercise 6.5: who gets which gradient of the adversarial term."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises import adversarial
from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def adversarial_gradients(
    x1: Tensor, x2: Tensor, E2: Tensor, G1: Tensor, D1: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients with which E2, G1 and D1 descend in the game of domain 1.

    All nets are linear and codes carry no noise: images of domain 2 are shown in domain 1 as
    x21 = x2 @ E2 @ G1, and D1 gives any images the scores s(x) = x @ D1, with sigmoid(s) the
    probability of "real". Everything below is a mean over rows.

    D1 minimises            −log sigmoid(s(x1)) − log(1 − sigmoid(s(x21))).
    E2 and G1 minimise      −log sigmoid(s(x21)), the non-saturating form.

    Args:
        x1: images of domain 1 as rows, (n1, n_pixels)
        x2: images of domain 2 as rows, (n2, n_pixels)
        E2: encoder, (n_pixels, n_latent)
        G1: generator, (n_latent, n_pixels)
        D1: discriminator, (n_pixels,)

    Returns:
        the gradient of the encoder's loss for E2, of the generator's for G1, and of the
        discriminator's for D1, in their shapes
    """
    E2, G1, D1 = (M.clone().requires_grad_() for M in (E2, G1, D1))
    x21 = x2 @ E2 @ G1
    made = -torch.nn.functional.logsigmoid(x21 @ D1).mean()
    g_E2, g_G1 = torch.autograd.grad(made, [E2, G1])
    real_score, fake_score = x1 @ D1, x21.detach() @ D1
    told = torch.nn.functional.softplus(-real_score).mean()
    told = told + torch.nn.functional.softplus(fake_score).mean()
    (g_D1,) = torch.autograd.grad(told, [D1])
    return g_E2, g_G1, g_D1


Three = tuple[Tensor, Tensor, Tensor]


def case(
    make: Maker, n1: int, n2: int, n_pixels: int, n_latent: int, sure: float = 1.0
) -> Arguments:
    shapes = ((n1, n_pixels), (n2, n_pixels), (n_pixels, n_latent), (n_latent, n_pixels))
    return (*(make.normal(*shape) for shape in shapes), sure * make.normal(n_pixels))


def answer(on: Slips, x1: Tensor, x2: Tensor, E2: Tensor, G1: Tensor, D1: Tensor) -> Three:
    """By hand: a score's slope times what the score is linear in."""
    source = x1 if on("x1 translated") else x2
    code = source @ E2
    image, real = code @ G1, x1
    to_real, to_fake = adversarial.slopes(on, image @ D1)
    real_to_real, real_to_fake = adversarial.slopes(on, real @ D1)
    n1, n2 = (1, 1) if on("sums") else (len(x1), len(source))
    n1, n2 = (n2, n2) if on("one divisor") else (n1, n2)

    def makers(slope: Tensor) -> tuple[Tensor, Tensor]:
        return torch.outer(source.T @ slope, G1 @ D1) / n2, torch.outer(code.T @ slope, D1) / n2

    slope = to_real
    if on("saturating"):
        slope = -to_fake
    elif on("discriminator's loss for the makers"):
        slope = to_fake
    elif on("least squares"):
        slope = 2 * (image @ D1 - 1)
    g_E2, g_G1 = makers(slope)
    from_D = makers(to_fake)
    if on("no detach") or on("one sum"):
        g_E2, g_G1 = g_E2 + from_D[0], g_G1 + from_D[1]
    if on("makers climb"):
        g_E2, g_G1 = -g_E2, -g_G1
    if on("encoder left out"):
        g_E2 = torch.zeros_like(g_E2)
    elif on("generator left out"):
        g_G1 = torch.zeros_like(g_G1)
    if on("makers left out"):
        g_E2, g_G1 = torch.zeros_like(g_E2), torch.zeros_like(g_G1)

    n_real, n_fake = (n1 + n2, n1 + n2) if on("pooled") else (n1, n2)
    on_real, on_fake = real.T @ real_to_real / n_real, image.T @ to_fake / n_fake
    if on("labels exchanged"):
        on_real, on_fake = real.T @ real_to_fake / n1, image.T @ to_real / n2
    on_real = 0 * on_real if on("no term of the real images") else on_real
    on_fake = 0 * on_fake if on("no term of the translations") else on_fake
    g_D1 = on_real - on_fake if on("fake's sign") else on_real + on_fake
    g_D1 = g_D1 / 2 if on("discriminator halved") else g_D1
    if on("discriminator not frozen") or on("one sum"):
        g_D1 = g_D1 + image.T @ to_real / n2
    g_D1 = -g_D1 if on("discriminator climbs") else g_D1
    g_D1 = torch.zeros_like(g_D1) if on("discriminator left out") else g_D1
    return g_E2, g_G1, g_D1


GAME = Exercise(
    number="6.5",
    title="who gets which gradient",
    minutes=30,
    reference=adversarial_gradients,
    case=case,
    sizes=((2, 5, 4, 3), (3, 3, 3, 3), (4, 2, 3, 2), (5, 8, 2, 3, 100.0)),
    by_hand=(2, 1, 2, 1),
    answer=answer,
    slips={
        "no detach": "The translations are not detached in the discriminator's loss, so E2 and G1 "
        "also receive its gradient, which tells them to be found out: `x21.detach()`.",
        "discriminator not frozen": "D1 also receives the gradient of the loss of E2 and G1, "
        "which tells it to be fooled. Take each gradient of its own loss, or clear D1's before "
        "its step.",
        "one sum": "All gradients are of the sum of both losses. There are two players with "
        "opposite aims: E2 and G1 descend on theirs, D1 on its own.",
        "saturating": "E2 and G1 minimise log(1 − sigmoid(s)), the saturating form of the slide; "
        "asked for is the non-saturating one, −log sigmoid(s).",
        "discriminator's loss for the makers": "This is the gradient of −log(1 − "
        "sigmoid(s(x21))), the discriminator's own term: either it was taken for the loss of E2 "
        "and G1, or x21 was detached in the wrong one of the losses. They want s(x21) to look "
        "real: −log sigmoid(s(x21)).",
        "least squares": "E2 and G1 descend least squares, (s − 1)²; asked for is −log sigmoid(s).",
        "makers climb": "The gradients of E2 and G1 have the wrong sign: descending along them "
        "lowers the scores of what they make.",
        "labels exchanged": "D1's labels are exchanged: its real images are those of the domain, "
        "x1, and what was translated is fake.",
        "discriminator climbs": "The gradient of D1 has the wrong sign: that of the slide's loss, "
        "which D1 maximises. Asked for is the loss that it minimises.",
        "encoder left out": "E2 receives nothing. The translation x21 is made of the code of E2, "
        "so the adversarial term of domain 1 reaches the encoder of domain 2.",
        "generator left out": "G1 receives nothing: it makes the translation, and is to be taught "
        "by D1.",
        "makers left out": "E2 and G1 receive nothing: x21 is detached in their own loss. Detach "
        "it in the discriminator's only.",
        "discriminator left out": "D1 receives nothing: it descends a loss of its own.",
        "no term of the translations": "D1 sees real images only. Its loss has a second half: "
        "translations must get low scores.",
        "no term of the real images": "D1 sees translations only. Its loss has another half: real "
        "images must get high scores.",
        "fake's sign": "In D1's loss the translations have the wrong sign: −log(1 − "
        "sigmoid(s(x21))), whose slope is +sigmoid(s).",
        "discriminator halved": "D1's loss is halved; asked for is the sum of its two means.",
        "x1 translated": "The translations are made of x1; those shown in domain 1 are made of x2.",
        "sums": "These are sums over the rows; every term is a mean over its rows.",
        "one divisor": "All terms are divided by the number of rows of x2; each is a mean over "
        "its own rows.",
        "pooled": "D1's two terms are divided by the number of all rows, n1 + n2: each mean is "
        "over its own rows.",
        **adversarial.SLIPS,
        "negated": "All signs are wrong: these are gradients to be ascended.",
    },
    returns=("the gradient of E2", "the gradient of G1", "the gradient of D1"),
    hints=(
        "Make copies that ask for a gradient, `E2 = E2.clone().requires_grad_()` and so on, "
        "compute one loss for each player, and use `torch.autograd.grad(loss, [...])`.",
        "In the discriminator's loss the translations are data: `x21.detach()`. "
        "−log sigmoid(s) is `softplus(-s)`, −log(1 − sigmoid(s)) is `softplus(s)`, from "
        "`torch.nn.functional`.",
        "`softplus(-(x21 @ D1)).mean()` for E2 and G1; "
        "`softplus(-(x1 @ D1)).mean() + softplus(x21.detach() @ D1).mean()` for D1.",
    ),
    derivation=r"""
The slide's term of domain 1 is a game for E₂, G₁ and D₁: $x_{2\to1} = G_1(E_2(x_2))$ is made by the
encoder of the *other* domain. With $s = D_1(x)$ and $\sigma' = \sigma(1 - \sigma)$,

$$\frac{d}{ds}\bigl(-\log \sigma(s)\bigr) = \sigma(s) - 1, \qquad
\frac{d}{ds}\bigl(-\log (1 - \sigma(s))\bigr) = \sigma(s).$$

The makers' slope, $\sigma(s) - 1$, is largest where they are found out, $\sigma(s) \approx 0$; the
saturating form has $-\sigma(s)$ instead, nearly nothing in the same place. The chain rule does the
rest: a score is linear in each net, e.g. $\partial s / \partial G_1 = (x_2 E_2)^\top D_1^\top$.

Each player descends on its own loss. One backward pass through the *sum* of both would cancel: the
translations' terms have opposite aims. `detach` keeps D₁'s loss from reaching the makers, and
clearing (or never computing) D₁'s gradient of theirs keeps the reverse from happening.
""",
)
