"""Predict, then run: a question before a live run, judged by what the run then shows.

    guess = predictions.ask("1.a")
    …                                                      # the run
    guess.judge({"CD-1": 0.2, "PCD": 5.2}, close=0.5)      # right: the largest value

Nobody has to answer: an unanswered question holds nothing up. `questions.py` has what is asked,
out of the reader's sight; `prediction.py` is a question with its answer and verdict, `panel.py`
(with `panel.js` in the page) where one answers, `memory.py` what of it is in the notebook when a
new kernel begins.
"""

from __future__ import annotations

from lecturekit.door import door, refuse
from lecturekit.predictions.prediction import Prediction, Verdict
from lecturekit.predictions.questions import QUESTIONS

__all__ = ["ASKED", "QUESTIONS", "Prediction", "Verdict", "ask"]

ASKED: dict[str, Prediction] = {}
"""All predictions of this kernel by their number, in the order in which they were asked."""


@door
def ask(number: str) -> Prediction:
    """Ask what a run will show, and let the reader commit to an answer by a click.

    Asked again, it remembers the answer: from this kernel, or from the notebook's file.

    Args:
        number: of the question, such as "1.a".

    Returns:
        The prediction, to be judged once the run is done.

    Raises:
        ValueError: there is no such question.
    """
    if number not in QUESTIONS:
        refuse("number", f"among {', '.join(QUESTIONS)}", repr(number))
    asked = Prediction(number, QUESTIONS[number].text, dict(QUESTIONS[number].answers))
    before = ASKED.pop(number, None)
    ASKED[number] = asked
    from lecturekit.live.registry import notebook_shell

    if notebook_shell():  # plain Python has nobody to ask
        from lecturekit.predictions.memory import remembered
        from lecturekit.predictions.panel import Panel

        known = before.given if before is not None else remembered(number)
        if known in asked.answers:
            asked.commit(known)
        Panel(asked).appear()
    return asked
