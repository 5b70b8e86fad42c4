"""Where a prediction is made: this is the kernel's half, `panel.js` the page's."""

from __future__ import annotations

import html
from dataclasses import replace
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from IPython.display import display

from lecturekit.live.panel import styles
from lecturekit.predictions.memory import metadata
from lecturekit.predictions.prediction import Prediction

_HERE = Path(__file__).parent

# Where there is a panel, its words are not shown; where there is none, an answer can be clicked.
_WORDS = (
    ".jp-OutputArea-child:has(.lecturekit-prediction) + "
    ".jp-OutputArea-child:has(.lecturekit-asked){display:none}"
    ".lecturekit-asked ul:has(summary){display:flex;flex-wrap:wrap;gap:0 .6em;padding:0;"
    "list-style:none}"
    ".lecturekit-asked li:has([open]){flex-basis:100%}"
    ".lecturekit-asked summary{cursor:pointer;width:fit-content;padding:.2em .8em;"
    "margin:.2em 0;border:1px solid #8888;border-radius:5px}"
)


class PredictionWidget(anywidget.AnyWidget):
    """What the page knows of a prediction."""

    _esm = (_HERE / "panel.js").read_text(encoding="utf-8")
    _css = styles(_HERE / "panel.css")
    asked: Any = traitlets.Dict().tag(sync=True)
    said: Any = traitlets.Dict().tag(sync=True)

    def __repr__(self) -> str:
        return f"Prediction {self.asked['number']}; to be made where a kernel is running."


class Panel:
    """A question and its answers, to be clicked; the prediction's watcher.

    Under it stands the same in words, for those who open the notebook without its kernel, or a
    page made of it: a click on an answer opens what the run says to it. The answer that was given
    goes with these words, and so stays in the notebook.
    """

    def __init__(self, prediction: Prediction) -> None:
        self._prediction = prediction
        self._words: Any = None
        self.widget = PredictionWidget(
            asked={
                "number": prediction.number,
                "question": prediction.question,
                "answers": list(prediction.answers),
            },
            said=self._said(),
        )
        self.widget.on_msg(self._hear)
        prediction.watcher = self._show

    def appear(self) -> None:
        """Show it in the present cell."""
        display(self.widget)
        self._words = display(self._bundle(), raw=True, display_id=True, metadata=self._known())

    def _hear(self, widget: Any, message: dict[str, Any], buffers: list[memoryview]) -> None:
        match message:
            case {"commit": str(answer)} if answer in self._prediction.answers:
                self._prediction.commit(answer)

    def _show(self) -> None:
        self.widget.said = self._said()
        if self._words is not None:
            self._words.update(self._bundle(), raw=True, metadata=self._known())

    def _said(self) -> dict[str, Any]:
        verdict = self._prediction.verdict
        right = [] if verdict is None else [verdict.right, *verdict.close]
        return {"given": self._prediction.given, "right": right}

    def _known(self) -> dict[str, Any]:
        return metadata(self._prediction.number, self._prediction.given)

    def _bundle(self) -> dict[str, str]:
        asked = self._prediction
        given = f"Predicted: {asked.given}" if asked.given else ""
        return {
            "text/html": (
                f"<style>{_WORDS}</style>"
                f'<div class="lecturekit-asked"><p><strong>{html.escape(asked.question)}</strong>'
                f"</p>{self._answers()}<p>{html.escape(given)}</p></div>"
            ),
            "text/plain": "\n".join(
                [asked.question, *(f"  ◦ {answer}" for answer in asked.answers), given]
            ).strip(),
        }

    def _answers(self) -> str:
        """To be opened one by one once the run has spoken; until then there is nothing to read."""
        return f"<ul>{''.join(map(self._answer, self._prediction.answers))}</ul>"

    def _answer(self, answer: str) -> str:
        words, verdict = html.escape(answer), self._prediction.verdict
        if verdict is None:
            return f"<li>{words}</li>"
        tempts = self._prediction.answers[answer]
        said = replace(verdict, given=answer, tempts=tempts)._repr_html_()
        group = f"prediction-{self._prediction.number}"  # of which one at a time is open
        return f'<li><details name="{group}"><summary>{words}</summary>{said}</details></li>'
