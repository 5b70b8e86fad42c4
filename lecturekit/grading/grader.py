"""One notebook, judged in this process: python -m lecturekit.grading.grader NOTEBOOK

Prints a line of JSON for each exercise as soon as it is judged, so that what was done is known
even if the process is ended.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from lecturekit import exercises
from lecturekit.exercises import Exercise, Outcome
from lecturekit.grading.answers import (
    Answer,
    NotebookError,
    RefusedError,
    definitions,
    function_of,
    sections_of,
)

MEMORY = 4 * 1024**3  # bytes of address space that belongs to data, for this process
REFUSED = "refused"


class Verdict(NamedTuple):
    """What became of one exercise.

    Attributes:
        exercise: its number.
        title: its title.
        outcome: that of `exercises.check`, or "refused".
        message: what the student would be told.
    """

    exercise: str
    title: str
    outcome: str
    message: str


def verdicts(path: Path) -> Iterator[Verdict]:
    """Judge the exercises of the sections to which the notebook's functions belong.

    Raises:
        NotebookError: it is no notebook, or has no stub of any exercise.
    """
    found = definitions(path)
    sections = sections_of(found)
    if not sections:
        raise NotebookError("no exercise of the lecture is in it")
    for exercise in (exercise for section in sections for exercise in section):
        yield _verdict(exercise, found)


def _verdict(exercise: Exercise, found: Mapping[str, Answer]) -> Verdict:
    named = exercise.number, exercise.title
    answer = found.get(exercise.stub_name)
    if answer is None:
        return Verdict(*named, Outcome.NOT_ATTEMPTED, "The function is not in the notebook.")
    try:
        function = function_of(answer)
    except RefusedError as reason:
        return Verdict(*named, REFUSED, f"Not judged: {reason}.")
    result = exercises.check(exercise.number, function)
    return Verdict(*named, str(result.outcome), result.message)


def main() -> int:
    """Exit with 1 and a line of JSON that says why if the notebook cannot be judged."""
    with contextlib.suppress(ImportError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        for verdict in verdicts(Path(sys.argv[1])):
            print(json.dumps(verdict._asdict()), flush=True)
    except NotebookError as error:
        print(json.dumps({"problem": str(error)}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
