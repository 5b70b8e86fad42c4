"""The door: bad calls of all public functions are refused, by name, before anything happens."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import types
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import lecturekit
from lecturekit import (
    cycle_gan,
    data,
    deep_energy,
    denoising,
    evaluation,
    moment_matching,
    networks,
    plots,
    rbm,
    training,
    unit,
)
from lecturekit.door import In, Rules, door
from tests.door.bad import is_fine, table, verdict
from tests.door.calls import ROOMS, calls

TABLE = list(table())


def test_the_table_is_large():
    assert len(TABLE) >= 800


@pytest.mark.parametrize("room", ROOMS)
def test_good_calls_are_accepted(room):
    for name, call in calls(room).items():
        if name != "mnist":  # needs files
            result = call.function(**call.arguments)
            if inspect.iscoroutine(result):
                result.close()
            elif hasattr(result, "__next__"):
                next(result)


@pytest.mark.parametrize("room", ROOMS)
def test_bad_calls_are_refused_clearly_with_everything_as_it_was(room):
    bad = [each for each in TABLE if each.room == room]
    wrong = []
    for each in bad:
        found = verdict(each)
        if found.kind != "clear" and not is_fine(each, found.kind):
            wrong.append(f"{found.kind}: {each} → {found.words[:120]}")
    assert not wrong, "\n".join(wrong)


def test_every_signature_can_be_read():
    """Annotations are read at the first call; a name that is not there would fail a student."""
    found = 0
    for module in pkgutil.walk_packages(lecturekit.__path__, "lecturekit."):
        try:
            room = importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("lecturekit"):
                raise
            continue  # what builds the book wants a package that only its builders have
        for value in vars(room).values():
            members = vars(value).values() if inspect.isclass(value) else [value]
            for function in members:
                if (  # torch wraps methods of its own, which say nothing of themselves
                    isinstance(function, types.FunctionType)
                    and hasattr(function, "__wrapped__")
                    and function.__module__.startswith("lecturekit")
                ):
                    Rules(function)
                    found += 1
    assert found > 300


@door
def inner(x: float) -> float:
    return x


def test_only_calls_from_outside_the_package_are_checked():
    room = types.ModuleType("lecturekit.somewhere")
    room.inner = inner  # type: ignore[attr-defined]
    exec("def outer(x): return inner(x)", vars(room))
    assert room.outer("not looked at") == "not looked at"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="expected x to be a finite number, got 'it is'"):
        inner("it is")  # type: ignore[arg-type]


def test_what_is_as_good_as_the_kind_is_taken():
    for right in (1, 1.0, np.float32(1.0), np.int64(1), torch.tensor(1.0)):
        assert inner(right) == 1  # type: ignore[arg-type]
    assert rbm.RBM(np.int64(3), 2).n_visible == 3


def test_a_number_with_a_gradient_passes_without_a_warning():
    torch.set_warn_always(True)  # PyTorch says it once a process else
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert inner(2 * torch.tensor(0.5, requires_grad=True)) == 1  # type: ignore[arg-type]
    finally:
        torch.set_warn_always(False)


def test_a_derivative_passes_the_door():
    """Where torch.func looks on, nobody can look at numbers."""
    model = rbm.RBM(3, 2)
    rows = torch.zeros(4, 3)
    each = torch.func.vmap(lambda v: model.free_energy(v[None])[0])(rows)
    assert torch.allclose(each, model.free_energy(rows))


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (In(1), "≥ 1"),
        (In(0, open="low"), "> 0"),
        (In(0, 1, open="high"), "in [0, 1)"),
        (In(high=2), "≤ 2"),
    ],
)
def test_limits_in_words(inside, words):
    assert str(inside) == words


# ----------------------------------------------------------------- faults that people have found

X = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
HOLED = torch.where(torch.arange(9) == 4, math.nan, X[:, 0])
SEED = torch.Generator().manual_seed(0)


def test_nan_gives_no_p_value():
    holed = torch.stack([HOLED, X[:, 1]], 1)
    with pytest.raises(ValueError, match="expected x finite, got 1 NaN or infinite among 18"):
        moment_matching.two_sample_test(holed, X, moment_matching.Gaussian(1.0), generator=SEED)


def test_nan_gives_no_effective_sample_size():
    with pytest.raises(ValueError, match="expected series finite, got 1 NaN"):
        evaluation.effective_sample_size(HOLED)


def test_bytes_are_no_shares_of_light():
    images = torch.arange(4 * 64).reshape(4, 8, 8).float()
    words = r"images in \[0, 1\], got values from 0 to 255; divide by 255: images / 255"
    with pytest.raises(ValueError, match=words):
        plots.image_grid(images, "T")
    with pytest.raises(ValueError, match=words):
        plots.image_grid(lambda: images, "T")


def test_numpy_data_are_called_so():
    model = rbm.RBM(4, 3)
    with pytest.raises(ValueError, match=r"data to be a tensor, got a numpy array of shape \(5, 4"):
        rbm.train(
            model,
            np.zeros((5, 4)),  # type: ignore[arg-type]
            rbm.Settings(),
            negative_phase=rbm.PersistentCD(),
            generator=SEED,
        )


def test_images_that_no_net_takes_are_refused_by_the_net():
    net = networks.PatchDiscriminator(3, generator=SEED)
    with pytest.raises(ValueError, match=r"\(n, 3, 4·height, 4·width\), got \(2, 1, 16"):
        net(torch.zeros(2, 1, 16, 16))
    with pytest.raises(ValueError, match="give grey images a channel"):
        net(torch.zeros(2, 16, 16))
    with pytest.raises(ValueError, match=r"\(n, 3, 4·height, 4·width\), got \(2, 3, 17, 23\)"):
        net(torch.zeros(2, 3, 17, 23))


def test_a_rate_that_is_a_string_is_named():
    model = rbm.RBM(4, 3)
    with pytest.raises(ValueError, match=r"learning_rate to be a finite number.*, got '0.1'"):
        rbm.update(
            model,
            torch.zeros(5, 4),
            rbm.ContrastiveDivergence(),
            learning_rate="0.1",  # type: ignore[arg-type]
            generator=SEED,
        )


@pytest.mark.parametrize("entropy", [deep_energy.ActivationEntropy(), "nearest", None])
def test_a_wrong_entropy_is_refused_before_the_energy_moves(entropy):
    features = networks.mlp([2, 4], output=nn.SiLU, generator=SEED)
    energy = deep_energy.DeepEnergy(features, 2, 4, 3, generator=SEED)
    net = networks.mlp([2, 4, 2], generator=SEED)  # no batch norm
    phase = deep_energy.GeneratorPhase(deep_energy.Generator(net, 2))
    phase.entropy = entropy
    before = energy.experts.weight.clone()
    with pytest.raises(ValueError, match=r"expected .*(batch norm|entropy to be an Entropy)"):
        training.finish(
            deep_energy.train(
                energy,
                X,
                deep_energy.Settings(updates=2, batch_size=4),
                negative_phase=phase,
                generator=SEED,
            )
        )
    assert torch.equal(energy.experts.weight, before)


def test_a_crowd_and_a_flow_count_whole_updates_and_a_crowd_has_bits():
    model = rbm.RBM(4, 3)
    with pytest.raises(ValueError, match=r"updates must be a whole number ≥ 1, got 2.5"):
        rbm.infinite_crowd(model, torch.zeros(5, 4), rbm.CrowdSettings(updates=2.5))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="data of zeros and ones, got values from 7 to 7"):
        rbm.infinite_crowd(model, torch.full((5, 4), 7.0), rbm.CrowdSettings())
    particles = moment_matching.Particles(X)
    with pytest.raises(ValueError, match=r"updates must be a whole number ≥ 1, got 2.5"):
        moment_matching.flow(
            particles,
            X,
            moment_matching.FlowSettings(updates=2.5),  # type: ignore[arg-type]
            kernel=moment_matching.Gaussian(1.0),
        )


def test_what_fails_leaves_the_discriminators_as_they_were():
    model = cycle_gan.for_points(generator=torch.Generator().manual_seed(0))
    x = torch.randn(4, 2, generator=torch.Generator().manual_seed(1))
    with pytest.raises(ValueError, match="expected cycle to return a single number, got None"):
        cycle_gan.generator_terms(model, x, x, "least squares", cycle=lambda G, F, x, y: None)
    model.D_X.register_forward_pre_hook(lambda net, x: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cycle_gan.generator_terms(model, x, x, "least squares")
    assert all(each.requires_grad for each in model.discriminators.parameters())


class TestChainsThatWouldNeverEnd:
    def test_in_a_mean_field(self):
        model = rbm.RBM(3, 2, generator=torch.Generator().manual_seed(0))
        with pytest.raises(ValueError, match=r"expected k in \[0, 100000\], got 1000000000000"):
            rbm.mean_field_cd_gradient(model, torch.ones(2, 3), 10**12)

    def test_of_a_denoiser_draw_nothing(self):
        generator = torch.Generator().manual_seed(0)
        net = denoising.GaussianDenoiser(2, generator=generator)
        before = generator.get_state()
        with pytest.raises(ValueError, match="expected n_steps in"):
            denoising.run_chain(
                net, denoising.GaussianNoise(0.1), torch.zeros(2, 2), 10**12, generator=generator
            )
        assert torch.equal(generator.get_state(), before)


def test_two_kinds_of_one_name_are_told_apart():
    model = rbm.RBM(3, 2, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=r"a lecturekit\.rbm\S* got a lecturekit\.deep_energy"):
        next(
            rbm.train(
                model,
                torch.ones(4, 3),
                deep_energy.Settings(),
                negative_phase=rbm.ContrastiveDivergence(1),
                generator=torch.Generator().manual_seed(0),
            )
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: data.fetch_mnist(mirrors=()),
            "expected mirrors to be a list with at least one element",
        ),
        (lambda: data.fetch_mnist(Path(__file__)), "expected folder to be a folder, got the file"),
        (
            lambda: denoising.BernoulliReconstruction(torch.zeros(2, 3)).log_prob(
                torch.zeros(2, 2)
            ),
            r"expected x of shape \(2, 3\), got \(2, 2\)",
        ),
        (
            lambda: denoising.MixtureReconstruction(
                torch.full((2, 2), 0.5), torch.zeros(2, 3, 2), torch.ones(2)
            ),
            "means of shape",
        ),
        (
            lambda: deep_energy.penalty_price(
                lambda x: x[:, 0] * math.nan, 0.1, deep_energy.Plane(resolution=4)
            ),
            "expected log_density to return numbers, got NaN",
        ),
        (
            lambda: lecturekit.start("cpu").claim("all are", torch.tensor([True, False])),
            r"expected holds to be a single truth value.*\.all\(\)",
        ),
        (
            lambda: deep_energy.LangevinPhase(4).draw(
                nn.Identity(),
                2,
                generator=torch.Generator().manual_seed(0),
            ),
            "expected particles to have been placed by initialise, got none",
        ),
    ],
)
def test_in_words_of_their_own(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_pictures_of_states_that_they_cannot_show():
    generator = torch.Generator().manual_seed(0)
    net = denoising.GaussianDenoiser(6, generator=generator)
    noise = denoising.GaussianNoise(0.1)
    with pytest.raises(ValueError, match="expected start of square images, got 6 pixels"):
        plots.denoising.strips(net, noise, torch.zeros(2, 6), "t", generator=generator)
    model = rbm.RBM(2, 2, generator=generator)
    crowd = rbm.PersistentCD(4)
    crowd.initialise(torch.ones(4, 2), generator=generator)
    crowd.particles[0, 0] = 0.0
    with pytest.raises(ValueError, match=r"coordinate to return whole numbers.*, got 0\.5"):
        plots.rbm.landscape(
            model, crowd, lambda v: v.sum(dim=1) / 2, "t", data=[0.5, 0.25, 0.25], xlabel="s"
        )


def test_what_reaches_what_is_asked_by_name():
    reach = unit.Reach(("game",), ("E",), torch.ones(1, 1))
    assert reach.reaches("game", "E")
    with pytest.raises(ValueError, match="expected loss among game, got 'gane'"):
        reach.reaches("gane", "E")
    with pytest.raises(ValueError, match="expected part among E, got 'F'"):
        reach.reaches("game", "F")
