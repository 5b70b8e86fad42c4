"""Exercise 6.5: who gets which gradient of the adversarial term."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Misconception
from lecturekit.exercises.unit import tiny


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 5, 4, 3), (3, 3, 3, 3), (4, 2, 3, 2)]
    return [_case(*size, generator) for size in sizes]


def _case(n1: int, n2: int, n_pixels: int, n_latent: int, generator: torch.Generator) -> Arguments:
    shapes = ((n1, n_pixels), (n2, n_pixels), (n_pixels, n_latent), (n_latent, n_pixels))
    return (
        *(tiny.normal(*shape, generator=generator) for shape in shapes),
        tiny.normal(n_pixels, generator=generator),
    )


Three = tuple[Tensor, Tensor, Tensor]


def exact(x1: Tensor, x2: Tensor, E2: Tensor, G1: Tensor, D1: Tensor) -> Three:
    """By hand: a score's slope times what the score is linear in."""
    code = x2 @ E2  # (n2, n_latent)
    real, fake = torch.sigmoid(x1 @ D1), torch.sigmoid(code @ G1 @ D1)
    slope = (fake - 1) / len(x2)  # of −log sigmoid(s), each row's share
    g_E2 = torch.outer(x2.T @ slope, G1 @ D1)
    g_G1 = torch.outer(code.T @ slope, D1)
    g_D1 = x1.T @ (real - 1) / len(x1) + (code @ G1).T @ fake / len(x2)
    return g_E2, g_G1, g_D1


# ------------------------------------------------------------------------ typical wrong answers


def _slopes(
    x1: Tensor, x2: Tensor, E2: Tensor, G1: Tensor, D1: Tensor
) -> tuple[Three, Three, Three]:
    """For E2, G1 and D1: the gradients of the makers' loss, of the real half and of the fake half.

    The last two are those of D1's loss.
    """
    E2, G1, D1 = (M.clone().requires_grad_() for M in (E2, G1, D1))
    fake, real = x2 @ E2 @ G1 @ D1, x1 @ D1
    softplus = torch.nn.functional.softplus
    losses = softplus(-fake).mean(), softplus(-real).mean(), softplus(fake).mean()
    made, on_real, on_fake = (
        torch.autograd.grad(loss, [E2, G1, D1], retain_graph=True, materialize_grads=True)
        for loss in losses
    )
    return made, on_real, on_fake  # type: ignore[return-value]


def _no_detach(*given: Tensor) -> Three:
    made, on_real, on_fake = _slopes(*given)
    return made[0] + on_fake[0], made[1] + on_fake[1], on_real[2] + on_fake[2]


def _discriminator_not_frozen(*given: Tensor) -> Three:
    made, on_real, on_fake = _slopes(*given)
    return made[0], made[1], made[2] + on_real[2] + on_fake[2]


def _one_sum(*given: Tensor) -> Three:
    made, on_real, on_fake = _slopes(*given)
    return made[0] + on_fake[0], made[1] + on_fake[1], made[2] + on_real[2] + on_fake[2]


def _saturating(*given: Tensor) -> Three:
    _, on_real, on_fake = _slopes(*given)
    return -on_fake[0], -on_fake[1], on_real[2] + on_fake[2]


def _saturating_ascent(*given: Tensor) -> Three:
    _, on_real, on_fake = _slopes(*given)
    return on_fake[0], on_fake[1], on_real[2] + on_fake[2]


def _makers_give_themselves_away(*given: Tensor) -> Three:
    g_E2, g_G1, g_D1 = adversarial_gradients(*given)
    return -g_E2, -g_G1, g_D1


def _labels_exchanged(*given: Tensor) -> Three:
    x1, x2, E2, G1, D1 = given
    g_E2, g_G1, _ = adversarial_gradients(*given)
    _, on_real, on_fake = _slopes(x1, x2, E2, G1, -D1)
    return g_E2, g_G1, -(on_real[2] + on_fake[2])


def _discriminator_ascends(*given: Tensor) -> Three:
    g_E2, g_G1, g_D1 = adversarial_gradients(*given)
    return g_E2, g_G1, -g_D1


def _encoder_left_out(*given: Tensor) -> Three:
    g_E2, g_G1, g_D1 = adversarial_gradients(*given)
    return torch.zeros_like(g_E2), g_G1, g_D1


def _real_only(*given: Tensor) -> Three:
    g_E2, g_G1, _ = adversarial_gradients(*given)
    return g_E2, g_G1, _slopes(*given)[1][2]


def _sums(x1: Tensor, x2: Tensor, *nets: Tensor) -> Three:
    made, on_real, on_fake = _slopes(x1, x2, *nets)
    n1, n2 = len(x1), len(x2)
    return n2 * made[0], n2 * made[1], n1 * on_real[2] + n2 * on_fake[2]


GAME = Exercise(
    number="6.5",
    title="who gets which gradient",
    reference=adversarial_gradients,
    cases=cases,
    exact=exact,
    returns=("the gradient of E2", "the gradient of G1", "the gradient of D1"),
    wrong=(
        Misconception(
            _no_detach,
            "The translations are not detached in the discriminator's loss, so E2 and G1 also "
            "receive its gradient, which tells them to be found out: `x21.detach()`.",
        ),
        Misconception(
            _discriminator_not_frozen,
            "D1 also receives the gradient of the loss of E2 and G1, which tells it to be fooled. "
            "Take each gradient of its own loss, or clear D1's before its step.",
        ),
        Misconception(
            _one_sum,
            "All gradients are of the sum of both losses. There are two players with opposite "
            "aims: E2 and G1 descend on theirs, D1 on its own.",
        ),
        Misconception(
            _saturating,
            "E2 and G1 minimise log(1 − sigmoid(s)), the saturating form of the slide; asked for "
            "is the non-saturating one, −log sigmoid(s).",
        ),
        Misconception(
            _saturating_ascent,
            "E2 and G1 minimise −log(1 − sigmoid(s(x21))), which is the discriminator's own term: "
            "they help it. They want s(x21) to look real: −log sigmoid(s(x21)).",
        ),
        Misconception(
            _makers_give_themselves_away,
            "The gradients of E2 and G1 have the wrong sign: descending along them lowers the "
            "scores of what they make.",
        ),
        Misconception(
            _labels_exchanged,
            "D1's labels are exchanged: its real images are those of the domain, x1, and what was "
            "translated is fake.",
        ),
        Misconception(
            _discriminator_ascends,
            "The gradient of D1 has the wrong sign: that of the slide's loss, which D1 maximises. "
            "Asked for is the loss that it minimises.",
        ),
        Misconception(
            _encoder_left_out,
            "E2 receives nothing. The translation x21 is made of the code of E2, so the "
            "adversarial term of domain 1 reaches the encoder of domain 2.",
        ),
        Misconception(
            _real_only,
            "D1 sees real images only. Its loss has a second half: translations must get low "
            "scores.",
        ),
        Misconception(_sums, "These are sums over the rows; every term is a mean over its rows."),
    ),
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
