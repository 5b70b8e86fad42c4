"""Exercise 5.2: one update's gradients for a generator and its discriminator."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises import adversarial
from lecturekit.exercises.exercise import Arguments, Exercise, Slips
from lecturekit.exercises.tiny import Maker


def adversarial_gradients(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients that a generator and its discriminator descend in one update.

    The generator is G(x) = xA, the discriminator D(y) = σ(y·w), row by row. The discriminator
    descends −mean log D(y) − mean log(1 − D(G(x))), the generator −mean log D(G(x)), the
    non-saturating loss; each descends its own loss with its own parameters only.

    Args:
        A: parameters of the generator, (n_in, n_out)
        w: parameters of the discriminator, (n_out,)
        x: a batch to be translated, (n, n_in)
        y: a batch of the target domain, (m, n_out)

    Returns:
        the gradient for A, (n_in, n_out), and the gradient for w, (n_out,)
    """
    A, w = A.clone().requires_grad_(), w.clone().requires_grad_()
    fake = x @ A  # (n, n_out)
    discriminator_loss = (
        -torch.nn.functional.logsigmoid(y @ w).mean()
        - torch.nn.functional.logsigmoid(-(fake.detach() @ w)).mean()
    )
    generator_loss = -torch.nn.functional.logsigmoid(fake @ w).mean()
    (g_w,) = torch.autograd.grad(discriminator_loss, w)
    (g_A,) = torch.autograd.grad(generator_loss, A)
    return g_A, g_w


def case(make: Maker, n_in: int, n_out: int, n: int, m: int, sure: float = 1.0) -> Arguments:
    shapes = ((n_in, n_out), (n_out,), (n, n_in), (m, n_out))
    A, w, x, y = (make.normal(*shape) for shape in shapes)
    return A, sure * w, x, y


def answer(on: Slips, A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both by hand, without autograd."""
    fake = x @ A
    to_real, to_fake = adversarial.slopes(on, fake @ w)
    real_to_real, real_to_fake = adversarial.slopes(on, y @ w)
    n, m = (1, 1) if on("sums") else (len(x), len(x)) if on("one divisor") else (len(x), len(y))
    n_fake, n_real = (n + m, n + m) if on("pooled") else (n, m)
    on_fake, on_real = fake.T @ to_fake / n_fake, y.T @ real_to_real / n_real
    if on("labels exchanged"):
        on_fake, on_real = fake.T @ to_real / n, y.T @ real_to_fake / m
    on_fake = -fake.T @ to_real / n if on("1 − log D") else on_fake
    on_real = 0 * on_real if on("no term of the real images") else on_real
    on_fake = 0 * on_fake if on("no term of the generated images") else on_fake
    g_w = on_real - on_fake if on("fake's sign") else on_real + on_fake
    g_w = g_w / 2 if on("discriminator halved") else g_w
    g_w = -g_w if on("discriminator climbs") else g_w
    g_A, caught = (torch.outer(x.T @ slope, w) / n for slope in (to_real, to_fake))
    if on("saturating"):
        g_A = -caught
    elif on("discriminator's loss for A"):
        g_A = caught
    elif on("least squares"):
        g_A = torch.outer(x.T @ (fake @ w - 1), w) * 2 / n
    g_A = g_A + caught if on("no detach") or on("neither") else g_A
    if on("not cleared") or on("neither"):
        g_w = g_w + fake.T @ to_real / n
    g_A = -g_A if on("generator climbs") else g_A
    g_A = torch.zeros_like(A) if on("detached for the generator") else g_A
    g_A = torch.outer(to_real @ x, torch.ones_like(w)) / n if on("w forgotten") else g_A
    return g_A, g_w


ADVERSARIAL_GRADIENTS = Exercise(
    number="5.2",
    title="one update of generator and discriminator",
    minutes=20,
    reference=adversarial_gradients,
    case=case,
    sizes=((2, 3, 4, 5), (1, 1, 1, 1), (3, 3, 6, 6), (4, 2, 7, 3), (3, 2, 8, 5, 100.0)),
    by_hand=(1, 2, 2, 1),
    answer=answer,
    slips={
        "no detach": "A detach is missing in the discriminator's step: the discriminator's loss "
        "reaches A, where it helps the discriminator. Give it `fake.detach()`.",
        "not cleared": "The gradient for w holds the generator's loss too: its backward pass went "
        "through the discriminator and added to w.grad. Read w.grad before it, or take "
        "torch.autograd.grad(loss, w).",
        "neither": "Both losses were sent back into both nets. Detach the fake in the "
        "discriminator's loss, and read w.grad before the generator's backward pass.",
        "saturating": "This generator descends the slide's log(1 − D(G(x))), the saturating loss. "
        "The non-saturating one is −log D(G(x)): same direction for each sample, but strong where "
        "D is sure.",
        "discriminator's loss for A": "What A gets is the gradient of −log(1 − D(G(x))), which "
        "the discriminator descends. Either that is taken for the generator's loss, or the fake "
        "was detached in the generator's loss and not in the discriminator's. The non-saturating "
        "loss is −log D(G(x)).",
        "generator climbs": "The generator's gradient has the wrong sign: it descends −log "
        "D(G(x)), so that D takes its output for data.",
        "discriminator climbs": "The discriminator's gradient is that of the slide's loss, which "
        "is maximised. Here both players descend: turn its sign.",
        "detached for the generator": "The generator gets no gradient: its fake is detached. "
        "Detach in the discriminator's loss only.",
        "labels exchanged": "The discriminator's labels are exchanged: y is real, −log D(y), and "
        "what was generated is not, −log(1 − D(G(x))).",
        "no term of the generated images": "The discriminator sees real images only: −mean log(1 "
        "− D(G(x))) is missing.",
        "no term of the real images": "The discriminator sees generated images only: −mean log "
        "D(y) is missing.",
        "fake's sign": "In the discriminator's loss the generated images have the wrong sign: "
        "−mean log(1 − D(G(x))).",
        "1 − log D": "The bracket is wrong in the discriminator's loss: it has log(1 − D(G(x))), "
        "not 1 − log D(G(x)).",
        "discriminator halved": "The discriminator's loss is halved; asked for is the sum of its "
        "two means.",
        "sums": "These are sums over the rows; every loss is a mean.",
        "one divisor": "The real images are divided by the number of x; each mean is over its own "
        "rows.",
        "pooled": "The discriminator's two terms are divided by the number of all rows, n + m: "
        "each mean is over its own rows.",
        "least squares": "The generator descends (score − 1)², the least squares of the paper. "
        "Here its loss is −mean log D(G(x)).",
        "w forgotten": "The gradient for A lacks the factor w, the derivative of the score by the "
        "image.",
        **adversarial.SLIPS,
        "negated": "Both signs are wrong: these are gradients to be ascended.",
    },
    returns=("the gradient for A", "the gradient for w"),
    hints=(
        "Make copies of A and w that require gradients, compute the fake once, and write down both "
        "losses. log D is `torch.nn.functional.logsigmoid(score)`, log(1 − D) the same of −score.",
        "The discriminator's loss must not reach A, so it sees `fake.detach()`; the generator's "
        "loss must reach A, so it sees `fake`.",
        "`torch.autograd.grad(loss, w)` gives the gradient for w alone and leaves `.grad` as it "
        "is; use it once with the discriminator's loss and w, once with the generator's and A.",
    ),
    derivation=r"""
With $s = y \cdot w$, $\;\partial_s(-\log \sigma(s)) = -(1 - \sigma(s))$ and
$\partial_s(-\log(1 - \sigma(s))) = \sigma(s)$. By the chain rule

$$g_w = -\frac1m \sum_j (1 - D(y_j))\, y_j + \frac1n \sum_i D(G(x_i))\, G(x_i),$$

$$g_A = -\frac1n \sum_i (1 - D(G(x_i)))\; x_i\, w^\top.$$

The saturating loss has $D(G(x_i))$ in place of $1 - D(G(x_i))$ in $g_A$: next to nothing when the
discriminator is sure. The two nets play against each other, so neither may use the other's loss:
through an attached fake, the discriminator's loss would teach the generator to be caught.
""",
)
