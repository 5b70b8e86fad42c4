"""Bad calls: a good one with one argument spoiled, and what became of it."""

from __future__ import annotations

import copy
import dataclasses
import fnmatch
import functools
import inspect
import itertools
import math
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
import torch._dynamo  # at once: a call that begins with it would seem to hang
from torch import Tensor, nn

from tests.door.calls import ROOMS, Call, calls, unwrapped

SECONDS = 5


class Verdict(NamedTuple):
    """What became of a bad call: clear, obscure, accepted, hanging or changed, and how."""

    kind: str
    words: str


class Bad(NamedTuple):
    """One argument of one call, and how it is spoiled."""

    room: str
    call: str
    argument: str
    how: str

    def __str__(self) -> str:
        return f"{self.room}.{self.call} {self.argument}: {self.how}"


class Stranger:
    """What no function expects."""


def holed(x: Tensor, value: float) -> Tensor:
    y = x.detach().clone()
    y.view(-1)[0] = value
    return y


def spoiled(good: Any) -> dict[str, Any]:
    """Ways to spoil a value, by kind."""
    if isinstance(good, Tensor) and good.is_floating_point():
        ways = {
            "an axis less": good[0],
            "an axis more": good[None],
            "empty": good[:0],
            "NaN": holed(good, math.nan),
            "infinite": holed(good, math.inf),
            "numpy": good.detach().numpy(),
            "a list": good.tolist(),
            "a string": "data",
            "None": None,
            "meta": good.to("meta"),
            "an object": Stranger(),
            "double": good.double() if good.dtype == torch.float32 else good.float(),
            "integers": good.long(),
            "complex": good.to(torch.complex64),
            "another width": torch.cat([good, good[..., :1]], -1),
        }
        if float(good.min()) >= 0 and float(good.max()) <= 1:
            ways["bytes"] = good * 255 + 3
        return ways
    if isinstance(good, Tensor):
        return {
            "empty": good[:0],
            "numpy": good.numpy(),
            "a list": good.tolist(),
            "a string": "labels",
            "None": None,
            "meta": good.to("meta"),
            "floats": good.float() + 0.5,
            "an axis more": good[None],
            "an object": Stranger(),
        }
    if isinstance(good, bool):
        return {
            "a string": "yes",
            "None": None,
            "a number": 2.5,
            "an object": Stranger(),
            "a list": [True],
        }
    if isinstance(good, int):
        return {
            "negative": -3,
            "zero": 0,
            "a fraction": 2.5,
            "a string": "3",
            "None": None,
            "NaN": math.nan,
            "infinite": math.inf,
            "True": True,
            "a list": [3],
            "an object": Stranger(),
            "numpy": np.ones(3),
        }
    if isinstance(good, float):
        return {
            "negative": -1.0,
            "NaN": math.nan,
            "infinite": math.inf,
            "a string": "0.1",
            "None": None,
            "a list": [0.1],
            "an object": Stranger(),
            "True": True,
            "numpy": np.ones(3),
            "complex": 1j,
        }
    if isinstance(good, str):
        return {
            "another": "nonsense",
            "a number": 3,
            "None": None,
            "an object": Stranger(),
            "a list": ["a"],
        }
    if (
        dataclasses.is_dataclass(good)
        and not isinstance(good, nn.Module)
        and hasattr(good, "updates")
    ):
        ways: dict[str, Any] = {
            "None": None,
            "a string": "s",
            "a number": 1,
            "an object": Stranger(),
            "the class": type(good),
        }
        for field in dataclasses.fields(good):
            value = getattr(good, field.name)
            if isinstance(value, str):
                ways[f"{field.name} nonsense"] = dataclasses.replace(
                    good, **{field.name: "nonsense"}
                )
            elif not isinstance(value, bool):
                for how, bad in {
                    "negative": -1.0,
                    "NaN": math.nan,
                    "a string": "3",
                    "None": None,
                }.items():
                    ways[f"{field.name} {how}"] = dataclasses.replace(good, **{field.name: bad})
        return ways
    if isinstance(good, Mapping):
        return {
            "None": None,
            "a string": "abc",
            "a number": 3,
            "an object": Stranger(),
            "bad values": dict.fromkeys(good, Stranger()),
        }
    if isinstance(good, Sequence) and len(good) and not hasattr(good, "_fields"):
        return {
            "None": None,
            "a string": "abc",
            "a number": 3,
            "an object": Stranger(),
            "bad values": type(good)([Stranger()] * len(good)),
            "strings": type(good)(["x"] * len(good)) if not isinstance(good[0], str) else 3,
        }
    return {"None": None, "a string": "abc", "a number": 3, "an object": Stranger(), "a list": []}


# What only a net knows that is somebody's own.
LEFT_TO_TORCH = (
    "cycle_gan.*_loss *: another width",
    "cycle_gan.*_loss *: an axis*",
    "*.strips start: another width",
)

# What is accepted, and right. The first words are a pattern for "room.call argument: how".
FINE = {
    "*: double": "a call may be in double precision",
    "*.sample probabilities: an axis*": "draws of any shape",
    "*.gaussian_entropies std: an axis*": "of any shape",
    "*_loss *: an axis*": "scores of any shape",
    "*_loss [xy]: an axis*": "data of any shape",
    "*.kl_to_prior mean: an axis*": "codes of any shape",
    "*.gaussian_kl *: an axis*": "codes of any shape",
    "*.along codes: an axis*": "codes of any shape",
    "*: another width": "where nothing ties the width, any will do",
    "unit.Gaussian covariance: bytes": "of any size",
    "unit.streams x[12]: bytes": "rows of any numbers, images or not",
    "unit.*_terms x[12]: bytes": "rows of any numbers, images or not",
    "*ImagePool.meet fresh: integers": "a pool of numbers of states",
    "exact worlds.*, least squares D: bytes": "scores of any size",
    "exact worlds.rotated* angle: *": "any angle, one or several",
    "exact worlds.rotation_losses angles: integers": "whole angles are angles",
    "bridge.blurred reach: zero": "no shift",
    "training.limited maximum: infinite": "no upper limit",
    "training.tunable maximum: infinite": "no upper limit",
    "rbm.states like: *": "only its type and device are taken",
    "rbm.states n_units: zero": "one state of no units",
    "rbm.gibbs_step n_classes: zero": "no labels",
    "rbm.ClassRBM.given_label label: zero": "labels begin at 0",
    "family.Family.*: zero": "domains begin at 0",
    "several domains.off_diagonal table: bytes": "any numbers",
    "several domains.off_diagonal table: integers": "any numbers",
    "rbm.*_gradient k: zero": "no step",
    "rbm.state_index v: integers": "bits of any type",
    "rbm.empirical_distribution v: integers": "bits of any type",
    "rbm.RBM.ascend learning_rate: negative": "down in place of up",
    "rbm.*base_bias: bytes": "a base model of any biases",
    "*kl_to entropy: negative": "entropies of densities may be negative",
    "*_std: bytes": "of any size",
    "*.gaussian_entropies std: bytes": "of any size",
    "*LevelDenoiser() sigma: *": "any σ above 0, one for all or one for each",
    "*.run_chain n_steps: zero": "no step",
    "rbm.ClassRBM.join images: integers": "bits of any type",
    "*.stirred time: negative": "back",
    "denoising.half_steps total: zero": "no step",
    "evaluation.autocorrelation max_lag: zero": "the first alone",
    "evaluation.label_switches labels: floats": "labels of any type",
    "evaluation.occupancy *: bytes": "patterns of any numbers",
    "evaluation.* region: bytes": "weights of any size",
    "data.flip patterns: integers": "bits of any type",
    "data.outline images: an axis less": "with channels or without",
    "data.GaussianMixture *: bytes": "of any size",
    "networks.ResidualBlock() x: bytes": "of any size",
    "networks.ImagePool size: zero": "no pool",
    "networks.ImagePool.meet fresh: an axis*": "of any shape",
    "training.minibatches data: an axis*": "of any shape",
    "training.minibatches data: integers": "of any type",
    "training.guard settings: *": "a trainer of one's own may have any",
    "training.Snapshot parts: bad values": "any object with attributes",
    "training.limited *: negative": "limits may be below 0",
    "training.tunable *: negative": "limits may be below 0",
    "training.choices settings: [!aN]*": "they say what is declared, whatever the values",
    "training.tunables settings: [!aN]*": "they say what is declared, whatever the values",
    "training.start seed: zero": "the first seed",
    "training.Session.generator stream: zero": "the first stream",
    "training.Session.identity [lr]*": "numbers of any kind; NaN is ✗",
    "plots.* matrix: *": "gaps and all that numpy takes",
    "plots.* images: *": "gaps and all that numpy takes",
    "section pictures.* *: numpy": "numbers of any kind, to be shown",
    "section pictures.* *: a list": "numbers of any kind, to be shown",
    "section pictures.* *: integers": "numbers of any kind, to be shown",
    "section pictures.* scale: negative": "arrows the other way",
    "section pictures.* truth: None": "its row is left out",
    "section pictures.rbm.bracket course: bad values": "here it has none",
    "section pictures.rbm.bracket exact: negative": "nats",
    "section pictures.*pushed_square z: bytes": "codes from anywhere",
    "section pictures.*angle_map loss: bytes": "of any size",
    "section pictures.*game term: zero": "none as yet",
    "section pictures.*translations source: zero": "domains begin at 0",
    "grading.Graded verdicts: a list": "none as yet",
    "live.* name: another": "any name",
    "live.Curves metrics: a string": "one metric",
    "live.Curves against: another": "refused when the metrics are known",
    "live.Curves references: None": "none",
    "live.Curves ylim: None": "as far as the data go",
    "unit.for_images n_*_blocks: zero": "no blocks",
    "moment_matching.* sigma: *a list": "several bandwidths",
    "moment_matching.* alpha: a list": "several exponents",
    "moment_matching.* sigma: numpy": "several bandwidths",
    "moment_matching.* alpha: numpy": "several exponents",
}


TEXTS = {
    "student",
    "problem",
    "source",
    "of",
    "title",
    "xlabel",
    "ylabel",
    "unit",
    "note",
    "alt",
    "label",
    "sentence",
}


def table() -> Iterator[Bad]:
    """All bad calls."""
    for room in ROOMS:
        for name, call in calls(room).items():
            for argument, value in call.arguments.items():
                for how in spoiled(value):
                    if not may_be_left_out(call, argument, how):
                        yield Bad(room, name, argument, how)


def may_be_left_out(call: Call, argument: str, how: str) -> bool:
    """None, where it means "as by default"."""
    function = call.function.forward if isinstance(call.function, nn.Module) else call.function
    parameter = inspect.signature(function).parameters.get(argument)
    if how == "another" and argument in TEXTS:
        return True
    return how == "None" and parameter is not None and parameter.default is None


def verdict(bad: Bad) -> Verdict:
    """Make the bad call; one that was refused leaves what it was given for the next."""
    call = _ready(bad.room)[bad.call]
    arguments = {**call.arguments, bad.argument: spoiled(call.arguments[bad.argument])[bad.how]}
    belongs = (*arguments.values(), call.function, unwrapped(call.function))
    held = [each for each in belongs if isinstance(each, nn.Module)]
    before = [copy.deepcopy(module.state_dict()) for module in held]
    try:
        result = within(SECONDS, lambda: outcome(call.function(**arguments)))
    except TimeoutError:
        found = Verdict("hanging", "")
    except Exception as error:
        words = f"{type(error).__name__}: {error}"
        now = [module.state_dict() for module in held]
        if not all(same(a, b) for a, b in zip(before, now, strict=True)):
            found = Verdict("changed", words)
        else:
            found = Verdict("clear" if is_clear(bad, error) else "obscure", words)
    else:
        found = Verdict("accepted", repr(result)[:80])
    if found.kind not in ("clear", "obscure"):
        _ready.cache_clear()
    return found


@functools.cache
def _ready(room: str) -> dict[str, Call]:
    return calls(room)


def is_clear(bad: Bad, error: Exception) -> bool:
    """Whether it is refused by name, with what came and what would be right."""
    words = str(error)
    field = bad.how.split()[0]
    named = bad.argument in words or f".{field}" in words
    if bad.how in (
        "another width",
        "an axis less",
        "an axis more",
    ):  # it is tied to another one, and either may be wrong
        named = any(argument in words for argument in _ready(bad.room)[bad.call].arguments)
    right = any(word in words for word in ("expected", "must be"))
    return isinstance(error, ValueError | TypeError) and named and right and "got" in words


def outcome(result: Any) -> Any:
    """What a call gives; of steps or a chain the first three."""
    if inspect.iscoroutine(result):
        result.close()
        return None
    return list(itertools.islice(result, 3)) if hasattr(result, "__next__") else result


def within(seconds: int, act: Callable[[], Any]) -> Any:
    def late(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)  # of this process, however busy the machine
    try:
        return act()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def is_fine(bad: Bad, kind: str = "accepted") -> bool:
    """Whether it is listed as harmless."""
    listed = {"accepted": tuple(FINE), "obscure": LEFT_TO_TORCH}.get(kind, ())
    return any(fnmatch.fnmatchcase(str(bad), pattern) for pattern in listed)


def main() -> None:
    """Count by room, and show what is not refused clearly."""
    import sys

    counts: dict[str, Counter[str]] = {room: Counter() for room in ROOMS}
    for bad in table():
        if len(sys.argv) > 1 and bad.room not in sys.argv[1:]:
            continue
        found = verdict(bad)
        kind = "fine" if is_fine(bad, found.kind) else found.kind
        counts[bad.room][kind] += 1
        if kind not in ("clear", "fine"):
            print(f"{kind:9s} {bad}  →  {found.words[:150]!r}")
    for room, count in counts.items():
        print(f"{room:16s}", dict(count))
    print("all", dict(sum(counts.values(), Counter())))


if __name__ == "__main__":
    main()
