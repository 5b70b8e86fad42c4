"""Words with indices and exponents, as a formula has them: P_θ, x̃_{1→2}, 10^{−3}.

`_` and `^` lower or raise the next character, or all of what stands in braces after them, if
something stands right before them. All other text is as it is.
"""

from __future__ import annotations

import html
import re

_MARKED = re.compile(r"(?<=\S)([_^])(?:\{([^{}]*)\}|([^\s{}_^]))")
# matplotlib's formulas have no names for the last ones, but for what looks like them
_IN_MATH = str.maketrans(
    {" ": r"\ ", "%": r"\%", "_": r"\_"} | dict(zip("#\"~`^'", "♯″∼‵ˆ′", strict=True))
)

Pieces = list[tuple[str, int]]


def pieces(text: str) -> Pieces:
    """The text in pieces, each with 0, −1 for an index, or 1 for an exponent.

    Example:
        >>> pieces("KL(P_φ)")
        [('KL(P', 0), ('φ', -1), (')', 0)]
    """
    found: Pieces = []
    at = 0
    for match in _MARKED.finditer(text):
        found += [(text[at : match.start()], 0)] if match.start() > at else []
        found.append((match[2] if match[2] is not None else match[3], -1 if match[1] == "_" else 1))
        at = match.end()
    return [*found, (text[at:], 0)] if at < len(text) or not found else found


def as_html(text: str) -> str:
    """For a page."""
    tags = {0: "{}", -1: "<sub>{}</sub>", 1: "<sup>{}</sup>"}
    return "".join(tags[level].format(html.escape(piece)) for piece, level in pieces(text))


def as_plain(text: str) -> str:
    """To be read aloud, or printed."""
    return "".join(piece for piece, _ in pieces(text))


def as_mathtext(text: str) -> str:
    """For matplotlib; text outside of formulas keeps its typeface."""
    parts = []
    for piece, level in pieces(text):
        escaped = piece.replace("\\", "∖").replace("$", r"\$")  # a backslash escapes what follows
        if level:
            inner = escaped.translate(_IN_MATH)
            parts.append(f"${'_' if level < 0 else '^'}{{\\mathregular{{{inner}}}}}$")
        else:
            parts.append(escaped)
    return "".join(parts)
