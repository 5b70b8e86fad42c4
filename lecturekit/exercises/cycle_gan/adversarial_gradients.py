"""Exercise 5.2: one update's gradients for a generator and its discriminator."""

from __future__ import annotations

import torch
from torch import Tensor

from lecturekit.exercises.cycle_gan import tiny
from lecturekit.exercises.exercise import Arguments, Exercise, Misconception


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


def cases(generator: torch.Generator) -> list[Arguments]:
    sizes = [(2, 3, 4, 5), (1, 1, 1, 1), (3, 3, 6, 6), (4, 2, 7, 3)]
    return [_case(*size, generator) for size in sizes]


def _case(n_in: int, n_out: int, n: int, m: int, generator: torch.Generator) -> Arguments:
    return (
        tiny.normal(n_in, n_out, generator=generator),
        tiny.normal(n_out, generator=generator),
        tiny.normal(n, n_in, generator=generator),
        tiny.normal(m, n_out, generator=generator),
    )


def exact(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Both by hand, without autograd."""
    return _generator_slope(A, w, x), _discriminator_slope(A, w, x, y)


def _discriminator_slope(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
    fake = x @ A
    missed = 1 - torch.sigmoid(y @ w)  # (m,)
    fooled = torch.sigmoid(fake @ w)  # (n,)
    return fake.T @ fooled / len(fake) - y.T @ missed / len(y)


def _generator_slope(A: Tensor, w: Tensor, x: Tensor) -> Tensor:
    caught = 1 - torch.sigmoid(x @ A @ w)  # (n,)
    return -torch.outer(x.T @ caught, w) / len(x)


def _saturating_slope(A: Tensor, w: Tensor, x: Tensor) -> Tensor:
    fooled = torch.sigmoid(x @ A @ w)
    return -torch.outer(x.T @ fooled, w) / len(x)


# ------------------------------------------------------------------------ typical wrong answers

Gradients = tuple[Tensor, Tensor]


def _no_detach(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    g_A, g_w = exact(A, w, x, y)
    return g_A - _saturating_slope(A, w, x), g_w


def _not_zeroed(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    g_A, g_w = exact(A, w, x, y)
    fake = x @ A
    return g_A, g_w - fake.T @ (1 - torch.sigmoid(fake @ w)) / len(fake)


def _neither(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return _no_detach(A, w, x, y)[0], _not_zeroed(A, w, x, y)[1]


def _saturating(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return _saturating_slope(A, w, x), _discriminator_slope(A, w, x, y)


def _saturating_wrong_sign(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return -_saturating_slope(A, w, x), _discriminator_slope(A, w, x, y)


def _generator_climbs(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    g_A, g_w = exact(A, w, x, y)
    return -g_A, g_w


def _discriminator_climbs(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    g_A, g_w = exact(A, w, x, y)
    return g_A, -g_w


def _detached_generator(A: Tensor, w: Tensor, x: Tensor, y: Tensor) -> Gradients:
    return torch.zeros_like(A), _discriminator_slope(A, w, x, y)


ADVERSARIAL_GRADIENTS = Exercise(
    number="5.2",
    title="one update of generator and discriminator",
    reference=adversarial_gradients,
    cases=cases,
    exact=exact,
    returns=("the gradient for A", "the gradient for w"),
    wrong=(
        Misconception(
            _no_detach,
            "A detach is missing in the discriminator's step: the discriminator's loss reaches A, "
            "where it helps the discriminator. Give it `fake.detach()`.",
        ),
        Misconception(
            _not_zeroed,
            "The gradient for w holds the generator's loss too: its backward pass went through the "
            "discriminator and added to w.grad. Read w.grad before it, or take "
            "torch.autograd.grad(loss, w).",
        ),
        Misconception(
            _neither,
            "Both losses were sent back into both nets. Detach the fake in the discriminator's "
            "loss, and read w.grad before the generator's backward pass.",
        ),
        Misconception(
            _saturating,
            "This generator descends the slide's log(1 − D(G(x))), the saturating loss. The "
            "non-saturating one is −log D(G(x)): same direction for each sample, but strong where "
            "D is sure.",
        ),
        Misconception(
            _saturating_wrong_sign,
            "The generator's sign is wrong: −log(1 − D(G(x))) is what the discriminator descends. "
            "The non-saturating loss is −log D(G(x)).",
        ),
        Misconception(
            _generator_climbs,
            "The generator's gradient has the wrong sign: it descends −log D(G(x)), so that D "
            "takes its output for data.",
        ),
        Misconception(
            _discriminator_climbs,
            "The discriminator's gradient is that of the slide's loss, which is maximised. Here "
            "both players descend: turn its sign.",
        ),
        Misconception(
            _detached_generator,
            "The generator gets no gradient: its fake is detached. Detach in the discriminator's "
            "loss only.",
        ),
    ),
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
