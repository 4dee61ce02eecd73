"""Speech models that were trained before: what a method may begin with and what is asked to transcribe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from ssllab.assets import asset
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC
from ssllab.text.alphabet import VOCABULARY, Alphabet, read_alphabet, write_alphabet

SHIPPED, RECOGNISER = "shipped", "shipped-recogniser"
SHIPPED_MODELS = {SHIPPED: "speech-small", RECOGNISER: "speech-letters"}
SMALL = "a small model of twenty minutes"  # stands beside what the shipped recogniser writes
_TRANSCRIPTS = "transcripts.txt"


@dataclass(frozen=True)
class StoredModel:
    """A model, and the alphabet that it writes with where it is fine-tuned to text and that is known; ``texts``: those
    whose n-gram helps the shipped one to spell."""

    model: files.Wav2Vec2
    alphabet: Alphabet | None = None
    texts: tuple[str, ...] = ()

    def write(self, folder: Path) -> None:
        """Weights, settings and alphabet in Hugging Face's format, as ``transformers`` reads them."""
        files.write(self.model, folder)
        if self.alphabet is not None:
            write_alphabet(self.alphabet, folder)


ReadModel = Callable[[str], StoredModel]
"""From what a person calls a model to the model; the engine's knows runs, too."""


def read_stored(place: str) -> StoredModel:
    """A shipped model, or that of a folder in Hugging Face's format. Raises ModelFileError, DataError."""
    shipped = SHIPPED_MODELS.get(place)
    folder = Path(str(asset("models", shipped))) if shipped else Path(place).expanduser()
    model = files.read(folder)
    vocabulary = folder / VOCABULARY
    writes = model.config.vocab_size if isinstance(model, Wav2Vec2ForCTC) else None
    texts = (folder / _TRANSCRIPTS).read_text("utf-8").splitlines() if place == RECOGNISER else ()
    return StoredModel(
        model, read_alphabet(vocabulary, writes) if vocabulary.exists() else None, tuple(texts)
    )


def take_weights(model: nn.Module, state: Mapping[str, Any], prefix: str = "model.") -> None:
    """Put what a checkpoint holds of a method's ``model`` into one of the same shapes. Raises RuntimeError."""
    tensors = {
        name.removeprefix(prefix): value
        for name, value in state.items()
        if name.startswith(prefix) and isinstance(value, Tensor)
    }
    model.load_state_dict(tensors)
