"""docs/results.md, from the records that come with the package: `make results`."""

from __future__ import annotations

import sys
from pathlib import Path

from lecturekit.reproduce.curves import Curve
from lecturekit.reproduce.experiment import PIXELS, Experiment
from lecturekit.reproduce.published import published
from lecturekit.reproduce.record import Record, Run

HEAD = """# Published figures, made anew

Made by `make results` from [the records](../lecturekit/reproduce/recorded), which
`lecturekit reproduce NAME` writes. Published values are read off the papers' figures, ± half a
tick. Each of our points is a run of its own, whose learning rate falls linearly to 0. The rate at
the start is the best of a small grid by the validation score on 10,000 training images held out;
the grid is searched in the three shortest times, and longer runs try the best of the time before
and the next lower one. A method gets no longer runs once two doublings of its time in a row have
gained too little. Ours is one run a point, without error bars. Seconds are training time of the
process; scoring is not counted. The papers' computers were those of 2008: compare values, and the
order of the methods, not seconds.
"""


def markdown(experiments: tuple[Experiment, ...]) -> str:
    """The whole document."""
    sections = [HEAD]
    for experiment in experiments:
        for pixels in PIXELS:
            record = Record.of_the_package(experiment.names[0], pixels)
            if record is not None:
                sections.append(_section(experiment, record))
    return "\n".join(sections)


def _section(experiment: Experiment, record: Record) -> str:
    names = ", ".join(experiment.names)
    minutes = record.training_seconds / 60, record.evaluation_seconds / 60
    facts = (
        f"{experiment.title}; {record.quantity}. Pixels: {record.pixels}. {record.date}, "
        f"{record.device}; lecturekit {record.lecturekit}, torch {record.torch}; "
        f"{minutes[0]:.1f} minutes of training, {minutes[1]:.1f} of scoring, in process time. "
        f"Command: `{record.command}`."
    )
    lines = [f"## {names}, {record.pixels} pixels", "", facts, "", "The best of each method:", ""]
    lines += _table(
        ["method", "ours", *(f"published ({name})" for name in experiment.names)],
        [
            [method, _best(record, method)]
            + [_end(published(name).curves.get(method, ())) for name in experiment.names]
            for method in record.curves
        ],
    )
    for name in experiment.names:
        lines.append(f"\nPublished, {name}: {published(name).source}.")
    lines += ["", "All our points:", ""]
    head = ["method", "seconds", "rate at the start", "updates", "validation", "test"]
    lines += _table(head, [_row(r) for method in record.curves for r in record.best(method)])
    return "\n".join(lines) + "\n"


def _best(record: Record, method: str) -> str:
    """The test score of the run with the best validation score, and its time."""
    run = max(record.best(method), key=lambda run: run.validation)
    return _end(((run.process_seconds, run.test),))


def _end(curve: Curve) -> str:
    """The best point of a curve, and when it was reached."""
    if not curve:
        return "–"
    seconds, value = max(curve, key=lambda point: point[1])
    return f"{_number(value)} after {seconds:,.0f} s"


def _row(run: Run) -> list[str]:
    return [
        run.method,
        f"{run.process_seconds:.1f}",
        f"{run.rate:g}",
        f"{run.updates:,}",
        _number(run.validation),
        _number(run.test),
    ]


def _number(value: float) -> str:
    """Nats to a tenth, shares to a tenth of a percent."""
    return f"{value:.3f}" if 0 <= value <= 1 else f"{value:.1f}".replace("-", "−")


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Rows of a table in Markdown; all columns but the first are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


if __name__ == "__main__":
    from lecturekit.reproduce import EXPERIMENTS

    Path(sys.argv[1]).write_text(markdown(EXPERIMENTS), encoding="utf-8")
