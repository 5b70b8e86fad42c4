"""The pages of the API reference: which rooms the package has, and what is public in them."""

from __future__ import annotations

import importlib.util
import inspect
from types import ModuleType

from lecturekit.sections import SECTIONS

GROUND = (
    "data",
    "data.densities",
    "networks",
    "training",
    "adversarial",
    "evaluation",
    "reproduce",
)
SEEN = ("session", "live", "exercises", "predictions", "reproduce", "plots", "plots.marks")


def rooms() -> dict[str, tuple[str, ...]]:
    """The reference's parts, and the modules that each has a page for."""
    stems = tuple(section.stem for section in SECTIONS)
    return {
        "The sections": stems,
        "What they share": GROUND,
        "What a person sees": (*SEEN, *(f"plots.{stem}" for stem in stems if _has_plots(stem))),
    }


def _has_plots(stem: str) -> bool:
    return importlib.util.find_spec(f"lecturekit.plots.{stem}") is not None


def page(room: str) -> str:
    """The page of a module, in Markdown."""
    name = f"lecturekit.{room}"
    options = "\n:imported-members:" if hasattr(importlib.import_module(name), "__all__") else ""
    inner = f".. automodule:: {name}\n   :members:\n" + options.replace("\n", "   ") + "\n"
    return f"(reference-{label(room)})=\n# {name}\n\n```{{eval-rst}}\n{inner}```\n"


def label(room: str) -> str:
    """A room's name as a part of labels."""
    return room.replace("_", "-").replace(".", "-")


def public() -> dict[str, str]:
    """Each public function or class by every name under which it may be written, bare ones too.

    Example:
        >>> public()["rbm.RBM"]
        'lecturekit.rbm.RBM'
    """
    found: dict[str, str] = {"lecturekit.start": "lecturekit.session.start"}
    bare: dict[str, set[str]] = {}
    for room in (room for modules in rooms().values() for room in modules):
        for name in _names(importlib.import_module(f"lecturekit.{room}")):
            qualified = f"lecturekit.{room}.{name}"
            found |= dict.fromkeys((f"{room}.{name}", qualified), qualified)
            bare.setdefault(name, set()).add(qualified)
    return found | {name: min(places) for name, places in bare.items() if len(places) == 1}


def _names(module: ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    there = listed if listed is not None else [n for n in vars(module) if not n.startswith("_")]
    kinds = (inspect.isclass, inspect.isfunction)
    own = [n for n in there if any(kind(getattr(module, n, None)) for kind in kinds)]
    return [
        n for n in own if listed is not None or getattr(module, n).__module__ == module.__name__
    ]
