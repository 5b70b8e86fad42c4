"""docs/results.md, from the records that come with the package: `make results`."""

from __future__ import annotations

import sys
from pathlib import Path

from lecturekit.reproduce.experiment import Experiment
from lecturekit.reproduce.published import Published, published
from lecturekit.reproduce.record import Record, Run

HEAD = """# Published figures, made anew

Made by `make results` from [the records](../lecturekit/reproduce/recorded), which
`lecturekit reproduce NAME` writes. Curves that were published are read off the papers' figures, ±
half a tick. Each of our points is a run of its own, whose learning rate falls linearly to 0. The
rate at the start is the best of a small grid by the score on training images held out; the grid is
searched in the three shortest times, and longer runs try the best of the time before and the next
lower one. A method gets no longer runs once two doublings of its time in a row have gained too
little, and all stop when the minutes are spent, so that those on top may have had a doubling more:
compare methods at equal times. Ours is one run a point. Seconds are training time, of the process
on a CPU; scoring is not counted. The papers' computers were those of 2008 to 2017: compare values,
and the order of the methods, not seconds. With more `--minutes`, or `--device cuda`, each command
goes farther. The runs of pcd1 beyond 32 s are older than the rule for longer runs: they tried one
rate.
"""


def markdown(experiments: tuple[Experiment, ...]) -> str:
    """The whole document."""
    sections, missing = [HEAD], []
    for experiment in experiments:
        found = [Record.of_the_package(experiment.names[0], pixels) for pixels in experiment.pixels]
        sections += [_section(experiment, record) for record in found if record is not None]
        if not any(found):
            missing.append(experiment)
    return "\n".join([*sections, *_missing(missing)])


def _section(experiment: Experiment, record: Record) -> str:
    minutes = record.training_seconds / 60, record.evaluation_seconds / 60
    facts = (
        f"{experiment.title}; {record.quantity}. Pixels: {record.pixels}. {record.date}, "
        f"{record.device}; lecturekit {record.lecturekit}, torch {record.torch}; "
        f"{minutes[0]:.1f} minutes of training, {minutes[1]:.1f} of scoring. "
        f"{_commands(record)} {experiment.uncertainty}"
    )
    title = f"## {', '.join(experiment.names)}, {record.pixels} pixels"
    lines = [title, "", facts.strip(), "", "The best of each method:", ""]
    figures = {name: published(name) for name in experiment.names}
    shown = {name: figure for name, figure in figures.items() if figure.curves or figure.values}
    lines += _table(
        ["method", "ours", *(f"published ({name})" for name in shown)],
        [
            [method, _best(record, method), *(_theirs(figure, method) for figure in shown.values())]
            for method in record.methods
        ],
    )
    lines += [f"\nPublished, {name}: {figure.source}." for name, figure in figures.items()]
    lines += ["", "All our points:", ""]
    head = ["method", "seconds", "rate at the start", "updates", "validation", "test"]
    lines += _table(head, [_row(r) for method in record.methods for r in record.best(method)])
    lines += _measured(record)
    return "\n".join(lines) + "\n"


def _measured(record: Record) -> list[str]:
    """A table of what else was measured, if anything was: a row for each measure."""
    runs = [run for method in record.methods for run in record.best(method)]
    names = dict.fromkeys(name for run in runs for name in run.measures)
    if not names:
        return []
    head = ["", *(f"{run.method}, {run.process_seconds:,.0f} s" for run in runs)]
    rows = [
        [name, *(_number(run.measures[name]) if name in run.measures else "–" for run in runs)]
        for name in names
    ]
    return ["", "What else was measured:", "", *_table(head, rows)]


def _missing(experiments: list[Experiment]) -> list[str]:
    """What nobody has recorded, with the command that would."""
    if not experiments:
        return []
    lines = ["## Not recorded yet", ""]
    for experiment in experiments:
        name = experiment.names[0]
        lines.append(f"- {name}: {experiment.title}. `lecturekit reproduce {name} --device cuda`")
    return ["\n".join(lines) + "\n"]


def _best(record: Record, method: str) -> str:
    """The test score of the run with the best validation score, and its time."""
    run = max(record.best(method), key=lambda run: run.validation)
    return f"{_test(run)} after {run.process_seconds:,.0f} s"


def _theirs(figure: Published, method: str) -> str:
    """A value without a time, or the best point of a curve and when it was reached."""
    if method in figure.values:
        value, error = figure.values[method]
        return f"≈ {value:g}" if error is None else f"{_number(value)} ± {error:.1f}"
    if method not in figure.curves:
        return "–"
    seconds, value = max(figure.curves[method], key=lambda point: point[1])
    return f"{_number(value)} after {seconds:,.0f} s"


def _test(run: Run) -> str:
    """A test score and what is around it, as far as they are known."""
    if run.low is None or run.high is None:
        return "–" if run.test is None else _number(run.test)
    if run.test is None:
        return f"{_number(run.low)} to {_number(run.high)}"
    return f"{_number(run.test)} ± {(run.high - run.low) / 2:.1f}"


def _row(run: Run) -> list[str]:
    return [
        run.method,
        f"{run.process_seconds:.1f}",
        f"{run.rate:g}",
        f"{run.updates:,}",
        _number(run.validation),
        _test(run),
    ]


def _number(value: float) -> str:
    """Nats to a tenth; shares and correlations, from −1 to 1, to a thousandth."""
    return f"{value:.{3 if abs(value) <= 1 else 1}f}".replace("-", "−")


def _commands(record: Record) -> str:
    """A sentence."""
    commands = [f"`{command}`" for command in record.commands]
    return f"Command{'s' if len(commands) > 1 else ''}: {', then '.join(commands)}."


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Rows of a table in Markdown; all columns but the first are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


if __name__ == "__main__":
    from lecturekit.reproduce import EXPERIMENTS

    Path(sys.argv[1]).write_text(markdown(EXPERIMENTS), encoding="utf-8")
