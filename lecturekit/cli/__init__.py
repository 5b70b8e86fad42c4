"""The `lecturekit` command. What a sub-command does stands in a module of its own, imported late:
Jupyter, papermill and torch take seconds, and an installation without [lab] has not all of them.
"""

from __future__ import annotations

import codecs
import datetime
import importlib.metadata
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
)


OF_SITE = ("docutils", "furo", "markdown_it", "mdit_py_plugins", "myst_nb", "pygments", "sphinx",
           "sphinx_revealjs")  # fmt: skip
INTERRUPTED = 130  # as shells say it of a command that Ctrl-C ended
PLAIN = {"✓": "ok", "✗": "WRONG", "–": "-", "—": "-", "−": "-", "→": "->", "…": "...", "×": "x"}

# Paths stay in one piece, whatever the terminal's width.
_out = Console(soft_wrap=True, highlight=False)
_err = Console(soft_wrap=True, highlight=False, stderr=True)

# What several commands take.
_Sections = Annotated[
    list[str] | None, typer.Argument(help="For example: rbm, or 1.", show_default="all")
]
_Profile = Annotated[Literal["auto", "smoke", "cpu", "gpu"], typer.Option(help="The sizes.")]
_Seed = Annotated[int, typer.Option(min=0, help="Every random number follows from it.")]
_Executed = Annotated[
    Path | None,
    typer.Option(
        help="Notebooks with their recorded runs, to be taken as they are.",
        show_default="executed into build/recorded, unless those there are of this state",
    ),
]


def main() -> None:
    """The command, on any code page: what it lacks is said in letters that all have."""
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="plain")  # type: ignore[union-attr]
    app()


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign, "?") for sign in lacking), error.end


def _say_version(asked: bool) -> None:
    if asked:
        _out.print(f"lecturekit {importlib.metadata.version('lecturekit')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Say it."),
    ] = False,
) -> None:
    """Live, tested notebooks on classic generative models."""


@app.command()
def lab(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Opened as it is; with --hall, a lecture: rbm, or 1.",
            show_default="your working copy, made or refreshed first",
        ),
    ] = None,
    jupyter_options: Annotated[
        list[str] | None, typer.Argument(help="Passed on: lecturekit lab -- --port=9000")
    ] = None,
    hall: Annotated[
        bool,
        typer.Option(
            "--hall", help="As slides for a hall: no menus, large type; Shift-Enter goes on."
        ),
    ] = False,
) -> None:
    """Open JupyterLab, with the kernel and the widgets of this very environment."""
    told = list(jupyter_options or [])
    if folder is not None and str(folder).startswith("-"):  # `--` came first, so no folder did
        told.insert(0, str(folder))
        folder = None
    with _explained():
        if hall:
            _open_hall(str(folder) if folder else None, told)
            return
        from lecturekit.cli import notebooks, server

        if folder is None:
            folder = notebooks.working_folder()
            _hand_out(folder)
        server.launch(folder, told)


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
    nbgrader: Annotated[
        bool,
        typer.Option("--nbgrader", help="As assignments: exercises to be filled in and graded."),
    ] = False,
    without_solutions: Annotated[
        bool,
        typer.Option(
            "--without-solutions",
            help="As homework: with a sheet of the exercises; a key opens the solutions.",
        ),
    ] = False,
    until: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From that day on solutions open to all."),
    ] = None,
) -> None:
    """Make or refresh your own copy of the notebooks; what you changed is never overwritten."""
    if until is not None and not without_solutions:
        raise typer.BadParameter("only with --without-solutions", param_hint="--until")
    with _explained():
        assignment = "lecturekit.cli.assignment"
        change = importlib.import_module(assignment).for_nbgrader if nbgrader else None
        _hand_out(directory, change)
        if without_solutions:
            _hand_out_homework(directory, until.date() if until else None)
    command = "lecturekit" if shutil.which("lecturekit") else sys.argv[0]
    _out.print(f"Open it with: {escape(shlex.join([command, 'lab', str(directory)]))}")


@app.command()
def run(
    sections: _Sections = None,
    profile: _Profile = "auto",
    seed: _Seed = 0,
    output: Annotated[Path, typer.Option(help="For the executed notebooks.")] = Path(
        "build/executed"
    ),
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Before a lecture: look at the form, execute in the cpu profile, and compare "
            "with the stored outputs; write nothing.",
        ),
    ] = False,
) -> None:
    """Execute notebooks from top to bottom, and write them out executed.

    Exits with 0 if all of it holds, with 1 if a cell failed or an identity or a claim does not
    hold (each is listed), with 2 if it was called wrongly, and with 130 if it was interrupted:
    then what had been executed is kept.
    """
    from lecturekit.cli.notebooks import select

    if check:
        with _explained():
            _check(select(sections or ()))
        return
    with _explained():
        from lecturekit.cli import execution

        parameters = {"profile": profile, "seed": seed}
        try:
            failures = execution.execute_all(select(sections or ()), output, parameters)
        except KeyboardInterrupt:
            _err.print(f"[red]✗[/red] Interrupted; what was executed is in {escape(str(output))}")
            raise typer.Exit(INTERRUPTED) from None
    _refuse(failures)
    _out.print(f"✓ All of it holds; the executed notebooks are in {escape(str(output))}")


@app.command()
def site(
    directory: Annotated[Path, typer.Argument(help="Where it is, or is to be.")],
    sections: _Sections = None,
    profile: _Profile = "auto",
    seed: _Seed = 0,
    executed: _Executed = None,
) -> None:
    """Write the lectures as a book for any browser: no kernel, no network, runs that play.

    Exits with 0 if all of it holds, and with 1 if not: what failed while notebooks were executed,
    and what is wrong with the pages, is listed.
    """
    with _explained():
        from lecturekit.cli import book

        there, failures = _recorded(sections, profile, seed, executed)
        failures += book.build(there, directory)
    _refuse(failures)
    _out.print(f"✓ Open {escape(str((directory / 'index.html').resolve()))}")


@app.command()
def slides(
    directory: Annotated[Path, typer.Argument(help="Where they are, or are to be.")],
    sections: _Sections = None,
    profile: _Profile = "auto",
    seed: _Seed = 0,
    executed: _Executed = None,
) -> None:
    """Write the lectures as slides for any browser: no kernel, no network, runs that play.

    They are those of `lecturekit lab --hall`; S opens the speaker's notes. What was executed for
    `lecturekit site` is not executed again. Exits as that does.
    """
    with _explained():
        from lecturekit.cli import decks

        there, failures = _recorded(sections, profile, seed, executed)
        failures += decks.build(there, directory)
    _refuse(failures)
    _out.print(f"✓ Open {escape(str((directory / 'index.html').resolve()))}")


@app.command()
def grade(
    folders: Annotated[
        list[Path], typer.Argument(help="Students' notebooks; each student's in a folder below.")
    ],
    output: Annotated[Path, typer.Option(help="For grades.csv and grades.html.")] = Path("."),
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Processes.", show_default="half the processors")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1.0, help="For one notebook.")] = 300.0,
) -> None:
    """Judge the exercises in many students' notebooks, and make one table of it.

    Nothing of a notebook is executed but the answers' own functions, each notebook's in a process
    with limits of time and memory.
    """
    with _explained():
        from rich.progress import track

        from lecturekit import grading

        found = grading.notebooks(folders)
        results = grading.grade(found, at_once=at_once, seconds=seconds)
        graded = list(track(results, "notebooks", total=len(found), console=_out))
        output.mkdir(parents=True, exist_ok=True)
        grading.write_csv(graded, output / "grades.csv")
        grading.write_page(graded, output / "grades.html")
    for each in graded:
        if each.problem:
            _out.print(f"[red]✗[/red] {escape(f'{each.path}: {each.problem}')}")
    _out.print(f"✓ Open {escape(str((output / 'grades.html').resolve()))}")


@app.command()
def reproduce(
    name: Annotated[
        str,
        typer.Argument(help="pcd1, pcd2, fpcd1, fpcd2, gmmn, dem, dae, unit-digits or cyclegan."),
    ],
    minutes: Annotated[float, typer.Option(min=0.0, help="Training time, in all.")] = 20.0,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Train only this one of its methods (several times: these)."),
    ] = None,
    pixels: Annotated[
        Literal["sampled", "thresholded", "grey", "colour"] | None,
        typer.Option(
            help="Of RBMs: grey values are probabilities, as in the papers; or thresholded.",
            show_default="as in the paper",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="Where to train: cpu, cuda, or auto.")] = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="Every random number follows from it.")] = 0,
    output: Annotated[
        Path, typer.Option(help="For the numbers, as JSON; runs that are there count.")
    ] = Path("build/reproduce"),
) -> None:
    """Make a figure of a paper anew: train, measure, and write the numbers as JSON.

    Interrupt it at any time: the same command goes on where it was, with more --minutes farther.
    """
    with _explained():
        from lecturekit.cli import reproducing

        path = reproducing.reproduce(
            name, method or [], pixels, minutes, device, seed, output, _out
        )
    _out.print(f"✓ The numbers are in {escape(str(path))}")


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
        extra = "site" if error.name in OF_SITE else "lab"
        _stop(f"this needs {error.name}, which comes with: pip install 'lecturekit[{extra}]'")
    except (OSError, ValueError) as error:
        _stop(str(error))


def _check(notebooks: list[Path]) -> None:
    """Say of each notebook whether it is ready, and what is not."""
    from lecturekit.cli import execution

    ready = True
    for notebook in notebooks:
        wrong, stale = execution.check(notebook)
        for line in stale:
            _out.print(f"[yellow]–[/yellow] {escape(f'{notebook.name}: {line}')}")
        for line in wrong:
            _out.print(f"[red]✗[/red] {escape(f'{notebook.name}: {line}')}")
        if not wrong:
            _out.print(f"[green]✓[/green] {escape(notebook.name)} is ready")
        ready = ready and not wrong
    if not ready:
        raise typer.Exit(1)


def _open_hall(lecture: str | None, jupyter_options: list[str]) -> None:
    """The slides of a lecture, or the page that leads to all of them."""
    from lecturekit.cli import hall, notebooks

    chosen = notebooks.select([lecture])[0].name if lecture else None
    folder = notebooks.working_folder() / hall.FOLDER
    _hand_out(folder, hall.for_hall, hall.PAGE)
    hall.launch(folder, chosen, jupyter_options)


def _hand_out(
    folder: Path, change: Callable[[dict[str, Any]], None] | None = None, page: str | None = None
) -> None:
    """Make or refresh a working copy, and say what was done about each file."""
    from lecturekit.cli import start_page, working_copy
    from lecturekit.cli.notebooks import select

    for source in select():
        for path, action in working_copy.hand_out(source, folder, change):
            _out.print(f"[bold]{escape(str(path))}[/bold]: {action}")
    for path, action in start_page.hand_out(folder, page or start_page.PAGE):
        _out.print(f"[bold]{escape(str(path))}[/bold]: {action}")


def _hand_out_homework(folder: Path, until: datetime.date | None) -> None:
    """Close the solutions, write the sheet, and give the lecturer the key."""
    from lecturekit.cli import homework
    from lecturekit.exercises import closing

    key = closing.close(folder, until)
    _out.print(f"[bold]{escape(str(homework.write_sheet(folder, until)))}[/bold]: new")
    when = f"until {until}" if until else "for all who lack the key"
    _out.print(f'Solutions are closed {when}. For you: exercises.solution("1.1", key="{key}")')


def _recorded(
    sections: list[str] | None, profile: str, seed: int, executed: Path | None
) -> tuple[dict[str, Path], list[str]]:
    """Stem → the executed notebook of each section, and what failed while it was executed."""
    from lecturekit.cli import book
    from lecturekit.cli.notebooks import select

    chosen, failures = select(sections or ()), []
    if executed is None:
        executed = Path("build/recorded")
        failures = book.record(chosen, executed, {"profile": profile, "seed": seed})
    return {each.stem[3:]: executed / each.name for each in chosen}, failures


def _refuse(failures: list[str]) -> None:
    for failure in failures:
        _out.print(f"[red]✗[/red] {escape(failure)}")
    if failures:
        raise typer.Exit(1)


def _stop(message: str) -> None:
    _err.print(f"[red]✗[/red] {escape(message)}")
    raise typer.Exit(1)
