"""Many students' notebooks, their exercises judged anew: one table for the lecturer.

`answers.py` takes a student's functions out of a notebook, and nothing else of it; `grader.py`
judges those of one notebook, in a process of its own; `crowd.py` starts several of these at once,
with limits; `report.py` writes what came out as CSV and as a page.
"""

from lecturekit.grading.crowd import Graded, grade, notebooks
from lecturekit.grading.report import write_csv, write_page

__all__ = ["Graded", "grade", "notebooks", "write_csv", "write_page"]
