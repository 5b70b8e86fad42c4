"""Formulas as MathML, which browsers typeset by themselves: no script, no font, no request."""

from __future__ import annotations

import re

from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml

# TeX that docutils does not know, and what comes nearest.
_SPELLED = (
    (re.compile(r"\\dots\b"), r"\\ldots"),
    (re.compile(r"(?<!^)\\textstyle\b"), ""),
    (re.compile(r"\\big(?![a-zA-Z])"), ""),
    (re.compile("½"), r"\\frac{1}{2}"),
)
# log x has a space before its x, log(x) none; browsers set neither.
_FUNCTION = re.compile(r"<mo>(?=&ApplyFunction;</mo>(?!<mo[^>]*>\())")


def mathml(tex: str, *, block: bool) -> str:
    """A formula as a MathML element.

    Raises:
        ValueError: something in it is not known; the message has the formula.
    """
    for pattern, spelled in _SPELLED:
        tex = pattern.sub(spelled, tex)
    try:
        written = tex2mathml(tex.strip(), as_block=block)
    except (MathError, SyntaxError) as error:
        raise ValueError(f"{error} in the formula {tex.strip()}") from error
    written = re.sub(r">\s+<", "><", written).replace("<mo>∶</mo><mo>=</mo>", "<mo>:=</mo>")
    return _FUNCTION.sub('<mo rspace="0.17em">', _under_braces(written))


def _under_braces(written: str) -> str:
    """What stands under a brace belongs under its middle, not at its corner."""
    while (start := written.find("<msub><munder>")) >= 0:
        end = _end_of(written, start, "msub")
        inner = written[start + len("<msub>") : end - len("</msub>")]
        written = f"{written[:start]}<munder>{inner}</munder>{written[end:]}"
    return written


def _end_of(written: str, start: int, tag: str) -> int:
    depth = 0
    for found in re.finditer(rf"<(/?){tag}\b[^>]*>", written[start:]):
        depth += -1 if found[1] else 1
        if not depth:
            return start + found.end()
    raise ValueError(f"no end of {tag}")
