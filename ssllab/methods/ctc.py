"""Fine-tuning to text by connectionist temporal classification (wav2vec 2.0, section 4.3; Graves et al. 2006).

One linear layer on the context vectors gives posteriors of characters and of the blank; the loss sums over all
timings of the transcript. The same architecture from random weights is one switch away: the difference is what
pre-training is worth.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch
from torch import Tensor

from ssllab.data.speech.batches import SpeechBatch, SpeechBatches, collate
from ssllab.doctor.ctc import RULES
from ssllab.looks import Look, Transcript, Transcripts
from ssllab.methods.base import Probe, StepResult
from ssllab.methods.ctc_settings import CTCConfig
from ssllab.methods.recogniser import Recogniser, Search, recogniser_of
from ssllab.methods.speech import SpeechMethod
from ssllab.methods.speech_scalars import CTC_CHARTS, CTC_SERIES
from ssllab.methods.stored import ReadModel, StoredModel, read_stored, take_weights
from ssllab.methods.transcribed import (
    LONGEST_SECONDS,
    Utterance,
    evenly,
    first_minutes,
    minutes_of,
    padded_classes,
    utterances,
)
from ssllab.nn.random import dropout, set_dropout
from ssllab.nn.wav2vec2.config import Wav2Vec2Config
from ssllab.nn.wav2vec2.masking import mask_spans
from ssllab.nn.wav2vec2.model import Context, Wav2Vec2ForCTC, Wav2Vec2Model
from ssllab.objectives.ctc import ctc_loss, deaf_loss
from ssllab.text.alphabet import Alphabet
from ssllab.text.ctc_decode import collapse
from ssllab.text.ngram import CharacterModel, WordModel
from ssllab.text.word_error import error_rates

if TYPE_CHECKING:
    from ssllab.data.speech.types import SpeechData, SpeechSplit

DEAF_GUESSES = 5  # most frequent transcripts that a guess may write everywhere
PROBE_SECONDS = 60.0  # held-out speech of a live probe: about two seconds of work on two cores
BLANK_SHARE = 0.75  # of frames, before anything is learned
HEARD_CLIPS = 8  # of like length, in a batch of a probe
MOST_LATENTS = 64_000_000  # numbers: a quarter of a gigabyte, nearly three hours of the small model


class CTC(SpeechMethod):
    """A pre-trained encoder (or a fresh one) and a linear layer to characters."""

    name = "ctc"
    title = "CTC to text"
    rules = RULES
    paper = "Graves, Fernández, Gomez, Schmidhuber: CTC, ICML 2006; Baevski et al.: wav2vec 2.0, section 4.3"
    Config = CTCConfig
    config: CTCConfig
    parts: ClassVar[dict[type, str]] = {**SpeechMethod.parts, Transcript: "", Transcripts: "transcripts"}
    series = CTC_SERIES
    charts = CTC_CHARTS

    def __init__(
        self, config: CTCConfig, model: Wav2Vec2ForCTC, alphabet: Alphabet, data: SpeechData
    ) -> None:
        super().__init__()
        self.config = config
        self.model = model
        self.recogniser = Recogniser(model, alphabet)
        self._transcribed = utterances(data.train, alphabet, model.config)
        self._held_out = utterances(data.test, alphabet, model.config)
        self._labelled: dict[int, Utterance] = {}
        self._latents: dict[int, Tensor] = {}
        self._learned = 0  # steps
        self._heard: Transcripts | None = None  # of the last probe
        if not self._transcribed:
            texts = [text for text in data.train.texts if text]
            if texts and not any(alphabet.normalise(text).text for text in texts):
                raise ValueError(
                    f"the alphabet of '{config.pretrained}' has no symbol for transcripts as \"{texts[0][:40]}\": "
                    "expected a model that writes the language of the data, or one that was only pre-trained."
                )
            raise ValueError(
                f"{data.title} has no clip with a transcript of at most {LONGEST_SECONDS:g} s to learn from: expected "
                "transcribed speech. Type transcripts of your takes, or choose other data."
            )

    @classmethod
    def build(cls, config: Any, data: SpeechData, read_model: ReadModel | None = None) -> Self:
        """Weights as ``config`` says, for the transcripts of ``data``. Raises ValueError where they do not fit."""
        model, alphabet = starting_point((read_model or read_stored)(config.pretrained), config.from_scratch)
        return cls(config, model, alphabet, data)

    @classmethod
    def stored(cls, config: CTCConfig, state: Mapping[str, Any]) -> StoredModel:
        """See :meth:`ssllab.methods.speech.SpeechMethod.stored`."""
        extra = state["_extra_state"]
        model = Wav2Vec2ForCTC(Wav2Vec2Config.from_dict(extra["config"]))
        take_weights(model, state)
        return StoredModel(
            model.eval(), Alphabet(**{**extra.get("writing", {}), "symbols": tuple(extra["symbols"])})
        )

    @classmethod
    def inspector(cls, config: CTCConfig, state: Mapping[str, Any], device: torch.device) -> Recogniser:
        """Searches as the settings in force say; its n-gram is of the transcripts that are learned from."""
        recogniser = recogniser_of(cls.stored(config, state), "run")
        recogniser.model.to(device)
        recogniser.search = search_by(config, state["_extra_state"]["texts"], recogniser.alphabet)
        return recogniser

    @property
    def encoder(self) -> Wav2Vec2Model:
        """See :meth:`ssllab.methods.speech.SpeechMethod.encoder`."""
        return self.model.wav2vec2

    def get_extra_state(self) -> dict[str, Any]:
        """What the model needs besides weights; where they came from may be gone by then."""
        return {
            "config": self.model.config.to_dict("Wav2Vec2ForCTC"),
            "symbols": list(self.recogniser.alphabet.symbols),
            "writing": {
                name: value
                for name, value in dataclasses.asdict(self.recogniser.alphabet).items()
                if name != "symbols"
            },
            "texts": self._texts(),
        }

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Nothing: shapes and alphabet were settled when the model was built."""

    def batches(self, data: SpeechData, seed: int, rank: int = 0, ranks: int = 1) -> SpeechBatches:
        """Whole clips with transcripts: the labelled minutes, drawn from the run's seed."""
        chosen = first_minutes(self._transcribed, self.config.labelled_minutes, seed)
        self._labelled = {utterance.clip: utterance for utterance in chosen}
        return SpeechBatches(
            data.train,
            seed,
            batch_seconds=self.config.batch_seconds,
            crop_seconds=LONGEST_SECONDS,
            least_seconds=0.0,
            device=self.device,
            clips=torch.tensor(sorted(self._labelled)),
            rank=rank,
            ranks=ranks,
        )

    def step(self, batch: SpeechBatch, generator: torch.Generator) -> StepResult:
        """Posteriors of all frames, some of them masked; the loss of the transcripts."""
        chosen = [self._labelled[clip] for clip in batch.clips.tolist()]
        classes, class_counts = (tensor.to(self.device) for tensor in padded_classes(chosen))
        found, masked = self._listen(batch, generator)
        logits = self.model.lm_head(dropout(found.context, self.config.dropout, generator))
        blank = self.recogniser.alphabet.blank
        loss = ctc_loss(logits, found.counts, classes, class_counts, blank=blank)
        with torch.no_grad():
            guess = deaf_loss(
                logits.shape[1],
                found.counts,
                classes,
                class_counts,
                len(self.recogniser.alphabet),
                blank=blank,
            )
            best = logits.argmax(-1)
            frames = found.counts.sum()
            metrics = {
                "loss": loss.detach(),
                "chance_loss": guess,
                "batch_cer": torch.tensor(self._batch_cer(best, found.counts, chosen), device=loss.device),
                "blank_share": ((best == blank) & found.valid).sum() / frames,
                "masked_share": loss.new_zeros(()) if masked is None else masked.sum() / frames,
            }
        self._learned = self.updates + 1
        return StepResult(loss, metrics)

    def _mask(self, counts: Tensor, generator: torch.Generator) -> Tensor | None:
        config = self.config
        if not config.mask_probability:
            return None
        frames = int(counts.max())
        return mask_spans(counts, frames, config.mask_probability, config.mask_length, generator, least=0)

    def _listen(self, batch: SpeechBatch, generator: torch.Generator) -> tuple[Context, Tensor | None]:
        """The context vectors, with as much gradient as the freezing leaves, and which frames were masked."""
        config, wav2vec2 = self.config, self.model.wav2vec2
        only_head = not config.from_scratch and (config.freeze_encoder or self.updates < config.freeze_steps)
        set_dropout(self.model, config.dropout, config.layerdrop)
        with torch.set_grad_enabled(torch.is_grad_enabled() and not only_head):
            if config.from_scratch or not config.freeze_feature_encoder:
                self._latents.clear()
                raw, counts = wav2vec2.encode(batch.samples, batch.lengths)
            else:
                raw, counts = self._kept_latents(batch)
            masked = self._mask(counts, generator)
            return wav2vec2.contextualise(raw, counts, True, masked, generator), masked

    def _kept_latents(self, batch: SpeechBatch) -> tuple[Tensor, Tensor]:
        """What the frozen convolutions give for a clip never changes, and they are most of the work."""
        rows = []
        for row, clip in enumerate(batch.clips.tolist()):
            latents = self._latents.get(clip)
            if latents is None:
                # Each clip alone: the numbers are then the same whatever batch it was first met in.
                with torch.no_grad():
                    alone = batch.samples[row : row + 1, : int(batch.lengths[row])]
                    latents = self.model.wav2vec2.encode(alone)[0][0]
                if sum(kept.numel() for kept in self._latents.values()) < MOST_LATENTS:
                    self._latents[clip] = latents
            rows.append(latents)
        counts = torch.tensor([len(latents) for latents in rows], device=self.device)
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True), counts

    def _batch_cer(self, best: Tensor, counts: Tensor, chosen: list[Utterance]) -> float:
        alphabet = self.recogniser.alphabet
        rows = zip(best.tolist(), counts.tolist(), strict=True)
        heard = [alphabet.decode(collapse(row[:count], alphabet.blank)) for row, count in rows]
        return error_rates([utterance.text for utterance in chosen], heard).cer

    def search(self) -> Search:
        """How held-out clips are searched, by the settings in force."""
        return search_by(self.config, self._texts(), self.recogniser.alphabet)

    def _texts(self) -> tuple[str, ...]:
        return tuple(utterance.text for utterance in self._labelled.values())

    def recognise(self, split: SpeechSplit, chosen: Sequence[Utterance]) -> tuple[list[Transcript], float]:
        """What is written for utterances of ``split``, and their loss in nats per character."""
        clips = torch.tensor([utterance.clip for utterance in chosen])
        lengths = torch.tensor([utterance.samples for utterance in chosen])
        search, blank = self.search(), self.recogniser.alphabet.blank
        written: dict[int, Transcript] = {}
        loss = 0.0
        for part in lengths.argsort().split(HEARD_CLIPS):
            batch = collate(split, clips[part], torch.zeros_like(part), lengths[part]).to(self.device)
            rows = self.recogniser.log_probs(batch.samples, batch.lengths)
            for number, row in zip(part.tolist(), rows, strict=True):
                written[number] = self.recogniser.read(row, search)
            tensors = [torch.from_numpy(row) for row in rows]
            padded = torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True)
            counts = torch.tensor([len(row) for row in rows])
            loss += len(part) * float(
                ctc_loss(padded, counts, *padded_classes([chosen[i] for i in part]), blank=blank)
            )
        return [written[number] for number in range(len(chosen))], loss / len(chosen)

    @torch.no_grad()
    def probe(self, data: SpeechData, *, seconds: float = PROBE_SECONDS) -> Probe:
        """Word and character error rates of both decoders on about ``seconds`` of held-out clips."""
        chosen = evenly(self._held_out, seconds)
        if not chosen:
            return Probe({}, self.constants())
        heard, loss = self.recognise(data.test, chosen)
        references = tuple(utterance.text for utterance in chosen)
        best, searched = tuple(t.greedy for t in heard), tuple(t.beam for t in heard)
        self._heard = Transcripts(
            self._learned,
            tuple(utterance.clip for utterance in chosen),
            tuple(data.test.names[utterance.clip] for utterance in chosen),
            references,
            best,
            searched,
        )
        rates, beam_rates = error_rates(references, best), error_rates(references, searched)
        scalars = {
            "wer": rates.wer,
            "cer": rates.cer,
            "wer_beam": beam_rates.wer,
            "cer_beam": beam_rates.cer,
            "heldout_loss": loss,
        }
        return Probe(scalars, self.constants() | self._deaf_rates(references))

    def _deaf_rates(self, references: tuple[str, ...]) -> dict[str, float]:
        """The error rates of a guess that hears nothing: the best of no text and the most frequent transcripts."""
        frequent = [text for text, _ in Counter(self._texts()).most_common(DEAF_GUESSES)]
        rates = [error_rates(references, (text,) * len(references)) for text in ("", *frequent)]
        return {"chance_wer": min(r.wer for r in rates), "chance_cer": min(r.cer for r in rates)}

    def look(self, data: SpeechData, step: int) -> Look:
        """What the last probe heard, clip by clip."""
        return Look(step, () if self._heard is None else (self._heard,))

    def context_of(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """See :meth:`ssllab.methods.speech.SpeechMethod.context_of`."""
        found = self.model.wav2vec2(samples, lengths)
        return found.context, found.counts

    def constants(self) -> dict[str, float]:
        """How much speech is learned from and tested on, in minutes; the size of the alphabet."""
        return {
            "labelled_minutes": minutes_of(list(self._labelled.values())),
            "transcribed_minutes": minutes_of(self._transcribed),
            "heldout_minutes": minutes_of(self._held_out),
            "symbols": float(len(self.recogniser.alphabet)),
        }


@lru_cache(maxsize=4)  # it takes as long as several searches
def _n_gram(kind: str, texts: tuple[str, ...], alphabet: Alphabet) -> CharacterModel | WordModel | None:
    makers: dict[str, type[CharacterModel | WordModel]] = {"character": CharacterModel, "word": WordModel}
    return makers[kind](texts, alphabet) if kind in makers else None


def search_by(config: CTCConfig, texts: tuple[str, ...], alphabet: Alphabet) -> Search:
    """Beam search as the settings have it, with an n-gram of these texts."""
    language = _n_gram(config.language_model, texts, alphabet)
    return Search(language, config.language_weight, config.length_bonus, config.beam_width)


def starting_point(source: StoredModel, from_scratch: bool) -> tuple[Wav2Vec2ForCTC, Alphabet]:
    """A model to fine-tune and its alphabet: that of ``source``, or the same shapes with random weights.

    A model that can already spell goes on with its own last layer; one whose symbols are sounds, or are not known,
    gets a new one for letters.
    """
    known, spells = source.model, source.alphabet is not None and not source.alphabet.phones
    alphabet = source.alphabet if source.alphabet is not None and spells else Alphabet()
    shape = dataclasses.replace(source.model.config, vocab_size=len(alphabet), pad_token_id=alphabet.blank)
    model = Wav2Vec2ForCTC(shape)
    # Most frames of any text are blank: without this the first dozens of steps learn nothing else.
    model.lm_head.bias.data[alphabet.blank] = math.log(BLANK_SHARE / (1 - BLANK_SHARE) * (len(alphabet) - 1))
    if not from_scratch:
        body = known if isinstance(known, Wav2Vec2Model) else known.wav2vec2
        model.wav2vec2.load_state_dict(body.state_dict())
        if isinstance(known, Wav2Vec2ForCTC) and spells:
            model.lm_head.load_state_dict(known.lm_head.state_dict())
    return model, alphabet
