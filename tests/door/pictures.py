"""A good call of every picture of a section, for the table of `calls.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from lecturekit import cycle_gan, denoising, moment_matching, rbm, unit
from lecturekit.plots import cycle_gan as five
from lecturekit.plots import deep_energy as two
from lecturekit.plots import denoising as four
from lecturekit.plots import moment_matching as three
from lecturekit.plots import rbm as one
from lecturekit.plots import unit as six
from tests.door.calls import (
    Call,
    autoencoder,
    bits,
    classes,
    coupled,
    denoiser,
    energy,
    family,
    kernel,
    leveller,
    machine,
    mixture,
    photographs,
    plane,
    reals,
    sampler,
    seeded,
    settings,
    shares,
)

SEEN = {"title": "T", "extent": (-2.0, 2.0, -2.0, 2.0)}


def section_pictures() -> Iterator[tuple[str, Call]]:
    for room, functions in {
        "rbm": _rbm(),
        "deep_energy": _deep_energy(),
        "moment_matching": _moment_matching(),
        "denoising": _denoising(),
        "cycle_gan": _cycle_gan(),
        "unit": _unit(),
    }.items():
        for function, arguments in functions:
            yield f"{room}.{function.__name__}", Call(function, arguments)


Pictures = Iterator[tuple[Any, dict[str, Any]]]


def _rbm() -> Pictures:
    crowd = rbm.PersistentCD(6).initialise(bits(6, 4), generator=seeded())
    whole = rbm.PersistentCD(6).initialise(bits(6, 7), generator=seeded())
    update = rbm.WatchedUpdate(machine(), bits(6, 4), rbm.ContrastiveDivergence(), rbm.Settings())
    yield (
        one.landscape,
        {
            "model": machine(),
            "crowd": crowd,
            "coordinate": lambda v: v.sum(1),
            "title": "T",
            "data": shares(5),
            "xlabel": "x",
        },
    )
    yield one.particles, {"methods": {"PCD": crowd}, "title": "T", "each": 3}
    yield one.memory, {"measured": [reals(3)] * 9, "title": "T", "of": "x", "window": 6}
    yield one.bracket, {"course": {}, "title": "T", "exact": -3.0}
    if classes().n_visible == 7:
        yield one.labelled, {"model": classes(), "crowd": whole, "title": "T", "each": 3}
    yield one.stations, {"updates": {"a": update}, "title": "T"}
    yield one.units, {"updates": {"a": update}, "layer": "visible", "title": "T", "each": 3}
    yield one.energy_change, {"updates": {"a": update}, "title": "T"}


def _deep_energy() -> Pictures:
    here = {"exactly": plane(), **SEEN}
    yield (
        two.landscape,
        {"energy": energy(), "samples": reals(9, 2), **here, "scale": 0.1, "n_arrows": 5},
    )
    yield two.sheet, {"G": sampler().generate, "data": reals(9, 2), **SEEN, "device": "cpu"}
    yield two.on_data, {"samples": reals(9, 2), "data": reals(9, 2), **SEEN}
    yield two.energy_field, {"energy": energy(), **here, "depth": 3.0}
    yield two.behind, {"data": reals(9, 2), "size": 5.0}
    yield two.clouds, {"samples": {"a": [reals(9, 2)]}, "data": reals(9, 2), **SEEN}
    yield two.pushes, {"points": reals(9, 2), "vectors": reals(9, 2), **SEEN, "scale": 0.1}
    yield two.energies, {"energy": energy(), "kinds": {"a": reals(9, 2)}, "title": "T"}
    yield (
        two.walks,
        {
            "G": sampler().generate,
            "starts": reals(3, 2),
            "ends": reals(3, 2),
            "title": "T",
            "shape": (1, 2),
            "steps": 3,
        },
    )


def _moment_matching() -> Pictures:
    test = moment_matching.two_sample_test(
        reals(9, 2), reals(9, 2), kernel(), n_permutations=20, generator=seeded()
    )
    net = moment_matching.GMMN(2, [4], 2, generator=seeded())
    yield three.null_distribution, {"test": test, "title": "T", "quantile": 0.9}
    samples = {"a": reals(9, 2), "b": reals(8, 2)}
    yield three.witness, {"samples": samples, "kernel": kernel(), **SEEN}
    yield three.pulls, {"samples": reals(9, 2), "data": reals(8, 2), "kernel": kernel(), **SEEN}
    yield three.pushed_square, {"network": net, "z": shares(9, 2), "data": reals(9, 2), **SEEN}
    yield three.architecture, {"model": net, "title": "T", "autoencoder": autoencoder()}


def _denoising() -> Pictures:
    noise = denoising.GaussianNoise(0.3)
    walkers = denoising.Walkers(denoiser(), noise, reals(5, 2), generator=seeded())
    seen = {"denoiser": denoiser(), "density": mixture(), "noise": noise, **SEEN}
    yield four.corrections, seen
    fields = {"a": lambda x: -x}
    yield (
        four.arrow_fields,
        {"fields": fields, **SEEN, "points": reals(4, 2), "resolution": 5, "scale": 1.0},
    )
    yield four.walking, {"walkers": walkers, "target": reals(5, 2), **SEEN, "paths": True}
    yield (
        four.strips,
        {
            "denoiser": denoising.BernoulliDenoiser(4, [4], generator=seeded()),
            "corruption": denoising.SaltAndPepper(0.3),
            "start": bits(2, 4),
            "title": "T",
            "generator": seeded(),
            "columns": 3,
        },
    )
    yield (
        four.sampling_paths,
        {
            "denoise_at": leveller().at,
            "density": mixture(),
            "levels": denoising.NoiseLevels(0.1, 1.0),
            "sampling": denoising.Sampling(evaluations=4),
            "extent": SEEN["extent"],
            "generator": seeded(),
            "n": 9,
            "drawn": 3,
        },
    )


def _cycle_gan() -> Pictures:
    model, images, origins = cycle_gan.for_points(2, generator=seeded()), photographs(), [0, 1, 1]
    x, blobs = reals(3, 2), torch.tensor(origins)
    same = {"images": images, "truth": images, "title": "T"}
    yield five.there_and_back, {"to_there": lambda x: x, "to_back": lambda x: x, **same}
    yield five.compared, {"translators": {"a": lambda x: x}, **same, "source": "x"}
    yield five.sheet, {"rows": [images, images], "title": "T", "captions": ["a", "b"]}
    yield (
        five.translated_cloud,
        {"model": model, "x": x, "origins": blobs, "title": "T", "target": reals(5, 2)},
    )
    yield five.returned_cloud, {"model": model, "x": x, "origins": blobs, "title": "T"}
    yield five.cloud, {"points": x, "origins": blobs, "title": "T", "behind": {"b": reals(5, 2)}}
    yield five.objectives, {"names": ["least squares"], "title": "T", "reach": 5.0}
    yield five.angle_map, {"loss": shares(8, 8), "title": "T"}
    yield five.game, {"title": "T", "term": 2}
    yield five.unpaired, {"x": photographs(3), "y": photographs(3), "title": "T", "columns": 3}


def _unit() -> Pictures:
    images, codes = photographs(), reals(2, 2, 4, 4)
    line = unit.LinearGaussian(reals(3, 1), reals(3), 0.5)
    truth = {"truth": photographs(), "title": "T"}
    seen = unit.reach(coupled(), images, images, settings(unit.Settings), generator=seeded())
    q = line.posterior(reals(1, 3))
    yield six.bound_gap, {"model": line, "x": reals(1, 3), "q": q, "title": "T"}
    yield six.from_1, {"model": coupled(), "x1": images, **truth}
    yield six.from_2, {"model": coupled(), "x2": images, **truth}
    yield six.decoded, {"model": coupled(), "z": codes, "title": "T"}
    names = {"title": "T", "names": ["a", "b"]}
    yield six.in_all_domains, {"family": family(), "z": codes, **names}
    yield six.translations, {"family": family(), "x": images, "source": 0, **names}
    yield six.reach_table, {"reach": seen, "title": "T"}
    first = {"x": images[:1], "title": "T", "reach": seen, "loss": seen.losses[0]}
    yield six.network, {"model": coupled(), **first}
    yield six.stations, {"loss": "CC ₁"}
