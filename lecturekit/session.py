"""The first line of every notebook: device, profile, seed, and the claims that CI compares."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from lecturekit import plots
from lecturekit._version import __version__
from lecturekit.door import AnyNumber, AnyNumbers, Natural, NonNegative, came, door, refuse

PROFILES = ("smoke", "cpu", "gpu")
T = TypeVar("T")


@door
@dataclass(frozen=True)
class Session:
    """What a notebook's cells share. Made by `start`.

    Attributes:
        profile: "smoke" (seconds, for CI), "cpu" (the lecture on a laptop) or "gpu" (the paper's
            size, live).
        seed: every random number of the notebook follows from it.
        device: where models and data live.
        strict: a claim that does not hold raises (LECTUREKIT_STRICT=1), as CI wants it.
    """

    profile: str
    seed: int
    device: torch.device
    strict: bool = False

    def pick(self, *, smoke: T, cpu: T, gpu: T) -> T:
        """The size for this profile. Notebooks choose their sizes with it, in sight."""
        return {"smoke": smoke, "cpu": cpu, "gpu": gpu}[self.profile]

    def generator(
        self, stream: Natural = 0, *, device: str | torch.device | None = None
    ) -> torch.Generator:
        """A fresh source of randomness, the same for the same seed and stream.

        Cells ask for streams of their own, so that running a cell twice, or out of order, changes
        nothing elsewhere.
        """
        state = np.random.SeedSequence([self.seed, stream]).generate_state(1, np.uint64)
        generator = torch.Generator(device=device or self.device)
        return generator.manual_seed(int(state[0] >> np.uint64(1)))  # 63 bits: seeds are signed

    def claim(
        self,
        sentence: str,
        holds: bool | AnyNumbers,
        numbers: Mapping[Any, AnyNumber | AnyNumbers] | None = None,
    ) -> None:
        """Print ✓ or ✗ for a sentence that promises an outcome of training, with its numbers.

        Under the smoke profile nothing is trained long enough to judge, and it says so.

        Raises:
            AssertionError: the sentence does not hold and the session is strict.
        """
        if self.profile == "smoke":
            print(f"– not judged in the smoke profile: {sentence}")
        else:
            self._judge(sentence, _true(holds), numbers or {})

    def identity(
        self,
        sentence: str,
        left: AnyNumbers | AnyNumber,
        right: AnyNumbers | AnyNumber,
        *,
        tolerance: NonNegative = 1e-5,
        size: NonNegative | None = None,
    ) -> None:
        """Print ✓ or ✗ for an equation of the derivation, with the largest difference of its sides.

        Judged under every profile. The sides must have the same shape; the difference is compared
        with `tolerance` × `size`, which is the largest entry of the right side unless it is given,
        as it must be where that side is zero.

        Raises:
            ValueError: the sides have different shapes.
            AssertionError: they differ and the session is strict.
        """
        a, b = (torch.as_tensor(side, dtype=torch.float64).detach().cpu() for side in (left, right))
        if a.shape != b.shape:
            raise ValueError(
                f"expected left and right of one shape, got {tuple(a.shape)} and {tuple(b.shape)}"
            )
        difference = (a - b).abs().max().item()
        size = b.abs().max().item() if size is None else size
        self._judge(sentence, difference <= tolerance * size, {"largest difference": difference})

    def _judge(self, sentence: str, holds: bool, numbers: Mapping[Any, float | Tensor]) -> None:
        values = {name: float(torch.as_tensor(value).detach()) for name, value in numbers.items()}
        readings = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
        line = f"{'✓' if holds else '✗'} {sentence}" + (f"  [{readings}]" if readings else "")
        if self.strict and not holds:
            raise AssertionError(line)
        print(line)


@door
def start(profile: str = "auto", seed: Natural = 0) -> Session:
    """Begin a notebook: pick the device, set threads and plot style, and say so in one line.

    "auto" means the profile in LECTUREKIT_PROFILE, else gpu where there is CUDA, else cpu. Nets as
    small as ours run faster on a laptop's CPU than on Apple's GPU, so that one is used only when
    the gpu profile is asked for by name.

    Raises:
        ValueError: an unknown profile, or a seed that is not a whole number ≥ 0.
        RuntimeError: the gpu profile without a GPU.
    """
    profile = _resolve(profile)
    session = Session(profile, seed, _device(profile), os.environ.get("LECTUREKIT_STRICT") == "1")
    if session.device.type == "cpu":
        torch.set_num_threads(1)  # faster than two for nets this small, and bit-for-bit repeatable
    plots.use_style()
    if not gc.get_freeze_count():  # once: what is there later may have to be collected
        gc.freeze()  # the imported modules stay; looking through them takes a tenth of a short run
    print(
        f"lecturekit {__version__} · profile {profile} · {_device_name(session.device)} · "
        f"seed {seed} · torch {torch.__version__}"
    )
    return session


def _true(holds: bool | AnyNumbers) -> bool:
    if isinstance(holds, Tensor) and holds.numel() != 1:
        refuse("holds", "to be a single truth value", came(holds), "did you mean .all()?")
    return bool(holds)


def _resolve(profile: str) -> str:
    if profile == "auto":
        profile = os.environ.get("LECTUREKIT_PROFILE") or (
            "gpu" if torch.cuda.is_available() else "cpu"
        )
    if profile not in PROFILES:
        raise ValueError(f"expected a profile among auto, {', '.join(PROFILES)}, got {profile!r}")
    return profile


def _device(profile: str) -> torch.device:
    if profile != "gpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    raise RuntimeError("the gpu profile needs a GPU that torch can see; use profile 'cpu'")


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
