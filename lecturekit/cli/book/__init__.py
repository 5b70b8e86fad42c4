"""`lecturekit site`: the lectures as a book for any browser, with recorded runs that play.

recording    notebooks executed with their runs recorded, unless that was done before
typesetting  the whole of it, set by Sphinx
lecture      an executed notebook as a chapter
pages        the first page, and what leads from slides and exercises to chapters
reference    the pages of the API reference
extension    what Sphinx is taught: formulas, and docstrings as they are written here
formulas     TeX as MathML
scripts      what a page loads: the panel's own module, player.js, page.js, page.css, the films
links        every link, followed
"""

from lecturekit.cli.book.recording import record
from lecturekit.cli.book.typesetting import build

__all__ = ["build", "record"]
