"""The settings that the methods of the Language lab share."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from ssllab.controls import Config, Control
from ssllab.methods.settings import ADAM_RATE, OptimizerSettings


class UnitSettings(Config):
    """What a text is cut into."""

    unit: Annotated[
        Literal["word", "char", "byte", "bpe", "kmer", "code"],
        Control(
            "What is predicted. Losses per symbol of different units cannot be compared: bits per byte can.",
            choice_titles=(
                "Words",
                "Characters",
                "Bytes",
                "Parts of words (BPE)",
                "k-mers of DNA",
                "Units of sound",
            ),
            group="Symbols",
            paper="BPE: Sennrich, Haddow, Birch 2016",
        ),
    ] = "word"
    vocabulary: Annotated[
        int,
        Control(
            "The most frequent words, or how many parts of words are learnt (from at most 32 MB, spread over the text); "
            "what is not among the words is unknown.",
            low=2,
            high=200_000,
            log=True,
            group="Symbols",
            needs="unit=word,bpe",
        ),
    ] = 4096
    kmer: Annotated[
        int,
        Control(
            "Letters of DNA in a symbol.", low=1, high=6, title="Letters", group="Symbols", needs="unit=kmer"
        ),
    ] = 3
    text_share: Annotated[
        float,
        Control(
            "How much of the training text is learnt from, from its beginning on. The units are always those of all of it, "
            "and what is held out stays the same, so that the losses of different shares can be compared.",
            low=0.0001,
            high=1.0,
            log=True,
            title="Share of the text",
            group="Symbols",
        ),
    ] = 1.0
    codes: Annotated[
        Literal["clusters", "quantizer"],
        Control(
            "What a unit of sound is: a cluster of the speech model's context vectors, found by k-means, or a code of its "
            "quantizer, one of each group in turn.",
            choice_titles=("Clusters", "The quantizer's"),
            group="Symbols",
            needs="unit=code",
            paper="Lakhotia et al. 2021: k-means of HuBERT",
        ),
    ] = "clusters"
    clusters: Annotated[
        int,
        Control(
            "Clusters of sound: more of them tell more sounds apart, and each is heard less often.",
            low=50,
            high=500,
            log=True,
            group="Symbols",
            needs="codes=clusters",
            paper="Lakhotia et al. 2021: 50, 100, 200",
        ),
    ] = 100
    speech_model: Annotated[
        str,
        Control(
            "What hears the sound: 'shipped', the folder of a run of the Speech lab, a folder with config.json and "
            "model.safetensors as Hugging Face's, or owner/name of a model there.",
            group="Symbols",
            browse="folder",
            needs="unit=code",
        ),
    ] = "shipped"


class BatchOfText(Config):
    """How much text a step reads, and how its gradient is tamed."""

    batch_size: Annotated[
        int,
        Control(
            "Windows of text per step.",
            low=1,
            high=4096,
            log=True,
            live=True,
            group="Optimizer",
            paper="nanoGPT on a CPU: 12",
        ),
    ] = 16
    clip_norm: Annotated[
        float,
        Control(
            "The gradient is scaled down to this norm when it is longer; 0 leaves it.",
            low=0.0,
            high=1000.0,
            live=True,
            group="Optimizer",
            paper="GPT-3, nanoGPT: 1",
        ),
    ] = 1.0


class NeuralSequenceConfig(OptimizerSettings, BatchOfText, UnitSettings):
    """Units, model, batch and optimizer: nanoGPT's recipe for a CPU, half as deep and at thrice its rate, which is enough
    for sentences of everyday English and gives them within a minute (docs/papers.md)."""

    adam_beta2: ClassVar[float] = 0.99
    lowest_rate: ClassVar[float] = 0.1

    context: Annotated[
        int,
        Control(
            "Symbols that the model can see at most; while it trains, Context in use (seen) goes up to it.",
            low=2,
            high=4096,
            log=True,
            group="Model",
            paper="nanoGPT on a CPU: 64",
        ),
    ] = 64
    seen: Annotated[
        int,
        Control(
            "Symbols of the context that it is trained on now; 0 is all of them.",
            low=0,
            high=4096,
            live=True,
            title="Context in use",
            group="Model",
        ),
    ] = 0
    layers: Annotated[
        int,
        Control("Blocks, one above another.", low=1, high=48, group="Model", paper="nanoGPT on a CPU: 4"),
    ] = 2
    width: Annotated[
        int, Control("Numbers that stand for a symbol.", low=4, high=4096, log=True, group="Model")
    ] = 128
    dropout: Annotated[
        float,
        Control(
            "Share of values that are set to zero while training, so that nothing is learnt by heart.",
            low=0.0,
            high=0.9,
            live=True,
            group="Model",
        ),
    ] = 0.0
    learning_rate: Annotated[
        float,
        replace(ADAM_RATE, paper="nanoGPT for a character model: 1e-3, falling to a tenth"),
    ] = 3e-3
    weight_decay: Annotated[
        float,
        Control(
            "Pull of all matrices towards zero (not of biases and norms).",
            low=0.0,
            high=1.0,
            log=True,
            live=True,
            group="Optimizer",
            paper="GPT-3, nanoGPT: 0.1",
        ),
    ] = 0.1
    warmup_steps: Annotated[
        int,
        Control(
            "Steps in which the learning rate grows linearly from zero to its peak.",
            low=0,
            high=100_000,
            group="Optimizer",
            paper="nanoGPT: 100",
        ),
    ] = 100
    schedule_steps: Annotated[
        int,
        Control(
            "Length of the schedule: the rate has fallen to its lowest by this step and stays there.",
            low=1, high=10_000_000, log=True, unit="steps", live=True, group="Optimizer",
            needs="schedule=cosine,linear,tri_stage",
        ),
    ] = 2000  # fmt: skip

    @property
    def length(self) -> int:
        """Symbols of a window that are predicted now."""
        return min(self.seen, self.context) if self.seen else self.context


class TransformerSettings(Config):
    """What only Transformers have."""

    heads: Annotated[
        int,
        Control(
            "Patterns of attention in a block; the width is shared among them.", low=1, high=64, group="Model"
        ),
    ] = 4
    positions: Annotated[
        Literal["learnt", "rotary"],
        Control(
            "How the model knows where a symbol stands: by a vector for each place, or by turning keys and queries.",
            choice_titles=("Learnt", "Rotary"),
            group="Model",
            paper="Rotary: Su et al. 2021",
        ),
    ] = "learnt"
