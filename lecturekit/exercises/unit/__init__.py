"""Section 6's exercises, on UNIT, in the notebook's order."""

from lecturekit.exercises.unit.bound import BOUND
from lecturekit.exercises.unit.game import GAME
from lecturekit.exercises.unit.kl import KL
from lecturekit.exercises.unit.loss import LOSS
from lecturekit.exercises.unit.shared_gradient import SHARED_GRADIENT
from lecturekit.exercises.unit.translations import TRANSLATIONS

EXERCISES = (
    KL,
    BOUND,
    TRANSLATIONS,
    SHARED_GRADIENT,
    GAME,
    LOSS,
)
