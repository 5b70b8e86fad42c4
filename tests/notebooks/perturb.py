"""Does a notebook's identity notice when a function that it rests on is wrong?

`watch()` is called inside a notebook's kernel. From then on each cell with an identity runs again,
right after it has run: once as it is, and once for every slip in a function of lecturekit that it
calls. A slip is made for everybody who calls the function, as a real one would be. There are three
kinds:

    f               what f returns is a little off
    f, parameter    f sees a parameter of a model, or all of a layer, 10 % too large, others do not
    f, argument     f takes an argument, a real number or a field that is one, 10 % too large

A slip that changes nothing of what f returns is none, unless that is for a parameter that is zero:
an identity at b = 0 says nothing about b.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import torch
from IPython import get_ipython
from IPython.utils.capture import capture_output
from torch import Tensor, nn

from lecturekit.session import Session

PACKAGE = "lecturekit"
# What shows, and what refuses: no identity rests on these.
NOT_JUDGED = tuple(
    f"{PACKAGE}.{room}" for room in ("session", "plots", "live", "exercises", "door")
)

NOT_CALLED = {"__init__", "__post_init__", "__setattr__", "__repr__", "__eq__", "__hash__"}

Namespace = dict[str, Any]
Slip = Callable[..., Any]


def watch(report: str) -> None:
    """From now on judge the identity cells of this kernel; what was found goes to a file.

    The file has one JSON object: for each slip, by its name, whether an identity noticed it.
    """
    shell = get_ipython()
    noticed: dict[str, bool] = {}

    def judge(result: Any) -> None:
        source = result.info.raw_cell
        if result.success and "session.identity" in source:
            for name, seen in slips_of(source, shell.user_ns):
                noticed[name] = noticed.get(name, False) or seen
            Path(report).write_text(json.dumps(noticed))

    shell.events.register("post_run_cell", judge)


def slips_of(source: str, namespace: Namespace) -> Iterator[tuple[str, bool]]:
    """Every slip in a function that the cell calls, with whether the cell notices it."""
    if not all(verdicts(source, namespace)):
        raise AssertionError(f"run again, this cell does not hold:\n{source}")
    for function, parameters, numbers in called(source, namespace):
        name = f"{function.__module__.removeprefix(PACKAGE + '.')}.{function.__qualname__}"
        kinds = {name: slip_of_result(function)}
        kinds |= {f"{name}, {p}": slip_of_parameter(function, p) for p in sorted(parameters)}
        kinds |= {f"{name}, {a}": slip_of_argument(function, a) for a in sorted(numbers)}
        for kind, slip in kinds.items():
            with in_place_of(function, slip, namespace):
                try:
                    seen = not all(verdicts(source, namespace))
                except Exception:  # what refuses to go on has noticed it too
                    seen = True
            if slip.made:
                yield kind, seen


class Recorder(Session):
    """A session that keeps what it judged."""

    def _judge(self, sentence: str, holds: bool, numbers: Any) -> None:
        self.__dict__.setdefault("kept", []).append(holds)

    def claim(self, *_: Any, **__: Any) -> None:
        """Outcomes of training are not the matter here."""


def verdicts(source: str, namespace: Namespace) -> list[bool]:
    """What the identities of a cell say, in their order, when it is run once more."""
    session = namespace["session"]
    recorder = Recorder(session.profile, session.seed, session.device)
    with capture_output(), left_alone(namespace):
        namespace["session"] = recorder
        exec(compile(source, "<identity>", "exec"), namespace)
    return recorder.__dict__.get("kept", [])


@contextmanager
def left_alone(namespace: Namespace) -> Iterator[None]:
    """Afterwards every name means again what it meant before."""
    kept = dict(namespace)
    try:
        yield
    finally:
        namespace.clear()
        namespace.update(kept)


def called(
    source: str, namespace: Namespace
) -> list[tuple[FunctionType, frozenset[str], frozenset[str]]]:
    """The functions that a cell calls itself, their models' parameters and real arguments."""
    functions = {getattr(inspect.unwrap(f), "__code__", None): f for _, _, f in places(namespace)}
    seen: dict[FunctionType, tuple[set[str], set[str]]] = {}

    def look(frame: FrameType, event: str, _: object) -> None:
        function = functions.get(frame.f_code) if event == "call" else None
        if function is None or not directly(frame):
            return
        parameters, numbers = seen.setdefault(function, (set(), set()))
        for name, value in frame.f_locals.items():
            if isinstance(value, nn.Module):
                parameters |= {layer(p) for p, _ in value.named_parameters()}
            elif isinstance(value, float):
                numbers.add(name)
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                fields = dataclasses.fields(value)
                numbers |= {
                    f"{name}.{f.name}" for f in fields if isinstance(getattr(value, f.name), float)
                }

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        verdicts(source, namespace)
    finally:
        sys.setprofile(before)
    return [(f, frozenset(p), frozenset(a)) for f, (p, a) in seen.items()]


def layer(parameter: str) -> str:
    """`W` of an RBM stands for itself, `network.0.weight` for the whole network."""
    return parameter.partition(".")[0]


def directly(frame: FrameType) -> bool:
    """No other function of the package stands between the cell and this call."""
    caller = frame.f_back
    while caller is not None and caller.f_code.co_filename != "<identity>":
        module = caller.f_globals.get("__name__", "")
        if module.startswith(PACKAGE) and not module.startswith(f"{PACKAGE}.door"):
            return False
        caller = caller.f_back
    return caller is not None


def places(namespace: Namespace) -> Iterator[tuple[Any, str, FunctionType]]:
    """Where functions of the package are to be found: owner, name, function."""
    modules = [m for n, m in list(sys.modules.items()) if n.split(".")[0] == PACKAGE]
    for owner in (*modules, namespace):
        for name, value in list((owner if isinstance(owner, dict) else vars(owner)).items()):
            if judged(value) and isinstance(value, FunctionType):
                yield owner, name, value
            elif judged(value) and isinstance(value, type):
                for method, function in list(vars(value).items()):
                    if isinstance(function, FunctionType) and method not in NOT_CALLED:
                        yield value, method, function


def judged(value: Any) -> bool:
    module = getattr(value, "__module__", None) or ""
    return module.startswith(PACKAGE) and not module.startswith(NOT_JUDGED)


@contextmanager
def in_place_of(function: FunctionType, slip: Slip, namespace: Namespace) -> Iterator[None]:
    """Put the slip wherever the function is to be found, in the package too."""
    found = {(id(o), n): (o, n) for o, n, f in places(namespace) if f is function}.values()
    for owner, name in found:
        put(owner, name, slip)
    try:
        yield
    finally:
        for owner, name in found:
            put(owner, name, function)


def put(owner: Any, name: str, value: Any) -> None:
    if isinstance(owner, dict):
        owner[name] = value
    else:
        setattr(owner, name, value)


def off(value: Any) -> Any:
    """The value a little off, in all its real numbers; other values as they are."""
    if isinstance(value, Tensor) and value.is_floating_point():
        wave = torch.arange(value.numel(), device=value.device).sin().reshape(value.shape)
        return value * 1.01 + 0.01 * (1.5 + wave).to(value.dtype)
    if isinstance(value, float):
        return value * 1.01 + 0.01
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(off, value))
    if isinstance(value, tuple | list):
        return type(value)(map(off, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (f.name for f in dataclasses.fields(value) if f.init)
        return dataclasses.replace(value, **{name: off(getattr(value, name)) for name in fields})
    return value


def same(a: Any, b: Any) -> bool:
    """Whether two results have the same real numbers."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and bool(torch.equal(a, b))
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if dataclasses.is_dataclass(a) and not isinstance(a, type) and type(a) is type(b):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return not isinstance(a, float) or a == b


def slip_of_result(function: FunctionType) -> Slip:
    @functools.wraps(function)
    def slip(*args: Any, **kwargs: Any) -> Any:
        right = function(*args, **kwargs)
        wrong = off(right)
        slip.made |= not same(right, wrong)
        return wrong

    slip.made = False
    return slip


def slip_of_parameter(function: FunctionType, parameter: str) -> Slip:
    @functools.wraps(function)
    def slip(*args: Any, **kwargs: Any) -> Any:
        found = [
            p
            for model in (*args, *kwargs.values())
            if isinstance(model, nn.Module)
            for name, p in model.named_parameters()
            if layer(name) == parameter
        ]
        right = function(*args, **kwargs)
        # moved, not only scaled: whether f looks at it is to be seen also where it is zero
        slip.made |= not same(right, under(found, lambda p: p * 1.1 + 0.1, function, args, kwargs))
        return under(found, lambda p: p * 1.1, function, args, kwargs)

    slip.made = False
    return slip


def under(
    parameters: list[Tensor],
    change: Callable[[Tensor], Tensor],
    function: Callable[..., Any],
    args: Any,
    kwargs: Any,
) -> Any:
    """The result of a function while parameters have other values."""
    kept = [p.detach().clone() for p in parameters]
    for p in parameters:
        p.data = change(p.data)
    try:
        return function(*args, **kwargs)
    finally:
        for p, value in zip(parameters, kept, strict=True):
            p.data = value


def slip_of_argument(function: FunctionType, argument: str) -> Slip:
    signature = inspect.signature(function)
    name, _, field = argument.partition(".")

    @functools.wraps(function)
    def slip(*args: Any, **kwargs: Any) -> Any:
        right = function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        value = bound.arguments.get(name)
        if field and isinstance(getattr(value, field, None), float):
            value = dataclasses.replace(value, **{field: getattr(value, field) * 1.1})
        elif isinstance(value, float):
            value *= 1.1
        bound.arguments[name] = value
        wrong = function(*bound.args, **bound.kwargs)
        slip.made |= not same(right, wrong)
        return wrong

    slip.made = False
    return slip
