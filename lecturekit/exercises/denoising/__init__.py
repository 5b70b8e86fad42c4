"""Section 4's exercises, on denoising auto-encoders, in the notebook's order."""

from lecturekit.exercises.denoising.chain import CHAIN
from lecturekit.exercises.denoising.corruption import CORRUPTION
from lecturekit.exercises.denoising.gaussian import GAUSSIAN
from lecturekit.exercises.denoising.optimal import OPTIMAL
from lecturekit.exercises.denoising.score import SCORE
from lecturekit.exercises.denoising.walkback import WALKBACK

EXERCISES = (GAUSSIAN, CORRUPTION, OPTIMAL, SCORE, CHAIN, WALKBACK)
