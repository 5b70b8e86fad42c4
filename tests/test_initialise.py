"""What all models have in common: `initialise` puts them where a new one begins, in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from lecturekit import deep_energy, rbm, unit
from lecturekit.networks import PatchDiscriminator, initialise, mlp
from tests.deep_energy.section import energy
from tests.sections import models, seeded

MODELS = models()


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_used_model_becomes_what_a_new_one_is(make):
    used, new, again = make(seeded(1)), make(seeded(2)), seeded(2)
    spoil(used)
    state = used.state_dict()
    places = {name: value.data_ptr() for name, value in state.items()}
    assert used.initialise(again) is used
    after = used.state_dict()
    assert {name: value.data_ptr() for name, value in after.items()} == places
    for name, value in new.state_dict().items():
        assert torch.equal(after[name], value), name
    assert torch.equal(again.get_state(), drawn_by(make).get_state())


def spoil(model: nn.Module) -> None:
    with torch.no_grad():
        for value in model.state_dict().values():
            value.fill_(7)


def drawn_by(make: Callable[[torch.Generator], Any]) -> torch.Generator:
    source = seeded(2)
    make(source)
    return source


@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("shared", [True, False])
def test_a_used_unit_begins_as_a_new_one_but_for_the_order_of_its_draws(shared, alike):
    sizes = {"width": 16, "n_latent": 8, "shared": shared, "alike": alike}
    used, new = (unit.for_images(1, generator=seeded(seed), **sizes) for seed in (1, 2))
    spoil(used)
    first = {name: value.clone() for name, value in used.initialise(seeded(3)).state_dict().items()}
    again = used.initialise(seeded(3)).state_dict()
    for name, value in new.state_dict().items():
        assert torch.equal(again[name], first[name]), name
        n = value.numel()  # a deviation of n normal numbers has the standard error 1 / √(2n)
        assert value.float().std(correction=0).item() == pytest.approx(
            first[name].float().std(correction=0).item(), rel=6 / (2 * n) ** 0.5
        ), name
    own = [torch.equal(first[f"E1.own.1.0.{p}"], first[f"E2.own.1.0.{p}"]) for p in ("weight",)]
    assert own == [alike]
    code = [name for name in first if name.startswith("E1.shared") and name.endswith("weight")][-1]
    assert torch.equal(first[code], first[code.replace("E1", "E2")]) is (shared or alike)
    assert torch.equal(first[f"averaged.module.{code}"], first[code])


def test_a_layer_that_somebody_else_made_is_refused_and_the_net_untouched():
    net = nn.Sequential(mlp([2, 3], generator=seeded(0)), nn.PReLU())
    before = [parameter.clone() for parameter in net.parameters()]
    with pytest.raises(ValueError, match=r"made by lecturekit\.networks, got PReLU as '1'"):
        initialise(net, seeded(1))
    assert all(map(torch.equal, before, net.parameters()))
    with pytest.raises(ValueError, match="got Linear as 'the net'"):
        initialise(nn.Linear(2, 2), seeded(1))


def test_a_discriminator_keeps_its_gain():
    used, new = (PatchDiscriminator(1, 4, generator=seeded(seed)) for seed in (1, 2))
    initialise(used, seeded(2))
    for one, other in zip(used.parameters(), new.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("phase", [rbm.PersistentCD(6), rbm.FastPersistentCD(6)])
def test_particles_are_placed_anew_and_the_phase_handed_on(phase):
    data = (torch.rand(9, 4, generator=seeded(0)) < 0.5).float()
    first = phase.initialise(data, generator=seeded(1)).particles
    steps = rbm.train(
        rbm.RBM(4, 2), data, rbm.Settings(3), negative_phase=phase, generator=seeded(3)
    )
    list(steps)
    assert torch.equal(phase.initialise(data, generator=seeded(1)).particles, first)
    assert getattr(phase, "fast", None) is None


def test_langevin_particles_are_placed_as_training_would_place_them():
    data = torch.randn(50, 2, generator=seeded(0))
    placed, prepared = deep_energy.LangevinPhase(8), deep_energy.LangevinPhase(8)
    prepared.prepare(data, generator=seeded(1))
    assert placed.initialise(data, generator=seeded(1)) is placed
    assert torch.equal(placed.particles, prepared.particles)
    placed.prepare(data + 5, generator=seeded(2))  # under way: they stay, what is renewed moves
    assert torch.equal(placed.particles, prepared.particles)
    chi = placed.draw(energy(seeded(3)), 8, generator=seeded(4))
    assert torch.isfinite(chi).all()
