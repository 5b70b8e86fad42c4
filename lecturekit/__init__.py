"""lecturekit: implementations, live views and exercises for "Generative models, selected topics"."""

from lecturekit._version import __version__
from lecturekit.session import Session, start

__all__ = ["Session", "__version__", "start"]
