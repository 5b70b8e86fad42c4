"""What `lecturekit doctor` looks at: each check finds something and says what to do about it."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from packaging.requirements import Requirement
from rich.table import Table

from lecturekit.cli.notebooks import select, shared_folder

_INSTALL = "pip install -c constraints.txt -e '.[lab]' (or: make setup)"
_SIGN = {"ok": "[green]✓[/green]", "note": "[yellow]![/yellow]", "problem": "[red]✗[/red]"}


class Finding(NamedTuple):
    """What a check found.

    Attributes:
        subject: what was looked at.
        state: "note" is worth knowing; with a "problem" the notebooks will not run.
        found: the fact.
        advice: what to do about it; empty where there is nothing to do.
    """

    subject: str
    state: Literal["ok", "note", "problem"]
    found: str
    advice: str = ""


def findings() -> Iterator[Finding]:
    """All checks, in the order in which one depends on the other."""
    yield python_version(sys.version_info[:3])
    yield from package_versions()
    yield device()
    yield from widgets()
    yield notebooks()
    yield mnist()


def table(rows: list[Finding]) -> Table:
    """The findings for a terminal."""
    view = Table(box=None, padding=(0, 1), show_header=False)
    for row in rows:
        advice = f"\n  → {row.advice}" if row.advice else ""
        view.add_row(_SIGN[row.state], row.subject, f"{row.found}{advice}".replace("[", r"\["))
    return view


def python_version(version: tuple[int, ...]) -> Finding:
    found = ".".join(map(str, version)) + f" on {platform.platform(terse=True)}, {sys.executable}"
    if version < (3, 11):
        return Finding("Python", "problem", found, "install Python 3.11 or newer")
    return Finding("Python", "ok", found)


def package_versions() -> Iterator[Finding]:
    """Every package the notebooks need: there, new enough, and as tested?"""
    tested = _tested_versions()
    as_tested = []
    for needed in _requirements():
        version = _installed_version(needed.name)
        pin = tested.get(needed.name)
        if version is None:
            yield Finding(needed.name, "problem", "is not installed", _INSTALL)
        elif not needed.specifier.contains(version, prereleases=True):
            found = f"{version}, and {needed.specifier} is needed"
            yield Finding(needed.name, "problem", found, _INSTALL)
        elif pin and not pin.specifier.contains(version, prereleases=True):
            found = f"{version}; the notebooks were tested with {str(pin.specifier)[2:]}"
            yield Finding(needed.name, "note", found, f"if something looks odd: {_INSTALL}")
        else:
            as_tested.append(f"{needed.name} {version}")
    yield Finding("Packages as tested", "ok", ", ".join(as_tested) or "none")


def device() -> Finding:
    """What torch computes on, and whether it misses a GPU that the machine has."""
    import torch

    if torch.cuda.is_available():
        return Finding("Device", "ok", f"{torch.cuda.get_device_name()}: the gpu profile is open")
    if shutil.which("nvidia-smi"):
        return Finding(
            "Device",
            "note",
            "there is an NVIDIA driver, but this torch cannot use the GPU",
            "install torch as the selector on pytorch.org says for your CUDA version",
        )
    return Finding("Device", "ok", f"CPU, {torch.get_num_threads()} threads: the cpu profile")


def widgets() -> Iterator[Finding]:
    """Live pictures need a Python half in the kernel and a JavaScript half in the browser."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
        from jupyter_core.paths import jupyter_path
    except ModuleNotFoundError:
        yield Finding("Widgets", "problem", "JupyterLab is not installed here", _INSTALL)
        return
    try:
        kernel = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    except NoSuchKernel:
        yield Finding("Kernel", "problem", "no kernel named python3", _INSTALL)
    else:
        if kernel.parent in (Path(), Path(sys.executable).parent):  # a bare name: this Python
            yield Finding("Kernel", "ok", "notebooks run in this environment")
        else:
            advice = f"{sys.executable} -m ipykernel install --sys-prefix"
            yield Finding("Kernel", "problem", f"notebooks would run in {kernel}", advice)
    extension = Path("labextensions", "@jupyter-widgets", "jupyterlab-manager", "package.json")
    if any((Path(folder) / extension).is_file() for folder in jupyter_path()):
        yield Finding("Widgets", "ok", "JupyterLab has the widget manager")
    else:
        advice = "pip install --force-reinstall jupyterlab_widgets, then reload the browser's page"
        yield Finding("Widgets", "problem", "JupyterLab lacks the widget manager", advice)
    other = shutil.which("jupyter-lab")
    if other and Path(other).parent != Path(sys.executable).parent:
        found = f"`jupyter lab` on your path is another environment's: {other}"
        yield Finding("JupyterLab", "note", found, "start it with: lecturekit lab")


def notebooks() -> Finding:
    try:
        found = select()
    except FileNotFoundError as error:
        return Finding("Notebooks", "problem", str(error))
    where = shared_folder() / "notebooks"
    return Finding("Notebooks", "ok" if found else "problem", f"{len(found)} in {where}")


def mnist() -> Finding:
    from lecturekit.data import mnist_faults, mnist_folder

    faults = mnist_faults()
    if not faults:
        return Finding("MNIST", "ok", str(mnist_folder()))
    return Finding(
        "MNIST",
        "note",
        f"in {mnist_folder()}, {'; '.join(faults)}; the notebooks use their embedded data",
        "lecturekit fetch (once, 11 MB), or set LECTUREKIT_DATA to a folder that has it",
    )


def _requirements() -> Iterator[Requirement]:
    for line in importlib.metadata.requires("lecturekit") or ():
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": "lab"}):
            yield requirement


def _tested_versions() -> dict[str, Requirement]:
    try:
        lines = (shared_folder() / "constraints.txt").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:  # `notebooks` reports it
        return {}
    pins = (Requirement(line) for line in lines if line and not line.startswith("#"))
    return {pin.name: pin for pin in pins}


def _installed_version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
