"""How language models lie in Hugging Face's files: the names of their weights and of the numbers in ``config.json``.

One table serves reading and writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ssllab.nn.language.transformer import ROTARY_BASE

#: Activations by Hugging Face's names, to ours.
ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
}


@dataclass(frozen=True)
class Layout:
    """``prefix``: what all names begin with but those of the head; a file may leave it out. ``block``: what those of a
    block begin with. ``names``: ours to theirs. ``sizes``: ours to theirs in ``config.json``, with the default. ``only``:
    what else it may say: the one value that is read here, and the default. ``shape``: what is always so."""

    architecture: str
    prefix: str
    block: str
    names: Mapping[str, str]
    sizes: Mapping[str, tuple[str, Any]]
    only: Mapping[str, tuple[Any, Any]]
    shape: Mapping[str, Any]


_BERT_SIZES = {
    "symbols": ("vocab_size", 30522),
    "context": ("max_position_embeddings", 512),
    "layers": ("num_hidden_layers", 12),
    "heads": ("num_attention_heads", 12),
    "width": ("hidden_size", 768),
    "feed": ("intermediate_size", 3072),
    "activation": ("hidden_act", "gelu"),
    "epsilon": ("layer_norm_eps", 1e-12),
}
_BERT_NAMES = {
    "embedding": "embeddings.word_embeddings",
    "places": "embeddings.position_embeddings",
    "attention.queries_keys_values": "attention.self.",
    "attention.out": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
    "scorer.0": "cls.predictions.transform.dense",
    "scorer.2": "cls.predictions.transform.LayerNorm",
    "score_bias": "cls.predictions.bias",
}
_BERT_ONLY = {
    "position_embedding_type": ("absolute", "absolute"),
    "is_decoder": (False, False),
    "add_cross_attention": (False, False),
    "tie_word_embeddings": (True, True),
}
LAYOUTS = {
    "gpt2": Layout(
        "GPT2LMHeadModel",
        "transformer.",
        "h.{}.",
        {
            "embedding": "wte",
            "places": "wpe",
            "attention_norm": "ln_1",
            "attention.queries_keys_values": "attn.c_attn",
            "attention.out": "attn.c_proj",
            "feed_norm": "ln_2",
            "up": "mlp.c_fc",
            "down": "mlp.c_proj",
            "norm": "ln_f",
        },
        {
            "symbols": ("vocab_size", 50257),
            "context": ("n_positions", 1024),
            "layers": ("n_layer", 12),
            "heads": ("n_head", 12),
            "width": ("n_embd", 768),
            "feed": ("n_inner", 0),
            "activation": ("activation_function", "gelu_new"),
            "epsilon": ("layer_norm_epsilon", 1e-5),
        },
        {
            "scale_attn_weights": (True, True),
            "scale_attn_by_inverse_layer_idx": (False, False),
            "add_cross_attention": (False, False),
            "tie_word_embeddings": (True, True),
        },
        {"causal": True},
    ),
    "bert": Layout(
        "BertForMaskedLM",
        "bert.",
        "encoder.layer.{}.",
        _BERT_NAMES
        | {
            "norm": "embeddings.LayerNorm",
            "attention_norm": "attention.output.LayerNorm",
            "feed_norm": "output.LayerNorm",
        },
        _BERT_SIZES,
        _BERT_ONLY,
        {"causal": False, "norm_first": False, "scorer": True},
    ),
    "megatron-bert": Layout(
        "MegatronBertForMaskedLM",
        "bert.",
        "encoder.layer.{}.",
        _BERT_NAMES | {"norm": "encoder.ln", "attention_norm": "attention.ln", "feed_norm": "ln"},
        _BERT_SIZES
        | {
            "symbols": ("vocab_size", 29056),
            "layers": ("num_hidden_layers", 24),
            "heads": ("num_attention_heads", 16),
            "width": ("hidden_size", 1024),
            "feed": ("intermediate_size", 4096),
        },
        _BERT_ONLY,
        {"causal": False, "scorer": True},
    ),
    "gpt_neox": Layout(
        "GPTNeoXForCausalLM",
        "gpt_neox.",
        "layers.{}.",
        {
            "embedding": "embed_in",
            "attention_norm": "input_layernorm",
            "attention.queries_keys_values": "attention.query_key_value",
            "attention.out": "attention.dense",
            "feed_norm": "post_attention_layernorm",
            "up": "mlp.dense_h_to_4h",
            "down": "mlp.dense_4h_to_h",
            "norm": "final_layer_norm",
        },
        {
            "symbols": ("vocab_size", 50432),
            "context": ("max_position_embeddings", 2048),
            "layers": ("num_hidden_layers", 44),
            "heads": ("num_attention_heads", 64),
            "width": ("hidden_size", 6144),
            "feed": ("intermediate_size", 24576),
            "activation": ("hidden_act", "gelu"),
            "epsilon": ("layer_norm_eps", 1e-5),
        },
        {
            "use_parallel_residual": (False, True),
            "rotary_pct": (1.0, 0.25),
            "rotary_emb_base": (ROTARY_BASE, ROTARY_BASE),
            "rope_type": ("default", "default"),
            "attention_bias": (True, True),
            "tie_word_embeddings": (True, False),
        },
        {"causal": True, "positions": "rotary"},
    ),
}
