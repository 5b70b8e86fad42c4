"""The questions, by number: what is asked, and for each answer why one might give it.

A letter after the section's number. Each answer's sentence is said to whoever gave it and was not
right; which one is right, the run decides.
"""

from __future__ import annotations

from typing import NamedTuple


class Question(NamedTuple):
    """What is asked before a run.

    Attributes:
        text: one sentence or two, in the notebook's voice.
        answers: answer → why one might think so, and where that goes wrong.
    """

    text: str
    answers: dict[str, str]


QUESTIONS = {
    "1.a": Question(
        "The same number of updates for all four: whose model ends with the highest likelihood?",
        {
            "CD-1": (
                "Its chains begin at the data, so its gradient is the least noisy. But it is "
                "biased, and the longer it learns, the more that counts."
            ),
            "CD-10": (
                "Ten steps leave the data further behind, at ten times the price. A chain that "
                "is never set back has made thousands of steps by then."
            ),
            "PCD": (
                "It keeps its chains, and at this rate they keep up. Where another one ended "
                "above it, the difference was small."
            ),
            "FPCD": (
                "Fast weights pay where chains cannot keep up with the model. At this rate they "
                "can, and then there is little to gain."
            ),
        },
    ),
    "1.b": Question(
        "At the highest learning rate: whose likelihood falls back furthest from the best that "
        "it had reached?",
        {
            "CD-1": (
                "It is the crudest of the three. But its chains begin at the data at every "
                "update: they cannot be left behind, however fast the model moves."
            ),
            "PCD": (
                "Its chains go on by themselves and can be left behind by a model that runs. "
                "Here others were left behind further."
            ),
            "FPCD": (
                "A second set of weights looks like one more thing that can run away. But it "
                "decays at every update, and it drives the chains out of where they sit."
            ),
        },
    ),
    "1.c": Question(
        "All particles begin in the first of four equal wells. How many are there after 1,000 "
        "Gibbs steps?",
        {
            "a quarter": (
                "A thousand steps sound like many, and a quarter is where the crowd must end. "
                "But between two wells lie states that it hardly ever visits."
            ),
            "a half": (
                "It would be on its way to a quarter. How far it has come depends on how deep "
                "the wells are: try the factor on the weights."
            ),
            "nearly all": (
                "The wells are deep, but a crowd leaks out of them, a few particles at every step."
            ),
        },
    ),
    "2.a": Question(
        "Which of these generators covers the fewest of the eight modes?",
        {
            "nothing": (
                "Nothing keeps its samples apart. Where it did better than that, luck has saved "
                "it: the energy lifts the place where it sits, and it moves on."
            ),
            "batch norm": (
                "It has no entropy term, and the slide says that this term prevents the "
                "collapse. But batch norm makes every unit vary over the batch, and so its "
                "samples."
            ),
            "slide": (
                "The proxy pays for scale and not for distance. But its generator has batch "
                "norm, and that already keeps the samples apart."
            ),
            "neighbours": (
                "It has no batch norm, and only the distances between samples to go by. They "
                "are enough: a sample that comes close to another one is pushed away."
            ),
        },
    ),
    "2.b": Question(
        "Which weight of the entropy covers the most modes in the end?",
        {
            "λ = 0.03": (
                "The less entropy, the sharper the samples. But a generator that is hardly paid "
                "for spreading out does not find all modes."
            ),
            "λ = 0.1": "A compromise, and neither the best at finding modes nor the sharpest.",
            "λ = 0.3": (
                "The most entropy of all, to the end. But modes have to be found only once, and "
                "who has found them may keep them without."
            ),
            "λ: 1, then 0": (
                "It begins with the most, but for the last third it has none, and what found "
                "the modes need not be what keeps them."
            ),
        },
    ),
    "2.c": Question(
        "Without the penalty the samples often look sharper. Which energy is nearer to the data "
        "in the end?",
        {
            "penalty 0": (
                "Nothing flattens it, and its samples look well. But its scale runs away, and "
                "then it is no log-density any more."
            ),
            "penalty 0.1": (
                "The penalty has a price, which you have seen in 2.5. Here it was higher than "
                "what it saves."
            ),
        },
    ),
    "3.a": Question(
        "Every sample follows its own arrow. Under which kernel does the cloud end nearest to "
        "the data?",
        {
            "σ = 0.01": (
                "A narrow kernel sees every detail. But from far off it sees no data at all: "
                "samples only feel each other."
            ),
            "σ = 1": "It fits the size of the ring. But what is finer than it, it smears.",
            "σ = 100": (
                "It sees all data from everywhere. But all it compares are means and widths, "
                "and with those right it is content."
            ),
            "a mixture": (
                "Each bandwidth does what it can. Where a single one did better, it happened to "
                "fit the data."
            ),
        },
    ),
    "3.b": Question(
        "A square cannot be torn in two. What share of its samples will lie on one of the moons?",
        {
            "half": (
                "It has to bridge the gap, but a bridge can be narrow: the net stretches the "
                "square where no data is."
            ),
            "three quarters": (
                "Some samples must lie between the moons. How many depends on how narrow the "
                "bridge has become."
            ),
            "all": (
                "The loss can come close to 0, but the square stays in one piece, and where it "
                "crosses the gap there are samples."
            ),
        },
    ),
    "3.c": Question(
        "Judged by Parzen windows on samples: what gives unseen digits the highest log-density?",
        {
            "pixels": (
                "It is trained on what is judged. But in so many dimensions pairs of images are "
                "almost equally far apart, and its kernel has little to go by."
            ),
            "codes": (
                "Few dimensions are easier to match, and decoded images are smooth. But real "
                "images were better still, by this score."
            ),
            "training images": (
                "Nothing is more like a digit than a digit. But the score likes smooth images, "
                "and matched codes can stand above real ones: distrust it."
            ),
        },
    ),
    "4.a": Question(
        "The chains begin far from the circle, and the noise is small. Whose are back on it "
        "after ten steps?",
        {
            "simple": (
                "A good denoiser should know the way. But it was never asked about points that "
                "far out, and what it says there is luck."
            ),
            "walkback (slide)": (
                "It walks away and learns the way back. But each walk counts as much as any "
                "other, and few of them go far."
            ),
            "persistent (ours)": (
                "Its walkers go on from update to update, and what was far out counts as much "
                "as what was near. Here it was not the best."
            ),
        },
    ),
    "4.b": Question(
        "Now with five times the noise, σ = 0.15. Whose chains have most on the circle in the "
        "long run?",
        {
            "simple": (
                "With more noise it already sees points from all around, and needs no walks. "
                "Here that was not enough."
            ),
            "walkback (slide)": (
                "It helped at small noise. But now the noise itself leads far out, and the "
                "walks only add pairs whose answer is blurred."
            ),
            "persistent (ours)": (
                "It was best at small noise. But its many far-off pairs make one Gaussian serve "
                "for too much, and the circle becomes broad."
            ),
            "five steps (authors)": (
                "The authors use it with much noise, on images. On this circle its long walks "
                "blur what is near."
            ),
        },
    ),
    "4.c": Question(
        "One network, 20 evaluations from a single point. Which way gives good samples of most "
        "modes?",
        {
            "σ = 0.1": (
                "Every step is nearly exact. But steps that small never leave the mode where "
                "they began."
            ),
            "σ = 1": (
                "It goes everywhere at once. But the posterior then has many humps, and a "
                "single Gaussian lays its samples between them."
            ),
            "σ from 10 down to 0.05": (
                "Large noise first chooses the mode, small noise then puts samples in place. "
                "Here something went wrong on the way."
            ),
        },
    ),
    "5.a": Question(
        "Without the cycle loss, λ = 0: how many points are back in their own blob after F(G(x))?",
        {
            "none": (
                "Nobody asked F to bring them back, so it could send all of them elsewhere. But "
                "a blob may come home by chance."
            ),
            "a quarter": (
                "That is chance for a point. But blobs are sent as a whole: their number is 0, "
                "1, 2 or 4 of four, or they are smeared."
            ),
            "a half": "Two blobs may come home by luck. Nothing in the loss asks for it.",
            "all": "G and F each make good blobs. But F was never told what G did.",
        },
    ),
    "5.b": Question(
        "All three make stripes. Whose are where they belong?",
        {
            "ours": "The cut makes G read the pose. Here it has not learned it.",
            "paper's": (
                "It has the whole cycle to learn from, and comes back almost perfectly. But F "
                "may leave a trace for G to read, and then G need not know the pose."
            ),
            "λ = 0": (
                "Its stripes fool the discriminator, which is all that it was asked. Nothing "
                "ties them to the animal at hand."
            ),
        },
    ),
    "5.c": Question(
        "No pairs and no labels: how many outlines G(x) will be read as the digit that x is?",
        {
            "one of ten": (
                "No loss names a digit, and an exchange of all threes and eights would cost "
                "nothing. But nets find simple maps first."
            ),
            "half": "Some digits could trade places. Here few did, or more than half.",
            "nine of ten": (
                "Nothing in the loss asks for it. It comes from nets that keep pixels where "
                "they are, and may fail: see 5.8."
            ),
        },
    ),
    "6.a": Question(
        "No cycle, and nets that begin apart. In which model do more codes of the same thing meet?",
        {
            "shared": (
                "Shared layers make both codes speak one language. But they are not the only "
                "thing that ties the codes: here they were not what decided."
            ),
            "unshared": (
                "It has more parameters and more freedom. But nothing obliges its two encoders "
                "to mean the same by a code."
            ),
        },
    ),
    "6.b": Question(
        "A classifier that has only seen digits looks at outlines as they are. How many does it "
        "read rightly?",
        {
            "one of ten": (
                "An outline is no digit to it, so it might as well guess. But strokes stay "
                "where they were, and some of that it has learned."
            ),
            "four of ten": (
                "Half-way: it depends on how much of a digit is its ink, and how much its place."
            ),
            "eight of ten": (
                "You read outlines without any trouble. But it has learned from pixels that are "
                "filled here and empty there."
            ),
        },
    ),
    "6.c": Question(
        "Which coat will be hardest to put in its right place, coming from the other three?",
        {
            "striped": (
                "Stripes are fine and follow the body. But all of them follow from the pose by "
                "one rule, which nets can learn."
            ),
            "spotted": (
                "Spots are small and many. A spot that is off by its own width counts as wrong "
                "twice."
            ),
            "patched": (
                "Patches are large, and each can lie somewhere else. But large things are easy "
                "to place."
            ),
        },
    ),
}
