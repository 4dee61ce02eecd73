"""The map of the Energy lab: where frames, or images, stand, drawn to a scale that collapse cannot hide in."""

from __future__ import annotations

from ssllab.ui.bench import Bench
from ssllab.ui.embedding.anchor import Anchor
from ssllab.ui.panels.embedding_map import EmbeddingMap


class LatentMap(EmbeddingMap):
    """The embedding map with this lab's words."""

    empty = "Press Start: frames, or images, appear here as the model sees them; collapse is a cloud that shrinks to a point"
    help = (
        "<p>128 held-out frames where the model puts them now, or the images of a method of two views: with two or three "
        "dimensions the latents <b>as they are</b>, without any projection; with more their two principal components. The "
        "share of the variance that these hold stands in the corner.</p>"
        "<p><b>The scale is fixed.</b> The map shows at least as much as the untrained model filled, and never zooms in by "
        "itself: when everything becomes one vector the cloud shrinks to a point before your eyes. Scaled to itself it "
        "would look as wide as a healthy one. The lines of the grid are as far apart as the corner says.</p>"
        "<p><b>Colour</b> by x or y of the object: where position is known, colours are sorted over the map, in one "
        "direction or around a ring. Colour by background, where one stands still or drifts: eight backgrounds are shared "
        "by all frames here, and eight separate clumps of mixed positions are a model that sees the background and not "
        "the ball. <b>Pairs</b> joins each frame to the next one of its clip: long lines mean that motion is seen, short "
        "ones in a wide cloud that only what stands still is.</p>"
        "<p>Point at a frame for what is known of it and its nearest neighbours; drag to pan or turn, wheel to zoom, click "
        "a class in the legend to show it alone.</p>"
        "<p>Jing et al. 2022, <i>Understanding Dimensional Collapse</i>; Sobal et al. 2022, <i>Joint Embedding Predictive "
        "Architectures Focus on Slow Features</i>.</p>"
    )

    def __init__(self, bench: Bench, anchor: Anchor) -> None:
        super().__init__(bench, anchor)
        self.show_images.setChecked(False)  # frames are mostly ground, and would hide how colours are sorted
        self.show_pairs.setChecked(True)
