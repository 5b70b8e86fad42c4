"""Exercises that a notebook sets, checks, hints at and solves.

    checked = exercises.check("1.1", free_energy)   # a Result; show it as the cell's last line
    exercises.hint("1.1")                           # one hint more at each call
    exercises.solution("1.1")                       # the derivation and the reference's source

`exercise.py` says what an exercise is; `worker.py` runs a student's function where it can do no
harm, and `observation.py` is the account that it gives; `judge.py` decides, with `compare.py`;
`explain.py` finds the words and `result.py` shows them, in Jupyter and in a terminal. Each section
has a room of its own, named by its stem, with a tuple EXERCISES; these don't know each other.
"""

from lecturekit.exercises.catalogue import LATEST, catalogue, check, hint, solution
from lecturekit.exercises.exercise import IMPORTS, Exercise, Misconception
from lecturekit.exercises.result import Note, Outcome, Result

__all__ = [
    "IMPORTS",
    "LATEST",
    "Exercise",
    "Misconception",
    "Note",
    "Outcome",
    "Result",
    "catalogue",
    "check",
    "hint",
    "solution",
]
