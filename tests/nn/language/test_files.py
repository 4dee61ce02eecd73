"""Every layout against ``transformers``, with random weights and random symbols."""

import numpy as np
import pytest
import torch

from ssllab._torchvision import torchvision
from ssllab.nn.language import files
from ssllab.nn.language.transformer import Cache

assert torchvision, "torchvision must be imported through ssllab before transformers"
SYMBOLS, CONTEXT = 41, 16
BERT = {
    "vocab_size": SYMBOLS,
    "max_position_embeddings": CONTEXT,
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
}
GPT2 = {"vocab_size": SYMBOLS, "n_positions": CONTEXT, "n_embd": 32, "n_layer": 3, "n_head": 4}
ENDS = {"bos_token_id": 0, "eos_token_id": 0}
KINDS = {
    "GPT2LMHeadModel": ("GPT2Config", {**GPT2, **ENDS}),
    "BertForMaskedLM": ("BertConfig", BERT),
    "MegatronBertForMaskedLM": ("MegatronBertConfig", BERT),
    "GPTNeoXForCausalLM": (
        "GPTNeoXConfig",
        {
            "use_parallel_residual": False,
            "rotary_pct": 1.0,
            "tie_word_embeddings": True,
            **BERT,
            **ENDS,
        },
    ),
}


@pytest.fixture(params=KINDS)
def folder_and_model(request, tmp_path):
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    config, settings = KINDS[request.param]
    torch.manual_seed(0)
    model = getattr(transformers, request.param)(getattr(transformers, config)(**settings))
    for parameter in model.parameters():  # biases and norms too, and far from their beginning
        torch.nn.init.normal_(parameter, std=0.3)
    model.tie_weights()
    model.save_pretrained(tmp_path)
    return tmp_path, model.eval()


@torch.no_grad()
def test_scores_of_random_symbols_are_those_of_transformers(folder_and_model):
    folder, model = folder_and_model
    ids = torch.randint(SYMBOLS, (4, CONTEXT), generator=torch.Generator().manual_seed(1))
    expected = model(ids).logits
    ours = files.read(folder)
    assert expected.abs().max() > 1
    assert (ours.logits(ours(ids)) - expected).abs().max() < 1e-4
    turned = np.roll(np.arange(SYMBOLS), 5)  # our symbols are the file's in another order
    other = files.read(folder, turned)
    assert (
        other.logits(other(ids)) - model(torch.from_numpy(turned)[ids]).logits[..., turned]
    ).abs().max() < 1e-4


@pytest.mark.parametrize("folder_and_model", ["GPT2LMHeadModel", "GPTNeoXForCausalLM"], indirect=True)
@torch.no_grad()
def test_a_cache_changes_nothing(folder_and_model):
    ours = files.read(folder_and_model[0])
    ids, cache = torch.randint(SYMBOLS, (2, CONTEXT), generator=torch.Generator().manual_seed(1)), Cache()
    found = torch.cat([ours(part, cache=cache) for part in ids.split((5, 1, 1, 7, 2), dim=1)], 1)
    assert torch.allclose(found, ours(ids), atol=1e-5)
