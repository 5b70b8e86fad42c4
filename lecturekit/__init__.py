"""Implementations, live views and exercises for "Generative models, selected topics"."""

from typing import TYPE_CHECKING, Any

from lecturekit._version import __version__

if TYPE_CHECKING:
    from lecturekit.session import Session, start

__all__ = ["Session", "__version__", "start"]


def __getattr__(name: str) -> Any:
    """The session comes when it is first asked for: torch takes seconds to import, and
    `lecturekit --help` does without.
    """
    if name in __all__:
        from lecturekit import session

        return getattr(session, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
