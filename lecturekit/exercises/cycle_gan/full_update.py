"""Exercise 5.6: one whole update of CycleGAN, all four gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def cycle_gan_gradients(
    A: Tensor, B: Tensor, u: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The gradients that both generators and both discriminators descend in one update.

    The generators are G(x) = xA and F(y) = yB, the discriminators' scores D_X(x) = x·u and
    D_Y(y) = y·v, row by row. With least squares as in the paper, the generators descend

    mean (D_Y(G(x)) − 1)² + mean (D_X(F(y)) − 1)² + λ·(mean |F(G(x)) − x| + mean |G(F(y)) − y|)

    and each discriminator descends ½ mean (D(real) − 1)² + ½ mean D(fake)².

    Args:
        A: parameters of G, (n_dims, n_dims)
        B: parameters of F, (n_dims, n_dims)
        u: parameters of D_X, (n_dims,)
        v: parameters of D_Y, (n_dims,)
        x: a batch of X, (n, n_dims)
        y: a batch of Y, (m, n_dims)
        weight: λ

    Returns:
        the gradients for A, B, u and v, in their shapes
    """
    A, B, u, v = (parameter.clone().requires_grad_() for parameter in (A, B, u, v))
    fake_y, fake_x = x @ A, y @ B
    adversarial = (fake_y @ v - 1).square().mean() + (fake_x @ u - 1).square().mean()
    cycle = (fake_y @ B - x).abs().mean() + (fake_x @ A - y).abs().mean()
    g_A, g_B = torch.autograd.grad(adversarial + weight * cycle, [A, B])

    fake_y, fake_x = fake_y.detach(), fake_x.detach()
    loss_x = 0.5 * ((x @ u - 1).square().mean() + (fake_x @ u).square().mean())
    loss_y = 0.5 * ((y @ v - 1).square().mean() + (fake_y @ v).square().mean())
    g_u, g_v = torch.autograd.grad(loss_x + loss_y, [u, v])
    return g_A, g_B, g_u, g_v


Gradients = tuple[Tensor, Tensor, Tensor, Tensor]


def case(make: Maker, n_dims: int, n: int, m: int) -> Arguments:
    square, row = (n_dims, n_dims), (n_dims,)
    shapes = (square, square, row, row, (n, n_dims), (m, n_dims))
    return (*(make.normal(*shape) for shape in shapes), make.number(2.0, 3.0))


def answer(
    on: Slips, A: Tensor, B: Tensor, u: Tensor, v: Tensor, x: Tensor, y: Tensor, weight: float
) -> Gradients:
    """All by hand, without autograd."""
    if on("generators exchanged"):
        x, y = y, x
    every = weight if on("everything weighted") or on("weight at the wrong term") else 1.0
    weight = 1.0 if on("no weight") or on("weight at the wrong term") else weight
    target = 0.0 if on("target 0") else -1.0 if on("target −1") else 1.0
    judges = (u, v) if on("discriminators exchanged") else (v, u)

    def errors(there: Tensor, back: Tensor, start: Tensor) -> Tensor:
        error = start @ there @ back - start
        error = start @ back @ there - start if on("wrong way round") else error
        slope = 2 * error if on("squares in the cycle") else error.sign()
        slope = torch.ones_like(error) if on("no modulus") else slope
        n = start.numel()
        n = len(start) if on("rows of the cycle") else 1 if on("cycle summed") else n
        return slope / n

    def generator(A: Tensor, B: Tensor, v: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """Of the one that maps x to xA, with B for the way back and v for its discriminator."""
        score = x @ A @ v
        slope = 2 * (score - target)
        if on("logarithms"):
            slope = torch.sigmoid(score) - 1
        elif on("no square"):
            slope = torch.full_like(score, -1.0)
        elif on("half for the generators"):
            slope = slope / 2
        n = 1 if on("sums") else len(x)
        adversarial = torch.outer(x.T @ slope, v) / n
        outward = x.T @ errors(A, B, x) @ B.T  # of xAB
        homeward = (y @ B).T @ errors(B, A, y)  # of yBA
        if on("wrong way round"):
            outward = (x @ B).T @ errors(A, B, x)
            homeward = y.T @ errors(B, A, y) @ B.T
        outward = 0 * outward if on("cut cycle") else outward
        homeward = 0 * homeward if on("last map detached") else homeward
        if on("no cycle from y"):
            outward, homeward = (outward, 0 * homeward) if A is G else (0 * outward, homeward)
        elif on("no cycle from x"):
            outward, homeward = (0 * outward, homeward) if A is G else (outward, 0 * homeward)
        elif on("no cycle"):
            outward, homeward = 0 * outward, 0 * homeward
        cycle = outward + homeward
        cycle = cycle / 2 if on("cycles averaged") else cycle
        adversarial = 0 * adversarial if on("no adversarial term") else adversarial
        found = every * adversarial + weight * cycle
        if on("no detach"):
            found = found + torch.outer(x.T @ score, v) / n
        if on("identity loss"):
            found = found + weight * y.T @ (y @ A - y).sign() / y.numel()
        return -found if on("generators climb") else found

    def discriminator(v: Tensor, real: Tensor, fake: Tensor, taught: Tensor) -> Tensor:
        real_label, fake_label = (0.0, 1.0) if on("labels exchanged") else (1.0, 0.0)
        fake_label = -1.0 if on("fakes to −1") else fake_label
        n, m = (1, 1) if on("sums") else (len(real), len(fake))
        on_real = real.T @ (real @ v - real_label) / n
        on_fake = fake.T @ (fake @ v - fake_label) / m
        on_fake = 0 * on_fake if on("no term of the translations") else on_fake
        on_real = 0 * on_real if on("no term of the real images") else on_real
        found = on_real - on_fake if on("fakes subtracted") else on_real + on_fake
        found = found + taught if on("not cleared") else found
        found = 2 * found if on("no half for the discriminators") else found
        return -found if on("discriminators climb") else found

    G = A
    fake_y, fake_x = x @ A, y @ B
    fake_y, fake_x = (y @ B, x @ A) if on("fakes of the other domain") else (fake_y, fake_x)
    back_y, back_x = (fake_x @ A, fake_y @ B) if on("fakes there and back") else (fake_y, fake_x)
    real_x, real_y = (y, x) if on("discriminators exchanged") else (x, y)
    if on("discriminators exchanged"):
        back_x, back_y = back_y, back_x

    def taught(v: Tensor, fake: Tensor) -> Tensor:
        return 2 * fake.T @ (fake @ v - target) / len(fake)

    return (
        generator(A, B, judges[0], x, y),
        generator(B, A, judges[1], y, x),
        discriminator(u, real_x, back_x, taught(u, back_x)),
        discriminator(v, real_y, back_y, taught(v, back_y)),
    )


FULL_UPDATE = Exercise(
    number="5.6",
    title="one whole update of CycleGAN",
    minutes=35,
    reference=cycle_gan_gradients,
    case=case,
    sizes=((2, 3, 4), (1, 2, 1), (3, 5, 5), (4, 3, 8)),
    by_hand=(1, 2, 2),
    answer=answer,
    slips={
        "no detach": "The discriminators' losses reach the generators: detach the translations "
        "before the discriminators judge them.",
        "not cleared": "The discriminators' gradients hold the generators' losses too: those went "
        "back through the discriminators and added to their .grad. Take torch.autograd.grad(loss, "
        "[u, v]).",
        "no weight": "λ is missing from the cycle loss, as on the slide: multiply it by `weight`.",
        "everything weighted": "λ multiplies the adversarial terms as well; it belongs to the "
        "cycle loss alone.",
        "weight at the wrong term": "λ multiplies the adversarial terms; it belongs to the cycle "
        "loss.",
        "target 0": "The generators pull their scores to 0, where the discriminators want them: a "
        "generator wants to be taken for real, a score of 1.",
        "target −1": "The sign is wrong in the generators' adversarial terms: (D(G(x)) − 1)².",
        "logarithms": "The generators descend −log σ(score); with least squares it is (score − "
        "1)².",
        "no square": "The square is missing in the generators' adversarial terms: (D(G(x)) − 1)².",
        "half for the generators": "The factor ½ is the discriminators' only; the generators "
        "descend (D(G(x)) − 1)² as a whole.",
        "no half for the discriminators": "The discriminators' losses lack the factor ½ of the "
        "paper, which slows them down against the generators.",
        "discriminators exchanged": "The discriminators are exchanged: G's output lies in Y, so "
        "D_Y judges it, beside y.",
        "generators exchanged": "The generators are exchanged: G(x) = xA maps X to Y, F(y) = yB "
        "maps Y to X.",
        "fakes of the other domain": "The discriminators judge the translations of the wrong "
        "domain: D_X sees x and F(y), D_Y sees y and G(x).",
        "fakes there and back": "The discriminators judge what has gone there and back; they "
        "judge the translations F(y) and G(x).",
        "wrong way round": "The cycles are composed the wrong way round: the one that begins at x "
        "is F(G(x)) = x A B.",
        "cut cycle": "The translations are detached inside the cycle. That is the cut of section "
        "5.5; in the paper's loss, which is asked for here, F(G(x)) teaches G as well, through F.",
        "last map detached": "In the cycle only the first map is taught: F(G(x)) teaches F too, "
        "the map that leads home.",
        "no cycle from y": "The cycle that begins at y is missing: λ·(mean |F(G(x)) − x| + mean "
        "|G(F(y)) − y|).",
        "no cycle from x": "The cycle that begins at x is missing: λ·(mean |F(G(x)) − x| + mean "
        "|G(F(y)) − y|).",
        "no cycle": "The cycle loss is missing: λ·(mean |F(G(x)) − x| + mean |G(F(y)) − y|).",
        "no adversarial term": "The adversarial terms are missing from the generators' loss.",
        "cycles averaged": "The two cycles are averaged; they are added.",
        "squares in the cycle": "The cycle loss has squares; it is the mean of moduli, ‖·‖₁.",
        "no modulus": "In the cycle loss the moduli are missing: errors of opposite signs cancel.",
        "rows of the cycle": "In the cycle loss the moduli of a row are summed; it is the mean "
        "over all entries.",
        "cycle summed": "The cycle loss is a sum over all entries; it is their mean.",
        "identity loss": "There is an identity loss besides, |G(y) − y|; the loss asked for has "
        "none.",
        "sums": "The adversarial losses are sums over the rows; each is a mean.",
        "labels exchanged": "The discriminators' labels are exchanged: 1 for what is real, 0 for "
        "what is translated.",
        "fakes to −1": "The discriminators pull translations to −1: their target is 0, ½ mean "
        "D(fake)².",
        "no term of the translations": "The discriminators see real images only: ½ mean D(fake)² "
        "is missing.",
        "no term of the real images": "The discriminators see translations only: ½ mean (D(real) "
        "− 1)² is missing.",
        "fakes subtracted": "In the discriminators' losses the translations are subtracted: both "
        "squares are added, ½ mean (D(real) − 1)² + ½ mean D(fake)².",
        "generators climb": "The generators' gradients have the wrong sign: they descend their "
        "loss.",
        "discriminators climb": "The discriminators' gradients have the wrong sign: they descend "
        "their loss.",
        "negated": "This is the exact negative of all gradients: all four nets descend.",
    },
    returns=(
        "the gradient for A",
        "the gradient for B",
        "the gradient for u",
        "the gradient for v",
    ),
    hints=(
        "Copy the four parameters with `requires_grad_()`, compute the two translations once, then "
        "one loss for both generators and one for both discriminators.",
        "The cycle that begins at x is `x @ A @ B`; the one that begins at y is `y @ B @ A`. G's "
        "translations are judged by D_Y, whose parameters are v.",
        "`torch.autograd.grad(loss, [A, B])` for the generators, with the translations attached; "
        "`torch.autograd.grad(loss_x + loss_y, [u, v])` for the discriminators, with "
        "`fake.detach()`. Mind the factor ½ and λ.",
    ),
    derivation=r"""
Write $r = x A B - x$ and $t = y B A - y$ for the errors of the two cycles. Then

$$g_A = \frac2n \sum_i (D_Y(G(x_i)) - 1)\, x_i v^\top
+ \lambda \left( \frac{x^\top \operatorname{sign}(r)\, B^\top}{n d}
+ \frac{(yB)^\top \operatorname{sign}(t)}{m d} \right),$$

where the first cycle reaches $A$ through $B$, and the second one as its last map. $g_B$ is the same
with the roles exchanged. Each discriminator sees its own domain only:

$$g_v = \frac1m \sum_j (D_Y(y_j) - 1)\, y_j + \frac1n \sum_i D_Y(G(x_i))\, G(x_i).$$

That is the whole algorithm. What is left is Adam, deep nets in place of matrices, and patience.
""",
)
