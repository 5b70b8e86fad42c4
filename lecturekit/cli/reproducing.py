"""`lecturekit reproduce`: a campaign on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lecturekit.reproduce import Experiment, Pixels, Record, Run, campaign, experiment
from lecturekit.reproduce.record import device_name, file_name


def reproduce(
    name: str,
    methods: Sequence[str],
    pixels: Pixels | None,
    minutes: float,
    device: str,
    seed: int,
    folder: Path,
    console: Console,
) -> Path:
    """Make what the budget allows of an experiment's runs, and say how far it is.

    Returns:
        The record's file.

    Raises:
        ValueError: no such experiment, a method or pixels that it does not take, no such device, a
            record begun with another seed or on another device, or an interrupt.
    """
    chosen = _narrowed(experiment(name), methods)
    pixels = pixels or chosen.pixels[0]
    if pixels not in chosen.pixels:
        raise ValueError(f"{name} takes --pixels {' or '.join(chosen.pixels)}, got {pixels}")
    place = _device(device)
    torch.set_num_threads(1)  # the batches are small; a second thread costs more than it brings
    path = folder / file_name(chosen.names[0], pixels)
    record = _record(chosen, pixels, seed, device_name(place), path)
    options = f"--minutes {minutes:g} --pixels {pixels} --device {place} --seed {seed}"
    command = " ".join(
        [f"lecturekit reproduce {name} {options}", *(f"--method '{each}'" for each in methods)]
    )
    if command not in record.commands:
        record.commands.append(command)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    try:
        with Progress(*columns, console=console, refresh_per_second=2) as bars:
            bar = bars.add_task(chosen.title, total=60 * minutes)
            for event in campaign(chosen, record, path, minutes=minutes, device=place):
                method, rate, seconds = event.job
                words = f"{method}, rate {rate:g}, {seconds:g} s"
                bars.update(bar, description=words, completed=event.spent)
                if event.finished:
                    bars.print(_line(event.finished))
            bars.update(bar, description="done", completed=60 * minutes)
    except KeyboardInterrupt:
        raise ValueError(
            f"interrupted; what is done is in {path}, and the same command goes on from there"
        ) from None
    return path


def _narrowed(chosen: Experiment, methods: Sequence[str]) -> Experiment:
    """The same with these methods alone; with all, if none is named."""
    if unknown := set(methods) - set(chosen.methods):
        raise ValueError(
            f"{chosen.names[0]} has the methods {', '.join(chosen.methods)}; "
            f"got {', '.join(sorted(unknown))}"
        )
    return replace(chosen, methods=tuple(m for m in chosen.methods if not methods or m in methods))


def _device(name: str) -> torch.device:
    """That of the name; "auto" is the accelerator, or the processor where there is none."""
    if name == "auto":
        found = (
            torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        )
        return found or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"no device {name} here: {str(error).splitlines()[0]}") from None
    return device


def _record(chosen: Experiment, pixels: Pixels, seed: int, device: str, path: Path) -> Record:
    """What is there already, or an empty one."""
    if not path.exists():
        return Record(chosen.names[0], chosen.quantity, pixels, seed, device=device)
    record = Record.read(path)
    for begun, now in ((f"--seed {record.seed}", f"--seed {seed}"), (record.device, device)):
        if begun != now:
            raise ValueError(f"{path} was begun with {begun}, not {now}; take another --output")
    return record


def _line(run: Run) -> str:
    test = "not known" if run.test is None else f"{run.test:9.4g}"
    if run.low is not None and run.high is not None:
        test += f"  ({run.low:.4g} to {run.high:.4g})"
    return (
        f"{run.method:6} rate {run.rate:<5g} {run.seconds:6g} s  {run.updates:7,} updates  "
        f"validation {run.validation:9.4g}  test {test}"
    )
