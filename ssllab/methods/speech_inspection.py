"""One recording through a pre-trained model, frame by frame, in windows so that hours fit into memory."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ssllab.looks import Inspection
from ssllab.methods.speech import windows
from ssllab.nn.wav2vec2.masking import mask_spans
from ssllab.nn.wav2vec2.model import Wav2Vec2ForPreTraining, Wav2Vec2Model
from ssllab.nn.wav2vec2.statistics import Statistics, statistics_of
from ssllab.objectives.masked_contrast import draw_distractors, pack


class PretrainedInspector:
    """A pre-trained model that nobody trains."""

    def __init__(self, model: Wav2Vec2ForPreTraining) -> None:
        self.model = model

    @property
    def encoder(self) -> Wav2Vec2Model:
        """What hears."""
        return self.model.wav2vec2

    def inspect_audio(
        self, samples: Tensor, seed: int = 0, mask: bool = True, whole: Statistics | None = None
    ) -> Inspection:
        """``samples (n,)`` float32 at 16 kHz; ``whole``: of the recording that they are a part of."""
        config = self.model.config
        return inspect_pretrained(
            self.model,
            samples,
            seed=seed,
            task=(config.mask_time_prob, config.mask_time_length) if mask else None,
            distractors=config.num_negatives,
            whole=whole or statistics_of(self.encoder, [samples]),
        )


@torch.no_grad()
def inspect_pretrained(
    model: Wav2Vec2ForPreTraining,
    samples: Tensor,
    *,
    seed: int,
    task: tuple[float, int] | None,
    distractors: int,
    whole: Statistics | None,
) -> Inspection:
    """``samples (n,)``; ``task``: mask probability and span length, None for codes alone; ``whole``: see
    :meth:`PretrainedInspector.inspect_audio`."""
    device = next(model.parameters()).device
    generator = torch.Generator(device).manual_seed(seed)
    total = model.config.frames(len(samples))
    groups, width = model.config.num_codevector_groups, model.config.conv_dim[-1]
    codes = torch.zeros((total, groups), dtype=torch.int64)
    confidence, latents = torch.zeros((total, groups)), torch.zeros((total, width))
    masked = torch.zeros(total, dtype=torch.bool)
    true = torch.full((total,), torch.nan)
    others = torch.full((total, distractors), torch.nan) if task else torch.zeros((0, 0))
    for part, begin, end in windows(len(samples), model.config):
        sound = samples[None, begin:end].to(device)
        heard = model.codes(sound, whole=whole)
        at, wanted = slice(part.first, part.last), slice(part.first - part.begin, part.last - part.begin)
        codes[at], confidence[at] = heard.codes[0, wanted].cpu(), heard.confidence[0, wanted].cpu()
        latents[at] = heard.latents[0, wanted].float().cpu()
        if task is None:
            continue
        frames = heard.codes.shape[1]
        hidden = mask_spans(heard.counts, frames, task[0], task[1], generator)
        places = pack(hidden)
        found = model.wav2vec2(sound, masked=hidden, whole=whole)
        context = F.normalize(model.project_hid(places.gather(found.context)).float(), dim=-1)
        target = F.normalize(
            model.project_q(model.quantize(places.gather(found.latents)).vectors).float(), dim=-1
        )
        cosines = context @ target.transpose(1, 2)
        drawn = cosines.gather(2, draw_distractors(places, distractors, generator))
        rows = part.begin + places.index[places.valid].cpu()
        of_part = (rows >= part.first) & (rows < part.last)  # the margins are those of the neighbours
        rows = rows[of_part]
        masked[at] = hidden[0, wanted].cpu()
        true[rows] = cosines.diagonal(dim1=1, dim2=2)[places.valid].cpu()[of_part]
        others[rows] = drawn[places.valid].cpu()[of_part]
    found_codes = Inspection(codes.numpy(), confidence.numpy(), latents.numpy())
    if task is None:
        return found_codes
    return replace(
        found_codes,
        masked=masked.numpy(),
        similarity_true=true.numpy(),
        similarity_distractors=others.numpy(),
    )
