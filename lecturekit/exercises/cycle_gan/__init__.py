"""Section 5's exercises, on CycleGAN, in the notebook's order."""

from lecturekit.exercises.cycle_gan.adversarial_gradients import ADVERSARIAL_GRADIENTS
from lecturekit.exercises.cycle_gan.cycle import CYCLE
from lecturekit.exercises.cycle_gan.full_update import FULL_UPDATE
from lecturekit.exercises.cycle_gan.optimal_discriminator import OPTIMAL_DISCRIMINATOR
from lecturekit.exercises.cycle_gan.pool import POOL
from lecturekit.exercises.cycle_gan.unpaired_halves import UNPAIRED_HALVES

EXERCISES = (
    OPTIMAL_DISCRIMINATOR,
    ADVERSARIAL_GRADIENTS,
    UNPAIRED_HALVES,
    CYCLE,
    POOL,
    FULL_UPDATE,
)
