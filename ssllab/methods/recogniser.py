"""A CTC model with its alphabet: posteriors of sound of any length, and the text read from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ssllab.audio.parts import part_frames
from ssllab.looks import Inspection, Transcript
from ssllab.methods.speech import windows
from ssllab.methods.stored import RECOGNISER, StoredModel, read_stored
from ssllab.nn.model_files import ModelFileError
from ssllab.nn.wav2vec2.model import Wav2Vec2ForCTC, Wav2Vec2Model
from ssllab.nn.wav2vec2.statistics import Statistics, statistics_of
from ssllab.text.alphabet import Alphabet
from ssllab.text.ctc_decode import beam_search, cut_at_pauses, greedy
from ssllab.text.ngram import CharacterModel

CUT_SECONDS, PAUSE_SECONDS, MOST_SECONDS = 8.0, 0.3, 30.0  # see :func:`ssllab.text.ctc_decode.cut_at_pauses`


@dataclass(frozen=True)
class Search:
    """How beam search goes: see :func:`ssllab.text.ctc_decode.beam_search`."""

    language: Any = None
    alpha: float = 0.5
    beta: float = 1.0
    width: int = 16


class Recogniser:
    """``model`` writes with ``alphabet``, and is searched as ``search`` says unless told otherwise.

    Evaluation only: nothing is random and no gradient is kept. ``specials``: such symbols as ``<unk>`` stand in the
    text where the model writes them, as ``transformers`` has it; error rates are of text without.
    """

    def __init__(
        self,
        model: Wav2Vec2ForCTC,
        alphabet: Alphabet,
        search: Search | None = None,
        *,
        specials: bool = False,
    ) -> None:
        if model.config.vocab_size != len(alphabet):
            raise ModelFileError(
                f"the model writes {model.config.vocab_size} symbols and its alphabet has {len(alphabet)}: expected "
                "the vocab.json that belongs to it."
            )
        self.model, self.alphabet = model, alphabet
        self.search = search or Search()
        self.specials = specials

    @property
    def encoder(self) -> Wav2Vec2Model:
        """What hears."""
        return self.model.wav2vec2

    @torch.no_grad()
    def log_probs(
        self, samples: Tensor, lengths: Tensor | None = None, whole: Statistics | None = None
    ) -> list[NDArray[np.float32]]:
        """Of each row of ``samples (B, n)``: log posteriors ``(T, A)`` of its own frames."""
        logits, found = self.model(samples, lengths, whole=whole)
        every = logits.float().log_softmax(-1).cpu().numpy()
        return [row[:count] for row, count in zip(every, found.counts.tolist(), strict=True)]

    def stream(
        self, blocks: Iterable[NDArray[np.float32]], whole: Statistics | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Log posteriors ``(T, A)`` part by part (see :mod:`ssllab.audio.parts`) of 16 kHz mono sound that comes in
        ``blocks (n,)``; ``whole``: of all of them, where the model needs it.
        """
        config = self.model.config
        hop, reach = config.frame_samples, config.receptive_field
        part, margin = part_frames(hop)
        sound, before = np.empty(0, np.float32), 0  # the first ``before`` frames were written and are context
        for block in chain(blocks, [None]):
            sound = sound if block is None else np.concatenate([sound, block])
            while config.frames(len(sound)) - before > part + 2 * margin:
                heard = self._hear(sound[: (before + part + margin - 1) * hop + reach], whole)
                yield heard[before : before + part]
                sound, before = sound[(before + part - margin) * hop :], margin
        yield self._hear(sound, whole)[before:]

    def _hear(self, sound: NDArray[np.float32], whole: Statistics | None) -> NDArray[np.float32]:
        if self.model.config.frames(len(sound)) == 0:
            return np.empty((0, len(self.alphabet)), np.float32)
        samples = torch.from_numpy(sound).to(self.model.lm_head.weight.device)[None]
        return self.log_probs(samples, whole=whole)[0]

    def transcribe(self, samples: Tensor, search: Search | None = None) -> Transcript:
        """The text of ``samples (n,)`` float32 at 16 kHz, of any length."""
        whole = statistics_of(self.encoder, [samples])
        return self.read(np.concatenate(list(self.stream([samples.cpu().numpy()], whole))), search)

    @torch.no_grad()
    def inspect_audio(
        self, samples: Tensor, seed: int = 0, mask: bool = True, whole: Statistics | None = None
    ) -> Inspection:
        """Posteriors and latents frame by frame, see :class:`ssllab.looks.Inspection`; there are no codes."""
        whole = whole or statistics_of(self.encoder, [samples])
        log_probs = np.concatenate(list(self.stream([samples.cpu().numpy()], whole)))
        device = self.model.lm_head.weight.device
        latents = np.zeros((len(log_probs), self.model.config.conv_dim[-1]), np.float32)
        for part, begin, end in windows(len(samples), self.model.config):
            raw, _ = self.encoder.encode(samples[None, begin:end].to(device), whole=whole)
            found = self.encoder.feature_projection.layer_norm(raw)[0].float().cpu().numpy()
            latents[part.first : part.last] = found[part.first - part.begin : part.last - part.begin]
        none = np.zeros((len(log_probs), 0))
        return Inspection(
            none.astype(np.int64),
            none.astype(np.float32),
            latents,
            log_probs=log_probs,
            alphabet=self.alphabet.symbols,
            blank=self.alphabet.blank,
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
            for part in self._cut(log_probs)
        )
        heard = (self.alphabet.decode(classes, specials=self.specials) for classes in found)
        best = self.alphabet.decode(greedy(log_probs, blank), specials=self.specials)
        return Transcript(best, " ".join(filter(None, heard)))

    def _cut(self, log_probs: NDArray) -> list[NDArray]:
        seconds = self.model.config.frame_seconds
        long, pause, most = (round(length / seconds) for length in (CUT_SECONDS, PAUSE_SECONDS, MOST_SECONDS))
        return cut_at_pauses(log_probs, self.alphabet.blank, long=long, pause=max(1, pause), most=most)


def recogniser_of(stored: StoredModel, place: str) -> Recogniser:
    """Raises ModelFileError where the model at ``place`` was not fine-tuned to text."""
    if not isinstance(stored.model, Wav2Vec2ForCTC):
        raise ModelFileError(
            f"the model '{place}' is not fine-tuned to text: make one with 'ssllab train ctc', or choose another with "
            "--model."
        )
    alphabet, symbols = stored.alphabet or Alphabet(), stored.model.config.vocab_size
    if stored.alphabet is None and symbols != len(alphabet):
        raise ModelFileError(
            f"the model '{place}' has no vocab.json, so nobody knows what its {symbols} symbols are: copy the vocab.json "
            "that belongs to it beside its config.json."
        )
    search = Search(CharacterModel(stored.texts, alphabet)) if stored.texts else None
    return Recogniser(stored.model, alphabet, search, specials=True)


@cache
def shipped_recogniser() -> Recogniser:
    """The one that writes where no other was chosen; see its card in ``resources/models``."""
    return recogniser_of(read_stored(RECOGNISER), RECOGNISER)


def assumption(stored: StoredModel, place: str) -> str:
    """What has to be said of how a model's symbols are read; empty where they are known."""
    if stored.alphabet is not None or not isinstance(stored.model, Wav2Vec2ForCTC):
        return ""
    return (
        f"The model '{place}' has no vocab.json: its symbols are taken for the letters of LibriSpeech models, which may "
        "be wrong. Copy the vocab.json that belongs to it beside its config.json."
    )
