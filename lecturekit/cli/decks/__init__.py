"""`lecturekit slides`: the short paths as decks for any browser, with recorded runs that play.

writing   the folder: a page for each lecture, the first page, and what they load
page      a lecture's slides in HTML, as reveal.js shows them
"""

from lecturekit.cli.decks.writing import build

__all__ = ["build"]
