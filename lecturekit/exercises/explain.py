"""Saying what is wrong: what came, what was expected, and what it usually means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lecturekit.exercises.compare import as_numbers, leaves, leaves_close, structure
from lecturekit.exercises.exercise import Arguments, Exercise
from lecturekit.exercises.observation import Foreign, Observation
from lecturekit.exercises.worker import MEMORY_LIMIT

PRINTED_LINES = 15  # of what a function printed, the first ones are shown
LINE_LIMIT = 300  # characters of a line that is shown
FEW = 40  # numbers: as many are shown of a case

UNSTEADY = (
    "Two calls with the same arguments gave different results: use nothing but the arguments, and "
    "the random numbers that are handed in."
)

Excerpts = tuple[tuple[str, str], ...]

# --------------------------------------------------------------------- the form of what returned


def malformed(exercise: Exercise, value: Any, exact: Any) -> str | None:
    """What is wrong with a returned value's structure, type, shape or dtype, or that it has NaN."""
    if value is None:
        return "The function returned nothing: is there a `return` on every way through it?"
    if structure(value) != structure(exact):
        return f"Expected {_layout(exercise, exact)}; got {kind(value)}."
    for meaning, got, wanted in zip(exercise.returns, leaves(value), leaves(exact), strict=True):
        if complaint := _malformed_leaf(exercise, got, wanted):
            expected, came = complaint
            return f"Expected {expected}, {meaning}; got {came}."
    return None


def _malformed_leaf(exercise: Exercise, got: Any, wanted: Tensor) -> tuple[str, str] | None:
    """What was expected and what came, or None where the form is right."""
    if isinstance(got, float) and wanted.shape == ():
        got = torch.tensor(got, dtype=torch.float64)
    if not isinstance(got, Tensor):
        return f"a tensor of shape {tuple(wanted.shape)}", kind(got)
    if got.shape != wanted.shape:
        return f"a tensor of shape {tuple(wanted.shape)}", f"{tuple(got.shape)}"
    if got.dtype not in (torch.float64, torch.float32):
        like = example(exercise)
        return (
            f"a tensor of dtype {wanted.dtype}, as the arguments have it",
            f"{got.dtype} ({_WHENCE.get(got.dtype, 'another precision')}, to be converted by "
            f".to({like}.dtype))",
        )
    bad = ~got.isfinite() & wanted.isfinite()
    if bad.any():
        found = "NaN" if got.isnan().any() else "an infinite number"
        return (
            "finite numbers",
            f"{found} in {int(bad.sum())} of {got.numel()} entries (the logarithm of 0, exp of a "
            "large number, or a division by 0)",
        )
    return None


_WHENCE = {
    torch.bool: "a comparison gives this type",
    torch.int64: "a count is a whole number, and // rounds down to one",
}


def example(exercise: Exercise) -> str:
    """An argument of this exercise by which new tensors can be made."""
    return exercise.parameters[-1] if len(exercise.parameters) == 1 else _first_tensor(exercise)


def _first_tensor(exercise: Exercise) -> str:
    arguments = exercise.cases(0)[0]
    pairs = zip(exercise.parameters, arguments, strict=True)
    tensors = (n for n, v in pairs if isinstance(v, Tensor) and v.is_floating_point())
    return next(tensors, exercise.parameters[0])


def _layout(exercise: Exercise, exact: Any) -> str:
    """The expected return value in words, nested as it is."""
    meanings = iter(exercise.returns)

    def layout(part: Any) -> str:
        if isinstance(part, tuple):
            return f"({', '.join(map(layout, part))})"
        return next(meanings)

    if isinstance(exact, tuple):
        return f"{len(exercise.returns)} tensors, {layout(exact)}"
    return f"a tensor of shape {tuple(exact.shape)}, {layout(exact)}"


def kind(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, Foreign):
        return value.type_name
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, tuple):
        if len(value) == 1:
            return f"a tuple that holds nothing but {kind(value[0])}"
        shown = ", ".join(map(kind, value[:6]))
        return f"({shown}{', …' if len(value) > 6 else ''})"
    try:
        return f"{type(value).__name__} {value!r:.40}"
    except Exception:  # a number of more digits than Python prints, a class that can't be shown
        return f"{type(value).__name__}"


# ----------------------------------------------------------------------------- the wrong numbers


def narrowed(
    exercise: Exercise, observations: list[Observation], expected: list[Any], right: list[bool]
) -> str:
    """Where the fault is, when its name is not known: in which cases, results, entries, signs."""
    said = []
    if any(right):
        said.append(f"{sum(right)} of {len(right)} cases are right.")
    columns = list(zip(*(leaves(seen.value) for seen in observations), strict=True))
    wanted = list(zip(*map(leaves, expected), strict=True))
    if len(exercise.returns) > 1:
        fine = [
            meaning
            for meaning, got, exact in zip(exercise.returns, columns, wanted, strict=True)
            if all(map(leaves_close, got, exact))
        ]
        if fine:
            said.append(f"Right in all cases: {', '.join(fine)}.")
    for meaning, got, exact in zip(exercise.returns, columns, wanted, strict=True):
        about = f" in {meaning}" if len(exercise.returns) > 1 else ""
        if not all(map(leaves_close, got, exact)) and (sign := _pattern(got, exact)):
            said.append(sign.format(about=about))
    return " ".join(said)


def _pattern(got: Sequence[Any], exact: Sequence[Tensor]) -> str:
    """What all entries of a result have in common, in all cases."""
    numbers = [as_numbers(each) for each in got]
    if any(each is None for each in numbers):
        return ""
    row = torch.cat([each.flatten() for each in numbers if each is not None])
    wanted = torch.cat([each.double().flatten() for each in exact])
    close = (row - wanted).abs() <= 1e-6 * (1 + wanted.abs())
    off = ((row - wanted) / wanted).abs().nan_to_num(0.0).max()  # 0 for 0 is right
    if off <= 1e-3:
        return (
            "All numbers{about} are right to within 0.1 %: is something on the way rounded "
            "(`.half()`, a constant typed in with few digits), or a small number added?"
        )
    if off <= 1e-2:
        return "All numbers{about} are right to within 1 %."
    if close.any() and len(row) > 2:
        return f"{int(close.sum())} of all {len(row)} entries{{about}} are right."
    if (row.abs() - wanted.abs()).abs().max() <= 1e-6 * (1 + wanted.abs().max()):
        return f"The moduli{{about}} are right, {int((row * wanted < 0).sum())} signs are not."
    if (row * wanted < 0).all():
        return "All signs{about} are the wrong way round."
    if (row > wanted).all() or (row < wanted).all():
        return f"All numbers{{about}} are too {'high' if row[0] > wanted[0] else 'low'}."
    return ""


def difference(exercise: Exercise, value: Any, exact: Any) -> str:
    """Where an answer of the right form is farthest from the exact one."""
    triples = zip(exercise.returns, leaves(value), leaves(exact), strict=True)
    meaning, came, wanted = next(t for t in triples if not leaves_close(*t[1:]))
    got = as_numbers(came)
    assert got is not None
    worst = int((got - wanted).abs().argmax())
    place = [int(index) for index in np.unravel_index(worst, wanted.shape)]  # torch's takes seconds
    entry = f"entry {place} of {meaning}" if place else meaning
    return (
        f"In the case below, {entry} should be {wanted.flatten()[worst]:.6g} and is "
        f"{got.flatten()[worst]:.6g}; the result's `arguments` and `expected` hold this case."
    )


def changes(exercise: Exercise, seen: Observation) -> str:
    """That the function changed its arguments."""
    names = " and ".join(f"`{exercise.parameters[place]}`" for place in seen.changed)
    giver = (
        "A live run hands it the model's own parameters and data"
        if exercise.live
        else ("Whoever calls it goes on with what was handed in")
    )
    return (
        f"the function changes its argument {names} in place. {giver}, so compute new tensors: "
        "`x = x + d` in place of `x += d`."
    )


# ----------------------------------------------------------------------------------- the gradients

_CUTTING = {
    "detach": "`.detach()`",
    "item": "`.item()`",
    "tolist": "`.tolist()`",
    "numpy": "`.numpy()`",
    "data": "`.data`",
    "no_grad": "`torch.no_grad()`",
    "inference_mode": "`torch.inference_mode()`",
    "tensor": "`torch.tensor(…)`",
    "float": "`float(…)`",
}


def no_gradient(
    exercise: Exercise, seen: Observation, wanted: Sequence[Tensor | None], words: frozenset[str]
) -> str | None:
    """That the numbers are right but no gradient, or a wrong one, gets through; or None."""
    names, why = _listed(exercise.through), "The live run trains through this function"
    found = seen.gradients
    if isinstance(found, str):
        return (
            f"The numbers are right, but not when gradients are asked for, and {why[0].lower()}"
            f"{why[1:]}. It raised {found.rstrip('.')}. {advice(exercise, found)}".rstrip()
        )
    if is_cut_off(seen):
        return f"The numbers are right, but {cut_off(exercise, words)}"
    for got, exact in zip(found, wanted, strict=True):
        zero = exact is None or not exact.any()
        if not (zero and got is None) and (got is None or not leaves_close(got, exact, 1e-4)):
            return (
                f"The numbers are right, but the gradient that reaches {names} is not: {why}, and "
                "would train in a wrong direction. A part of the result is cut "
                f"off.{_culprit(words)}"
            )
    return None


def is_cut_off(seen: Observation) -> bool:
    """Whether it was asked for gradients, and there was none."""
    found = seen.gradients
    return seen.returned and found != () and all(g is None for g in found)


def cut_off(exercise: Exercise, words: frozenset[str]) -> str:
    """That no gradient gets through."""
    return (
        f"no gradient reaches {_listed(exercise.through)}: the live run trains through this "
        f"function, and would train nothing.{_culprit(words)} Compute with the tensors as they "
        "come."
    )


def _culprit(words: frozenset[str]) -> str:
    cuts = [said for word, said in _CUTTING.items() if word in words]
    return f" What cuts it off here: {' or '.join(cuts)}." if cuts else ""


def _listed(names: Sequence[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


# ---------------------------------------------------------------------------------- the failures


def failure(exercise: Exercise, seen: Observation) -> str:
    """An exception, or the end of the process, in a sentence or two."""
    if seen.ended == "time":
        return (
            f"The function was stopped after {exercise.time_limit:g} s, and the cases are small: "
            "is there a loop that never ends, or one over far more states than are needed?"
        )
    if seen.ended == "memory":
        return (
            f"The function was stopped when it held more than {MEMORY_LIMIT / 1024**3:g} GB: does "
            "it grow a list without end, or enumerate more states than it needs?"
        )
    if seen.ended == "crash":
        return (
            "The function ended the Python process that it ran in: by os._exit, or by a crash of "
            "compiled code, as after endless recursion."
        )
    error = ": ".join([seen.error, *seen.error_text.splitlines()[:1]])[:LINE_LIMIT]
    return f"It raised {error.rstrip('.')}. {advice(exercise, error)}".rstrip()


def advice(exercise: Exercise, error: str) -> str:
    """What an error usually means, in the names of this exercise."""
    says = next((says for sign, says in _ADVICE if re.search(sign, error)), "")
    written = " ".join([exercise.source, *exercise.hints])
    by = re.search(r"(\w+)\S*\.clone\(\)\.requires_grad_", written)
    trained = by[1] if by and by[1] in exercise.parameters else example(exercise)
    return says.replace("{trained}", trained).replace("{like}", example(exercise))


_ADVICE = (
    ("(?i)ellipsis", "Does it call a function that is still a stub?"),
    (
        "does not require grad|does not have a grad_fn",
        "Autograd has nothing to differentiate: a copy that asks for gradients is "
        "`{trained}.clone().requires_grad_()`, and all between it and the loss stays a tensor, "
        "without detach(), item(), numpy() or no_grad().",
    ),
    (
        "appears? to not have been used in the graph|One of the differentiated",
        "The loss does not depend on this tensor: was a copy made after the loss was computed, or "
        "something on the way detached?",
    ),
    (
        "backward through the graph a second time",
        "A graph is gone after one backward pass: add the losses and go back once, use "
        "`retain_graph=True`, or compute what both need twice.",
    ),
    (
        "Boolean value of Tensor",
        "`if`, `and`, `or` and `not` need one truth value, and this tensor has many: "
        "torch.where(condition, a, b), and `&`, `|`, `~` for conditions.",
    ),
    (
        "leaf Variable that requires grad|is a view of a leaf|modified by an inplace operation",
        "A tensor that autograd needs was changed in place: write `x = x + d` for `x += d`.",
    ),
    (
        "Can't call numpy|only Tensors of floating point|can only be created for scalar outputs",
        "Stay with tensors from the arguments to the result; a loss to be differentiated is one "
        "number.",
    ),
    (
        "shapes cannot be multiplied|size mismatch|inconsistent tensor size|vector, (matrix|vector)"
        "|1D tensors expected",
        "A matrix product needs equal inner sizes; the docstring has the shapes.",
    ),
    (
        "must match the size|not broadcastable|expanded size|Sizes of tensors must match",
        "Shapes are aligned from the right; the docstring has them.",
    ),
    (
        "NameError|UnboundLocalError",
        "Is the name spelled as in the signature, and has the cell that defines it been run?",
    ),
    ("RecursionError", "The function calls itself without end."),
    ("SystemExit", "A function hands back its result by `return`; exit() ends Python."),
    ("KeyboardInterrupt", "A function hands back its result by `return`."),
    ("ImportError|ModuleNotFoundError", "The solution needs torch only."),
    (
        "dtype|expected scalar type|same type",
        "The cases are float64: make new tensors with dtype={like}.dtype, and truth values into "
        "numbers by .to({like}.dtype) and not by .float().",
    ),
    (
        "MemoryError|allocate memory|not enough memory|Storage size|numel",
        "The cases are small: does it enumerate more states than it needs?",
    ),
    (
        "has no attribute|not callable|unsupported operand",
        "The arguments are tensors, or what else the docstring says.",
    ),
    ("IndexError|out of (range|bounds)", "Compare the index with the shapes in the docstring."),
)


# -------------------------------------------------------------------------- what is shown as it is


def case(exercise: Exercise, arguments: Arguments, seen: Observation, exact: Any) -> Excerpts:
    """The arguments of a case, by their numbers where they are few, and the result beside them."""
    named = list(zip(exercise.parameters, arguments, strict=True))
    few = sum(leaf.numel() for leaf in leaves(arguments) if isinstance(leaf, Tensor)) <= FEW
    say = numbers if few else _size
    shown = [("The case", "\n".join(f"{name}: {say(value)}" for name, value in named))]
    if few and seen.returned and not isinstance(seen.value, Foreign):
        shown.append(("Asked for", numbers(exact)))
        shown.append(("It gave", numbers(seen.value)))
    return tuple(shown)


def printed(seen: Observation) -> Excerpts:
    """The beginning of what a function printed."""
    if not seen.printed.strip():
        return ()
    lines = [line[:LINE_LIMIT] for line in seen.printed.rstrip().splitlines()]
    more = ["…"] if len(lines) > PRINTED_LINES else []
    return (("Your function printed", "\n".join([*lines[:PRINTED_LINES], *more])),)


def numbers(value: Any) -> str:
    """All numbers of a value, in five digits."""
    if isinstance(value, tuple):
        return f"({', '.join(map(numbers, value))})"
    if isinstance(value, Tensor):
        if value.numel() > FEW:
            return _size(value)
        return _row(value.tolist())
    return f"{value:.5g}" if isinstance(value, float) else kind(value)


def _row(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_row, value))}]"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def _size(argument: Any) -> str:
    if isinstance(argument, Tensor):
        return f"shape {tuple(argument.shape)}"
    if isinstance(argument, tuple):
        return ", ".join(map(_size, argument))
    return f"{argument:.6g}"
