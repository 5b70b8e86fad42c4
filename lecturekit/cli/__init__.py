"""The `lecturekit` command. What a sub-command does stands in a module of its own, imported late:
Jupyter, papermill and torch take seconds, and an installation without [lab] has not all of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

app = typer.Typer(
    help="Live, tested notebooks on classic generative models.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)


# Paths stay in one piece, whatever the terminal's width.
_out = Console(soft_wrap=True, highlight=False)
_err = Console(soft_wrap=True, highlight=False, stderr=True)


@app.command()
def lab(
    directory: Annotated[
        Path | None, typer.Option("--dir", help="The folder to open.", show_default="the notebooks")
    ] = None,
    jupyter_options: Annotated[
        list[str] | None, typer.Argument(help="Passed on: lecturekit lab -- --port=9000")
    ] = None,
) -> None:
    """Open JupyterLab, with the kernel and the widgets of this very environment."""
    from lecturekit.cli.notebooks import folder_to_open

    with _explained():
        from jupyterlab.labapp import LabApp

        folder = directory or folder_to_open()
        if not folder.is_dir():
            raise FileNotFoundError(f"there is no folder {folder}")
        options = [f"--ServerApp.root_dir={folder.resolve()}", *(jupyter_options or [])]
        if not _has_browser():
            options.append("--no-browser")  # JupyterLab then prints its address
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            options.append("--allow-root")  # the usual case in a container
        LabApp.launch_instance(options)


@app.command()
def fetch(
    mirror: Annotated[
        list[str] | None, typer.Option(help="An address to try before the known ones.")
    ] = None,
) -> None:
    """Download MNIST (11 MB), or what is missing or damaged of it."""
    import pooch

    from lecturekit import data
    from lecturekit.cli.progress import Download, download_bars

    pooch.get_logger().setLevel("WARNING")  # the bars say it all
    mirrors = [*(mirror or []), *data.MNIST_MIRRORS]
    with _explained(), download_bars() as bars:
        folder = data.fetch_mnist(mirrors=mirrors, progress=lambda name: Download(bars, name))
    _out.print(f"MNIST is complete in {escape(str(folder))}")


@app.command()
def copy(
    directory: Annotated[Path, typer.Argument(help="Where your copy is, or is to be.")],
) -> None:
    """Make or refresh your own copy of the notebooks; what you changed is never overwritten."""
    from lecturekit.cli import working_copy
    from lecturekit.cli.notebooks import select

    with _explained():
        for source in select():
            for path, action in working_copy.hand_out(source, directory):
                _out.print(f"[bold]{escape(str(path))}[/bold]: {action}")


@app.command()
def run(
    sections: Annotated[
        list[str] | None, typer.Argument(help="For example: rbm, or 1.", show_default="all")
    ] = None,
    profile: Annotated[str, typer.Option(help="auto, smoke, cpu or gpu.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Every random number follows from it.")] = 0,
    output: Annotated[Path, typer.Option(help="For the executed notebooks and the pages.")] = Path(
        "build/html"
    ),
) -> None:
    """Execute notebooks from top to bottom; write them out executed, and as HTML pages."""
    from lecturekit.cli.notebooks import select

    with _explained():
        from lecturekit.cli import execution

        failures = execution.execute_all(
            select(sections or ()), output, {"profile": profile, "seed": seed}
        )
    for failure in failures:
        _out.print(f"[red]✗[/red] {escape(failure)}")
    if failures:
        raise typer.Exit(1)
    _out.print(f"✓ Open {escape(str((output / 'index.html').resolve()))}")


@app.command()
def doctor() -> None:
    """Look at this installation, and say what to do about each problem."""
    from lecturekit.cli import checkup

    findings = list(checkup.findings())
    _out.print(checkup.table(findings), soft_wrap=False)
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


@contextmanager
def _explained() -> Iterator[None]:
    """Say what is missing or was asked wrongly in a line, not in a traceback."""
    try:
        yield
    except ModuleNotFoundError as error:
        _stop(f"this needs {error.name}, which comes with: pip install 'lecturekit[lab]'")
    except (OSError, ValueError) as error:
        _stop(str(error))


def _stop(message: str) -> None:
    _err.print(f"[red]✗[/red] {escape(message)}")
    raise typer.Exit(1)


def _has_browser() -> bool:
    """Linux without a display would get a text browser in the terminal, if anything."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
