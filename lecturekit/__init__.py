"""Implementations, live views and exercises for "Generative models, selected topics"."""

from typing import TYPE_CHECKING, Any

from lecturekit._version import __version__

if TYPE_CHECKING:
    from lecturekit.session import Session, start

__all__ = ["Session", "__version__", "fits", "start"]


def fits(notebook: str) -> None:
    """Say so where a notebook was made for another version of the package; its first cell asks.

    Args:
        notebook: the version that it was made for, such as "0.1".
    """
    if not isinstance(notebook, str):
        raise TypeError(f"expected notebook to be a version such as '0.1', got {notebook!r}")
    if __version__.split(".")[:2] != notebook.split(".")[:2]:
        print(
            f"This notebook is made for lecturekit {notebook}, here is {__version__}: where they "
            "differ, update the older one (`lecturekit copy` brings the notebooks)."
        )


def __getattr__(name: str) -> Any:
    """The session comes when it is first asked for: torch takes seconds to import, and
    `lecturekit --help` does without.
    """
    if name in __all__:
        from lecturekit import session

        return getattr(session, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
