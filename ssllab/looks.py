"""What a method shows of itself: a look is made of typed parts, and a panel says which parts it draws.

A method declares which parts it gives and under what condition; a lab's page offers the panels whose parts are there.
Most parts are those of a :class:`Look`, the light picture that is taken about once a second. Those under "What is asked
for" are given when one asks for a recording or a text. All arrays are numpy's, float32 unless said. Nothing of
ssllab and no torch is imported here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    import numpy as np

Part = TypeVar("Part")
FILMED = "filmed"
# Of a field that is large and not drawn again: of it a run's film keeps the shape, or nothing where it has a default.
NOT_FILMED = {FILMED: False}


@dataclass(frozen=True)
class Look:
    """The parts that a method gave at ``step``, at most one of each kind. What it does not know yet is not there."""

    step: int
    parts: tuple[object, ...]

    def part(self, kind: type[Part]) -> Part | None:
        """The part of that kind, or None."""
        return next((part for part in self.parts if isinstance(part, kind)), None)


# Pairs of views


@dataclass(frozen=True)
class Embedding:
    """Where M fixed items stand, two views each: rows i and M + i are the two views of item i, or of a clip a frame and
    the next one. Items that are no images have no ``views``: each is one row.

    ``extent``: how far the untrained model's points reach on each axis; the map never shows less, for scaled to itself a
    collapsed model looks as wide as a healthy one. None: the map fits the first points. ``colourings``: of what the data
    itself does not name, as (name, class of each item (M,), names of the classes, whether they are steps of a number).
    """

    # (2M, D) unit vectors; or as they are, see ``raw`` of the :class:`Spectrum`
    z: np.ndarray = field(metadata=NOT_FILMED)
    points: np.ndarray  # (2M, d) on the map, d = 2 or 3
    # What the map is: all of z (unit vectors, or latents as they are), or its principal components.
    kind: Literal["circle", "sphere", "latents", "pca"]
    explained: float  # share of the variance of z that the map shows
    views: np.ndarray | None  # (2M, H, W, 3) uint8, as the model saw them
    extent: float | None = None
    second: str = "two views"  # what the two rows of an item are
    colourings: tuple[tuple[str, np.ndarray, tuple[str, ...], bool], ...] = ()

    @property
    def items(self) -> int:
        """M."""
        return len(self.z) // (1 if self.views is None else 2)


@dataclass(frozen=True)
class PairForces:
    """The negative gradient of a loss that compares pairs, at every point of the :class:`Embedding` and on its map."""

    attraction: np.ndarray  # (2M, d) towards the positive
    repulsion: np.ndarray  # (2M, d) away from the negatives


@dataclass(frozen=True)
class Similarities:
    """Densities of the cosines between the views of the fixed items, in B bins from -1 to 1."""

    edges: np.ndarray  # (B + 1,)
    positive: np.ndarray  # (B,) of two views of one item
    negative: np.ndarray  # (B,) of views of different items


@dataclass(frozen=True)
class Negatives:
    """Who pushes in the softmax of a contrastive loss over the points of the :class:`Embedding`.

    ``candidates``: an anchor's are all other views ("nt_xent") or the second views alone ("info_nce").
    """

    temperature: float
    candidates: Literal["nt_xent", "info_nce"]
    shares: np.ndarray  # (K,) mean share in the push of each of an anchor's K negatives, hardest first
    effective: float  # exp of the entropy of an anchor's shares, mean over anchors


@dataclass(frozen=True)
class Spectrum:
    """How many dimensions the embedding z of the fixed items uses, and the representation h where there is one before it.

    ``raw``: z's values, and the spread of h, are of vectors as they are, which alone shows a collapse to one vector where
    a loss sees lengths; else of unit vectors.
    """

    singular_values_h: np.ndarray | None  # (min(2M, dimension of h),)
    singular_values_z: np.ndarray  # (min(2M, dimension of z),)
    channel_std_h: np.ndarray | None  # (dimension of h,)
    channel_std_z: np.ndarray  # (dimension of z,)
    covariance: np.ndarray | None = (
        None  # (d, d) of d of z's dimensions, evenly chosen where there are too many
    )
    mean_cosine: float | None = None  # of the embeddings of unrelated items
    raw: bool = False


# Codes of speech


@dataclass(frozen=True)
class CodeUsage:
    """How often each of V codes of G groups was chosen in a sliding window of frames."""

    hard: np.ndarray  # (G, V) share of frames, by the best score
    soft: (
        np.ndarray
    )  # (G, V) what is held against it: the mean softmax, or the shares of the units to predict
    window_seconds: float


@dataclass(frozen=True)
class JointUsage:
    """How often the codes of the first two groups were chosen together in the same window."""

    counts: np.ndarray  # (V, V) frames


@dataclass(frozen=True)
class PhoneTable:
    """P(phone | code) of the last probe: wav2vec 2.0, appendix D, figure 3.

    Columns, of single codes or of combinations of all groups' codes, in the order of their most probable phone.
    """

    table: np.ndarray  # (P, C)
    phone_names: tuple[str, ...]
    code_names: tuple[str, ...]
    code_counts: np.ndarray  # (C,) int64 frames


# Text


@dataclass(frozen=True)
class Transcripts:
    """What the last probe, at ``step``, heard in held-out clips; one entry a clip in each tuple."""

    step: int
    clips: tuple[int, ...]  # their numbers in the held-out split
    names: tuple[str, ...]
    references: tuple[str, ...]
    greedy: tuple[str, ...]
    beam: tuple[str, ...]


@dataclass(frozen=True)
class Babble:
    """What a model of sequences wrote by itself at ``step``, always with the same dice. ``sound (n,)``: what that
    sounds like, int16 at 16 kHz, where its symbols are units of sound."""

    step: int
    text: str
    sound: np.ndarray | None = field(default=None, compare=False, repr=False, metadata=NOT_FILMED)


# What is asked for


@dataclass(frozen=True)
class Inspection:
    """One recording, frame by frame; T frames, mostly of 20 ms. A model with no quantizer has G = 0 groups of codes.

    ``masked`` and what depends on it are None where the model has no such task. Cosines are NaN where a frame was not
    masked.
    """

    codes: np.ndarray  # (T, G) int64
    confidence: np.ndarray  # (T, G) softmax probability of the code
    latents: np.ndarray  # (T, C)
    masked: np.ndarray | None = None  # (T,) bool
    similarity_true: np.ndarray | None = None  # (T,) cosine with the true latent
    similarity_distractors: np.ndarray | None = None  # (T, K) with each distractor
    log_probs: np.ndarray | None = None  # (T, A) posteriors of ``alphabet`` of a model with a CTC head
    alphabet: tuple[str, ...] = ()
    blank: int = 0  # its class that writes nothing


@dataclass(frozen=True)
class LayerReadings:
    """What stands at one place of a text, as every layer has it: the stream before the first block and after each of L
    blocks, read through the final norm and the output (nostalgebraist 2020, the logit lens)."""

    logs: np.ndarray  # (L + 1, V) log-probabilities; the last row is what the model says


@dataclass(frozen=True)
class AttentionMaps:
    """Who looks at what in a text of n symbols: every row sums to 1 (Vaswani et al. 2017, equation 1)."""

    weights: np.ndarray  # (L, H, n, n) of layer and head; row: who looks, column: what is looked at


@dataclass(frozen=True)
class SymbolVectors:
    """The rows of a model's input embedding."""

    vectors: np.ndarray  # (V, C)


@dataclass(frozen=True)
class ContextUse:
    """The loss on held-out places, in nats, when what is further away than so many symbols is shuffled or hidden
    (Khandelwal et al. 2018, sections 3 and 4). Of a rise above ``whole`` the standard error is known."""

    distances: np.ndarray  # (K,) int64
    whole: float  # with all of the context as it is
    shuffled: np.ndarray  # (K,)
    hidden: np.ndarray  # (K,)
    shuffled_error: np.ndarray  # (K,)
    hidden_error: np.ndarray  # (K,)
    places: int  # how many symbols were predicted
    reach: int  # how many symbols the whole context is, on each side
    both_sides: bool  # what is near stands on both sides


@dataclass(frozen=True)
class Transcript:
    """What was heard in one recording: ``greedy`` on the best path, ``beam`` as the search found it."""

    greedy: str
    beam: str


# Clips


@dataclass(frozen=True)
class Landscape:
    """The energy of a clip's next frame with its object at G x G places: low where the model expects it.

    ``energies (G, G)``: rows are y, columns x, over ``places (G,)`` in pixels. ``truth``, ``last``, ``valley``: where
    the object is, was in the frame before, and has the lowest energy. ``low``, ``high``: of the untrained model's
    landscape, the scale to draw by: scaled to itself a collapsed one looks as deep as a healthy one.

    ``over`` "velocity": the frame that came, after contexts in which the object came to its last place with another
    velocity, in pixels a frame; ``truth`` is its own, ``last`` that of one that stood still.
    """

    energies: np.ndarray
    places: np.ndarray
    truth: tuple[float, float]
    last: tuple[float, float]
    valley: tuple[float, float]
    low: float
    high: float
    size: int  # pixels of the picture's side
    frames: np.ndarray  # (C + 1, H, W, 3) uint8: the context, and the frame that came
    over: Literal["position", "velocity"] = "position"

    @property
    def to_truth(self) -> float:
        """From the valley to the truth, in the unit of ``places``."""
        return math.dist(self.valley, self.truth)

    @property
    def to_last(self) -> float:
        """From the valley to the last place, in the unit of ``places``."""
        return math.dist(self.valley, self.last)

    @property
    def relief(self) -> float:
        """From its lowest to its highest energy, as a multiple of the untrained model's."""
        return float(self.energies.max() - self.energies.min()) / max(self.high - self.low, 1e-12)


@dataclass(frozen=True)
class ShapeEnergies:
    """The energy of a clip's next frame with its object at its true place in each of S shapes."""

    energies: np.ndarray  # (S,)
    names: tuple[str, ...]
    truth: int  # the shape that it has
    low: float  # of the untrained model's landscape
    high: float
    frames: np.ndarray  # (C + 1, H, W, 3) uint8: the context, and the frame that came
    shapes: np.ndarray  # (S, H, W, 3) uint8: the frames that were held against it


@dataclass(frozen=True)
class EnergyAtHand:
    """The energy of a clip's next frame with its object where a person put it."""

    place: tuple[float, float]  # pixels
    energy: float
    frame: np.ndarray  # (H, W, 3) uint8


@dataclass(frozen=True)
class EnergyOverTime:
    """The energy of each of T frames after those before it; NaN for the first, which have no context.

    ``usual``: of the same clip with nothing changed. ``at``: the first frame of what was changed, None where nothing was.
    ``untrained``: how far the energies of the untrained model's landscape lie apart; in a collapsed model all lie far
    closer.
    """

    energies: np.ndarray  # (T,)
    usual: np.ndarray  # (T,)
    at: int | None
    untrained: float
    frames: np.ndarray  # (T, H, W, 3) uint8

    @property
    def threshold(self) -> float:
        """The 95th percentile of the clip's energies: one frame in twenty is over it."""
        import numpy as np

        return float(np.nanpercentile(self.energies, 95))

    @property
    def peak(self) -> float:
        """The highest energy of the moment and the two frames after it; NaN where nothing was changed."""
        return float("nan") if self.at is None else float(self.energies[self.at : self.at + 3].max())

    @property
    def peaks(self) -> bool:
        """Whether that is over the threshold, and no mere ripple: a twentieth of ``untrained`` over the lowest energy."""
        import numpy as np

        ripple = float(np.nanmin(self.energies)) + self.untrained / 20
        return self.peak > self.threshold and self.peak > ripple


@dataclass(frozen=True)
class AdjacentEnergies:
    """``energies (K + 1, T)``: row k, column t, how badly frame t + k fits as the one after frame t; row 0 is frame t
    itself again. NaN where the clip has no such frame or no context."""

    energies: np.ndarray
    frames: np.ndarray  # (T, H, W, 3) uint8


@dataclass(frozen=True)
class Horizon:
    """How far the valley is from the truth k frames ahead, when what was expected is taken for what was seen. Pixels."""

    steps: np.ndarray  # (K,) int64, 1 to K
    errors: np.ndarray  # (K,) mean over clips
    low: np.ndarray  # (K,) a quarter of the clips are under it
    high: np.ndarray  # (K,) a quarter of the clips are over it
    still: np.ndarray  # (K,) of the guess that the object stays where it was last seen
    clips: int


@dataclass(frozen=True)
class PredictedFrames:
    """What comes next, in pictures; K frames ahead, all uint8."""

    context: np.ndarray  # (C, H, W, 3)
    came: np.ndarray  # (K, H, W, 3)
    predicted: (
        np.ndarray | None
    )  # (K, H, W, 3) by the model, or decoded from the latents that it predicts, if it does
    known: (
        np.ndarray | None
    )  # (K, H, W, 3) decoded from the latents of the frames that came, if there is a decoder
    nearest: np.ndarray  # (K, M, H, W, 3) held-out frames that fit best what was expected, best first
    learnt: int  # steps that the decoder has learnt for
    explained: float  # share of the variance of held-out pixels, by the decoder, or by the model's next frame


@dataclass(frozen=True)
class PredictionCost:
    """What it costs to predict one frame. ``background``: the share of the squared error on pixels that no object
    covers, neither in the frame to predict nor in the one before; None where pixels are not predicted, or not yet by a
    trained model."""

    method: str
    parameters: int  # that are trained
    seconds: float  # a step, forward and backward, median of a few
    predicted: int  # numbers that are predicted of a frame
    background: float | None
    covered: float | None  # share of the pixels that an object covers, in the same frames
