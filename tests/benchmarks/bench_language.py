"""How fast ``causal_lm`` trains beside nanoGPT's model and loop, and what its recipe reaches on Tiny Shakespeare.

    python tests/benchmarks/bench_language.py [THREADS]

Claimed: at least as many symbols a second as nanoGPT's model and loop as published (its recipe for a CPU: characters, 4
layers, 4 heads, width 128, context 64, batch 12; scaled_dot_product_attention, no compile, AdamW with betas .9 and .99),
in the same precision and threads; both alternate five times in one run, and the medians are compared. Of a machine that
others use the ratio is a hint only; the processor's time, also printed, says more.

Measured on two quiet cores, two threads: 17,124 against 16,529 symbols a second of the clock, 1.04.

The reproduction, at most 1.86 nats at stride 32 on the last tenth of the file, which training never saw (measured: 1.834):

    T=../shared/data/text_tinyshakespeare/tinyshakespeare_first80.txt
    ssllab train causal_lm --data $T --steps 2000 --precision float32 --run gpt --set unit=char layers=4 heads=4 width=128 \\
      context=64 batch_size=12 dropout=0 learning_rate=0.001 warmup_steps=100 schedule_steps=2000
    ssllab evaluate gpt --stride 32
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ssllab.data.catalogue import load
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

TEXT = (
    Path(__file__).parents[2] / "../shared/data/text_tinyshakespeare/tinyshakespeare_first80.txt"
).resolve()
LAYERS, HEADS, WIDTH, CONTEXT, BATCH = 4, 4, 128, 64, 12
STEPS, TURNS, WARM = 20, 5, 5


class Norm(nn.Module):
    """Layer norm whose bias may be left out, as nanoGPT writes it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, None, 1e-5)


class Attention(nn.Module):
    """Causal self-attention by ``scaled_dot_product_attention``."""

    def __init__(self) -> None:
        super().__init__()
        self.c_attn = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.c_proj = nn.Linear(WIDTH, WIDTH, bias=False)
        self.resid_dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        b, t, c = x.size()
        q, k, v = self.c_attn(x).split(WIDTH, dim=2)
        q, k, v = (part.view(b, t, HEADS, c // HEADS).transpose(1, 2) for part in (q, k, v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=None, dropout_p=0.0, is_causal=True)
        return self.resid_dropout(self.c_proj(y.transpose(1, 2).contiguous().view(b, t, c)))


class Block(nn.Module):
    """Attention and two layers at each place."""

    def __init__(self) -> None:
        super().__init__()
        self.ln_1, self.attn, self.ln_2 = Norm(WIDTH), Attention(), Norm(WIDTH)
        self.c_fc = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.c_proj = nn.Linear(4 * WIDTH, WIDTH, bias=False)
        self.dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.dropout(self.c_proj(F.gelu(self.c_fc(self.ln_2(x)))))


class NanoGPT(nn.Module):
    """The model of nanoGPT (Karpathy 2022), written from its description."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(symbols, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.drop = nn.Dropout(0.0)
        self.h = nn.ModuleList(Block() for _ in range(LAYERS))
        self.ln_f = Norm(WIDTH)
        self.lm_head = nn.Linear(WIDTH, symbols, bias=False)
        self.wte.weight = self.lm_head.weight
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                std = 0.02 / math.sqrt(2 * LAYERS) if name.endswith("c_proj.weight") else 0.02
                nn.init.normal_(parameter, std=std)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        x = self.drop(self.wte(ids) + self.wpe(torch.arange(ids.size(1))))
        for block in self.h:
            x = block(x)
        logits = self.lm_head(self.ln_f(x))
        return F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)


def nano_gpt(ids: np.ndarray, symbols: int) -> Callable[[], float]:
    """One step of nanoGPT's loop: prefetched batch, norm clipped to 1, AdamW (whose fused form it has for CUDA alone)."""
    torch.manual_seed(0)
    model = NanoGPT(symbols)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.99))
    stored = ids.astype(np.uint16)

    def batch() -> tuple[Tensor, Tensor]:
        places = torch.randint(len(stored) - CONTEXT, (BATCH,))
        x = torch.stack([torch.from_numpy(stored[i : i + CONTEXT].astype(np.int64)) for i in places])
        y = torch.stack([torch.from_numpy(stored[i + 1 : i + 1 + CONTEXT].astype(np.int64)) for i in places])
        return x, y

    step, prefetched = 0, batch()

    def one() -> float:
        nonlocal step, prefetched
        rate = 1e-3 * min(1.0, (step + 1) / 101)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = model(*prefetched)
        prefetched = batch()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        return loss.item()

    return one


def ours() -> tuple[Callable[[], float], np.ndarray, int]:
    """One step of ``causal_lm`` with the same recipe; its symbols, and how many there are."""
    recipe = {"unit": "char", "layers": LAYERS, "heads": HEADS, "width": WIDTH, "context": CONTEXT}
    recipe |= {"batch_size": BATCH, "learning_rate": 1e-3, "warmup_steps": 100, "schedule_steps": 2000}
    settings = RunSettings(method="causal_lm", config=recipe, data=str(TEXT))
    trainer = Trainer(settings, load(str(TEXT), kinds=("text",)))
    ids = trainer.batches.ids.numpy()  # type: ignore[attr-defined]
    return lambda: trainer.train_step()["loss"], ids, len(trainer.method.units)  # type: ignore[attr-defined]


def measured(step: Callable[[], float]) -> tuple[float, float]:
    """Symbols a second, of the clock and of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    for _ in range(STEPS):
        step()
    symbols = STEPS * BATCH * CONTEXT
    return symbols / (time.perf_counter() - wall), symbols / (time.process_time() - processor)


def main() -> None:
    """Print both rates and their ratio."""
    if len(sys.argv) > 1:
        torch.set_num_threads(int(sys.argv[1]))
    own, ids, symbols = ours()
    reference = nano_gpt(ids, symbols)
    for step in (own, reference):
        for _ in range(WARM):
            step()
    rates: list[list[tuple[float, float]]] = [[], []]
    for _ in range(TURNS):
        for found, step in zip(rates, (own, reference), strict=True):
            found.append(measured(step))
    print(f"{torch.get_num_threads()} threads, float32, {TURNS} turns of {STEPS} steps")
    for kind, what in enumerate(("clock", "processor")):
        a, b = (median(rate[kind] for rate in found) for found in rates)
        print(f"symbols per second of the {what}: causal_lm {a:,.0f}, nanoGPT {b:,.0f}, ratio {a / b:.2f}")


if __name__ == "__main__":
    main()
