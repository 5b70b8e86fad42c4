"""Exercises that a notebook sets, checks, hints at and solves.

    checked = exercises.check("1.1", free_energy)   # a Result; show it as the cell's last line
    exercises.hint("1.1")                           # one hint more at each call
    exercises.solution("1.1")                       # the derivation and the reference's source

`exercise.py` says what an exercise is, with random cases from `tiny.py`. A check goes one way:

    judge → worker → observation → verdict (compare) → diagnose (general) → explain → result

`judge.py` has the student's function run by `worker.py`, in a fresh `process.py`, where it can do
no harm; `observation.py` is the account that comes back; `verdict.py` decides by comparing it with
the exact answer, `diagnose.py` finds the slips that explain it, the exercise's own and those in
`general.py`; `explain.py` finds the words, and `result.py` shows them, in Jupyter and in a
terminal. Each section has a room of its own, named by its stem, with a tuple EXERCISES; these don't
know each other.
"""

from lecturekit.exercises.catalogue import LATEST, catalogue, check, hint, solution
from lecturekit.exercises.exercise import IMPORTS, Exercise
from lecturekit.exercises.result import Note, Outcome, Result

__all__ = [
    "IMPORTS",
    "LATEST",
    "Exercise",
    "Note",
    "Outcome",
    "Result",
    "catalogue",
    "check",
    "hint",
    "solution",
]
