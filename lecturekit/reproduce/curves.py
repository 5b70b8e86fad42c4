"""What a figure shows, by method: points, or the two lists that a plot takes."""

from __future__ import annotations

from collections.abc import Mapping

Curve = tuple[tuple[float, float], ...]  # points (seconds, value) in the order of time
Line = tuple[list[float], list[float]]  # their seconds, and their values


def lines(curves: Mapping[str, Curve]) -> dict[str, Line]:
    """Each method's seconds and values."""
    return {
        method: ([seconds for seconds, _ in curve], [value for _, value in curve])
        for method, curve in curves.items()
    }
