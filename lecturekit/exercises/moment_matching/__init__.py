"""Section 3's exercises, on moment matching, in the notebook's order."""

from lecturekit.exercises.moment_matching.biased import BIASED
from lecturekit.exercises.moment_matching.flow_step import FLOW_STEP
from lecturekit.exercises.moment_matching.generator_gradient import GENERATOR_GRADIENT
from lecturekit.exercises.moment_matching.kernel import KERNEL
from lecturekit.exercises.moment_matching.parzen import PARZEN
from lecturekit.exercises.moment_matching.permutations import PERMUTATIONS
from lecturekit.exercises.moment_matching.unbiased import UNBIASED

EXERCISES = (KERNEL, BIASED, UNBIASED, FLOW_STEP, PERMUTATIONS, GENERATOR_GRADIENT, PARZEN)
