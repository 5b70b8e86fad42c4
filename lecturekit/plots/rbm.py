"""Pictures of section 1: particles on an energy landscape, and one update phase by phase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import torch
from torch import Tensor

from lecturekit.door import MANY, NOT_EMPTY, NUMBERS, Count, In, asked, door, refuse
from lecturekit.evaluation import autocorrelation
from lecturekit.plots.figures import curves, image_grid
from lecturekit.plots.marks import (
    Arrows,
    Axis,
    Bars,
    Images,
    Line,
    Mark,
    Plot,
    Points,
    Role,
    Words,
    to_array,
)
from lecturekit.rbm import (
    PHASES,
    RBM,
    Bracket,
    ClassRBM,
    FastPersistentCD,
    NegativePhase,
    PersistentCD,
    WatchedUpdate,
    energy_profile,
)

ABREAST = 4  # particles beside each other on one level; further ones stand on their shoulders


@door
def landscape(
    model: RBM,
    crowd: PersistentCD | FastPersistentCD,
    coordinate: Callable[[Tensor], Tensor],
    title: str,
    *,
    data: Annotated[Any, NUMBERS, NOT_EMPTY, "n_levels", In(0, 1)],
    xlabel: str,
) -> Plot:
    """The free energy along a coordinate, with the particles on the energy that they move on.

    With fast weights there are two energies, that of θ and that of θ + θ_f, on which the particles
    sit; the lowest point of the first is put at 0, and the second is drawn against the same zero.

    Args:
        model: θ, small enough that the profile is exact.
        crowd: the particles.
        coordinate: visible states (n, n_visible) → whole numbers (n,), the levels s = 0, 1, …
        title: shown above.
        data: (n_levels,), the share of the data at each level, drawn as bars from below.
        xlabel: what the coordinate is.

    Raises:
        ValueError: the particles have not been placed.
    """
    where = _placed(crowd, model.n_visible)
    energies = {"θ" if isinstance(crowd, FastPersistentCD) else "G(s)": model}
    if isinstance(crowd, FastPersistentCD):
        energies["θ + θ_f"] = crowd.overlaid(model)
    found = {name: energy_profile(machine, coordinate) for name, machine in energies.items()}
    levels = to_array(next(iter(found.values())).coordinate)
    odd = levels[levels != np.arange(len(levels))]
    if odd.size:
        refuse("coordinate", "to return whole numbers from 0, without a gap", f"{odd[0]:g}")
    profiles = {name: to_array(profile.free_energy) for name, profile in found.items()}
    known = {name: profile[np.isfinite(profile)] for name, profile in profiles.items()}
    first = next(iter(known.values()))  # nothing finite, where a run diverges
    ground = first.min() if first.size else 0.0
    profiles = {name: profile - ground for name, profile in profiles.items()}
    shares = to_array(data)
    if not shares.max() > 0:
        refuse("data", "with a share above 0", "zeros")
    if len(levels) != len(shares):
        refuse("data", f"of {len(levels)} shares, as the coordinate has levels", f"{len(shares)}")
    top = max(profile.max(initial=ground) for profile in known.values()) - ground
    marks: list[Mark] = [Bars(levels, shares * 0.4 * top / shares.max(), 0.9, "data", "faint")]
    for color, (name, profile) in enumerate(profiles.items()):
        marks.append(Line(levels, profile, name, color))
    at = to_array(asked("coordinate", coordinate, where, len(where))).astype(int)
    marks.append(_crowd(at, list(profiles.values())[-1], top))
    ends = Axis(xlabel, (-0.6, len(levels) - 0.4))
    return Plot(title, marks, ends, Axis("free energy (nats)"), shape=1.8)


def _placed(crowd: PersistentCD | FastPersistentCD, n_units: int) -> Tensor:
    if crowd.particles is None:
        hint = "call initialise(data, generator=…)"
        refuse("crowd", "with particles that are placed", "none", hint)
    if crowd.particles.shape[1] != n_units:
        refuse("crowd", f"of particles with {n_units} units", f"{crowd.particles.shape[1]}")
    return crowd.particles


def _crowd(at: np.ndarray, energy: np.ndarray, height: float) -> Points:
    """Each particle above its level, stacked, so that their number is seen."""
    column, row = np.zeros(len(at)), np.zeros(len(at))
    for level in np.unique(at):
        (here,) = np.nonzero(at == level)
        row[here], column[here] = np.divmod(np.arange(len(here)), ABREAST)
        column[here] -= (min(len(here), ABREAST) - 1) / 2
    places = [at + 0.19 * column, energy[at] + height * (0.03 + 0.032 * row)]
    return Points(np.stack(places, 1), "particles", "ink", size=5.0, opacity=0.8)


@door
def particles(
    methods: Annotated[Mapping[str, NegativePhase], NOT_EMPTY],
    title: str = "Particles",
    *,
    each: Count = 8,
) -> Images:
    """Some particles as they are now, as square images, a row for each method that keeps some.

    Args:
        methods: by name; those that start anew at the data at every update are left out.
        title: shown above.
        each: particles in a row.
    """
    crowds = {name: getattr(method, "particles", None) for name, method in methods.items()}
    placed = {name: crowd for name, crowd in crowds.items() if crowd is not None}
    if not placed:
        refuse("methods", "with one that has particles", ", ".join(methods))
    return _rows(placed, title, each)


def _rows(states: Mapping[str, Tensor], title: str, each: int) -> Images:
    """The first of each batch of states (n, n_units) as images, squares where they can be."""
    each = min(each, *map(len, states.values()))
    units = torch.cat([batch[:each] for batch in states.values()])
    side = math.isqrt(units.shape[1])
    images = units.reshape(len(units), *((side, side) if side**2 == units.shape[1] else (1, -1)))
    return image_grid(images, title, columns=each, captions=list(states))


@door
def memory(
    measured: Sequence[Tensor], title: str, *, of: str, window: Annotated[int, In(2, MANY)] = 300
) -> Plot:
    """How strongly a chain remembers: the autocorrelation over its last steps.

    Args:
        measured: at each step a number for each particle, (n,).
        title: shown above.
        of: what was measured.
        window: how many steps are looked at; lags go up to a half of them.
    """
    recent = [to_array(values) for values in measured[-window:]]
    rho = torch.ones(1)  # until there are two steps to compare
    if len(recent) > 1:
        rho = autocorrelation(torch.tensor(np.array(recent)), len(recent) // 2)
    return curves(
        {of: (range(len(rho)), rho)},
        title,
        xlabel="lag (Gibbs steps)",
        ylabel="autocorrelation",
        xlim=(0, window / 2),
        ylim=(-0.2, 1.05),
    )


@door
def bracket(course: Mapping[int, Bracket], title: str, *, exact: float) -> Plot:
    """How a likelihood is closed in from both sides as levels are added.

    AIS has a band of three standard errors, 3σ̂ / Ẑ, as it estimates them itself.

    Args:
        course: number of levels → the bracket that they give.
        title: shown above.
        exact: the true mean log-likelihood, in nats.
    """
    levels, sides = list(course), list(course.values())
    errors = [math.expm1(side.log_partition.high - side.log_partition.log_z) for side in sides]
    return curves(
        {
            "AIS": (levels, [side.high for side in sides], errors),
            "RAISE": (levels, [side.low for side in sides]),
        },
        title,
        xlabel="levels",
        ylabel="log-likelihood (nats)",
        xscale="log",
        references={"exact": exact},
    )


@door
def labelled(
    model: ClassRBM, crowd: PersistentCD | FastPersistentCD, title: str, *, each: Count = 20
) -> Images:
    """Some particles of a classifier as they are now: images, under each the label drawn with it.

    Args:
        model: its pixels are a square.
        crowd: the particles.
        title: shown above.
        each: how many.

    Raises:
        ValueError: the particles have not been placed.
    """
    pixels, labels = _placed(crowd, model.n_visible)[:each].split(
        [model.n_pixels, model.n_classes], 1
    )
    images = pixels.reshape(len(pixels), math.isqrt(model.n_pixels), -1)
    names = [str(label) for label in labels.argmax(1).tolist()]
    return image_grid(images, title, columns=math.ceil(each / 2), captions=names)


# ----------------------------------------------------------------- one update, phase by phase


@door
def stations(updates: Annotated[Mapping[str, WatchedUpdate], NOT_EMPTY], title: str) -> Plot:
    """The phases of an update from top to bottom, with a mark at the present one.

    Args:
        updates: by name, all at the same phase.
        title: shown above.
    """
    now = [update.phase.name for update in updates.values() if update.phase is not None]
    current = PHASES.index(now[0]) if now else -1
    marks: list[Mark] = []
    for place, name in enumerate(PHASES):
        role: Role = 1 if place == current else "ink" if place < current else "soft"
        dot = Points([(0.04, place)], color=role, size=11, rim=False)
        marks += [dot, Words(name, (0.1, place), role, bold=place == current)]
    said = f"{len(PHASES)} phases; now: {now[0] if now else 'before the first'}."
    ends = Axis(limits=(0.0, 1.0)), Axis(limits=(len(PHASES) - 0.4, -0.6))
    return Plot(title, marks, *ends, bare=True, shape=0.95, words=said)


@door
def units(
    updates: Annotated[Mapping[str, WatchedUpdate], NOT_EMPTY],
    layer: Literal["visible", "hidden"],
    title: str,
    *,
    each: Count = 10,
) -> Images:
    """The units of a layer at the present phase, a row for each update; grey before the first.

    Args:
        updates: by name.
        layer: which units; hidden ones may be probabilities.
        title: shown above.
        each: states in a row.
    """
    return _rows({name: _units(update, layer) for name, update in updates.items()}, title, each)


def _units(update: WatchedUpdate, layer: str) -> Tensor:
    if update.phase is not None:
        return getattr(update.phase, layer)
    return torch.full((len(update.v), getattr(update.model, f"n_{layer}")), 0.5)


@door
def energy_change(updates: Annotated[Mapping[str, WatchedUpdate], NOT_EMPTY], title: str) -> Plot:
    """Mean free energies as they are, and in the last phase arrows from before to after.

    Args:
        updates: by name.
        title: shown above.
    """
    pairs = {
        f"{name}: {whose}": _energies(update)[place]
        for place, whose in enumerate(("data", "particles"))
        for name, update in updates.items()
    }
    marks: list[Mark] = []
    said = []
    for place, (name, pair) in enumerate(pairs.items()):
        if pair is None:
            continue
        before, after = pair[0].mean().item(), pair[-1].mean().item()
        marks.append(Points([(before, place)], color=place, size=11, hollow=True))
        if len(pair) == 2:
            marks.append(Arrows([(before, place)], [(after - before, 0.0)], color=place, width=3.0))
            change, above = _signed(after - before), (after, place - 0.28)
            marks.append(Words(change, above, place, align="center"))
        said.append(f"{name}: {before:.2f}" + (f" to {after:.2f}" if len(pair) == 2 else ""))
    seen = [pair.mean(1) for pair in pairs.values() if pair is not None]
    x, y = Axis("free energy (nats)", _with_room(torch.cat(seen))), Axis(names=tuple(pairs))
    return Plot(title, marks, x, y, shape=1.45, words=f"Mean free energies: {', '.join(said)}.")


def _with_room(values: Tensor) -> tuple[float, float]:
    """Ends of an axis that leave room for words at its outermost points."""
    low, high = values.min().item(), values.max().item()
    room = 0.2 * max(high - low, 1.0)
    return low - room, high + room


def _energies(update: WatchedUpdate) -> tuple[Tensor, Tensor | None]:
    """F(X⁺) and F(X⁻), (2, n) before and after in the last phase, until then (1, n)."""
    phase = update.phase
    if phase is not None and phase.data_energy is not None:
        return phase.data_energy, phase.particle_energy
    data = update.model.free_energy(update.v)[None]
    if phase is None or phase.name == PHASES[0]:
        return data, None
    return data, update.model.free_energy(phase.visible)[None]


def _signed(change: float) -> str:
    return f"{change:+.2f}".replace("-", "−")
