"""A small honest trainer for the tests of live: linear regression by stochastic gradients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from lecturekit.training import Step, Steps, choice, guard, minibatches, tunable


@dataclass
class Settings:
    learning_rate: float = tunable(0.05, 1e-4, 1.0, scale="log", label="learning rate α")
    momentum: float = tunable(0.5, 0.0, 0.99, label="momentum")
    batch_size: int = tunable(8, 1, 64, label="batch size", minimum=1)


@dataclass
class Shape:
    """Of data, chosen before a run begins; its size is tuned while it goes on."""

    size: float = tunable(1.0, 0.5, 2.0)
    name: str = choice("ring", ["ring", "two_moons"], label="data")


class Line(nn.Module):
    """y = w·x, with w a parameter that starts at 0."""

    def __init__(self, features: int = 3):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(features))


def data(rows: int = 64, features: int = 3) -> torch.Tensor:
    """Rows of features and, last, their target."""
    x = torch.randn(rows, features, generator=torch.Generator().manual_seed(1))
    return torch.cat([x, x @ torch.arange(1.0, features + 1)[:, None]], dim=1)


def train(model: Line, settings: Settings, *, total: int = 200, seed: int = 0) -> Steps:
    """Stochastic gradient descent; settings are read anew at every update."""
    return guard(_updates(model, settings, total, seed), model, settings, every=10)


@torch.no_grad()
def _updates(model: Line, settings: Settings, total: int, seed: int) -> Steps:
    generator, velocity = torch.Generator().manual_seed(seed), torch.zeros_like(model.w)
    rows = data()
    for index in range(1, total + 1):
        batch = next(minibatches(rows, settings.batch_size, generator=generator))
        x, y = batch[:, :-1], batch[:, -1]
        error = x @ model.w - y
        velocity = settings.momentum * velocity - settings.learning_rate * x.T @ error / len(x)
        model.w += velocity
        yield Step(index, total, {"loss": (error**2).mean(), "norm": model.w.norm()})
