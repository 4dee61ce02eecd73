"""A CTC model with its alphabet: posteriors of sound of any length, and the text read from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.looks import Inspection, Transcript
from ssllab.methods.speech import windows
from ssllab.methods.stored import StoredModel
from ssllab.nn.wav2vec2 import files
from ssllab.nn.wav2vec2.config import FRAME
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC
from ssllab.text.alphabet import Alphabet
from ssllab.text.ctc_decode import beam_search, cut_at_pauses, greedy

PART, MARGIN = 800 * FRAME, 100 * FRAME  # samples: 16 s at a time, with 2 s of context on either side


@dataclass(frozen=True)
class Search:
    """How beam search goes: see :func:`ssllab.text.ctc_decode.beam_search`."""

    language: Any = None
    alpha: float = 0.5
    beta: float = 1.0
    width: int = 16


class Recogniser:
    """``model`` writes with ``alphabet``, and is searched as ``search`` says unless told otherwise.

    Evaluation only: nothing is random and no gradient is kept.
    """

    def __init__(self, model: Wav2Vec2ForCTC, alphabet: Alphabet, search: Search | None = None) -> None:
        if model.config.vocab_size != len(alphabet):
            raise files.ModelFileError(
                f"the model writes {model.config.vocab_size} symbols and its alphabet has {len(alphabet)}: expected "
                "the vocab.json that belongs to it."
            )
        self.model, self.alphabet = model, alphabet
        self.search = search or Search()

    @torch.no_grad()
    def log_probs(self, samples: Tensor, lengths: Tensor | None = None) -> list[NDArray[np.float32]]:
        """Of each row of ``samples (B, n)``: log posteriors ``(T, A)`` of its own frames."""
        logits, found = self.model(samples, lengths)
        every = logits.float().log_softmax(-1).cpu().numpy()
        return [row[:count] for row, count in zip(every, found.counts.tolist(), strict=True)]

    def stream(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Log posteriors ``(T, A)`` part by part of 16 kHz mono sound that comes in ``blocks (n,)``.

        Sound of at most 20 seconds is heard whole; of longer one every part has two seconds of context on either side.
        """
        sound, before = (
            np.empty(0, np.float32),
            0,
        )  # the first ``before`` samples were written and are context
        for block in chain(blocks, [None]):
            sound = sound if block is None else np.concatenate([sound, block])
            while len(sound) > before + PART + 2 * MARGIN:
                heard = self._hear(sound[: before + PART + MARGIN])
                yield heard[before // FRAME : (before + PART) // FRAME]
                sound, before = sound[before + PART - MARGIN :], MARGIN
        yield self._hear(sound)[before // FRAME :]

    def _hear(self, sound: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.model.config.frames(len(sound)) == 0:
            return np.empty((0, len(self.alphabet)), np.float32)
        return self.log_probs(torch.from_numpy(sound).to(self.model.lm_head.weight.device)[None])[0]

    def transcribe(self, samples: Tensor, search: Search | None = None) -> Transcript:
        """The text of ``samples (n,)`` float32 at 16 kHz, of any length."""
        return self.read(np.concatenate(list(self.stream([samples.cpu().numpy()]))), search)

    @torch.no_grad()
    def inspect_audio(self, samples: Tensor, seed: int = 0, mask: bool = True) -> Inspection:
        """Posteriors and latents frame by frame, see :class:`ssllab.looks.Inspection`; there are no codes."""
        log_probs = np.concatenate(list(self.stream([samples.cpu().numpy()])))
        wav2vec2, device = self.model.wav2vec2, self.model.lm_head.weight.device
        latents = np.zeros((len(log_probs), self.model.config.conv_dim[-1]), np.float32)
        for first, begin, end in windows(len(samples), len(log_probs)):
            raw, _ = wav2vec2.encode(samples[None, begin:end].to(device))
            found = wav2vec2.feature_projection.layer_norm(raw)[0].float().cpu().numpy()
            latents[first : first + len(found)] = found
        none = np.zeros((len(log_probs), 0))
        return Inspection(
            none.astype(np.int64),
            none.astype(np.float32),
            latents,
            log_probs=log_probs,
            alphabet=self.alphabet.symbols,
        )

    def read(self, log_probs: NDArray, search: Search | None = None) -> Transcript:
        """The text of ``(T, A)`` log posteriors; long ones are cut where nothing is said."""
        search = search or self.search
        blank = self.alphabet.blank
        found = (
            beam_search(
                part,
                blank=blank,
                width=search.width,
                language=search.language,
                alpha=search.alpha,
                beta=search.beta,
            )[0].classes
            for part in cut_at_pauses(log_probs, blank)
        )
        heard = (self.alphabet.decode(classes) for classes in found)
        return Transcript(self.alphabet.decode(greedy(log_probs, blank)), " ".join(filter(None, heard)))


def recogniser_of(stored: StoredModel, place: str) -> Recogniser:
    """Raises ModelFileError where the model at ``place`` was not fine-tuned to text."""
    if not isinstance(stored.model, Wav2Vec2ForCTC):
        raise files.ModelFileError(
            f"the model '{place}' is not fine-tuned to text: make one with 'ssllab train ctc', or choose another with "
            "--model."
        )
    return Recogniser(stored.model, stored.alphabet or Alphabet())
