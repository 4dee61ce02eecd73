"""Language models in folders of Hugging Face's format, held against ``transformers`` and ``tokenizers``."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from ssllab._torchvision import torchvision
from ssllab.cli import main
from ssllab.data.text.minimal_pairs import Pair
from ssllab.methods.causal_lm import CausalLM, CausalPredictor
from ssllab.methods.knowledge import facts_known, pairs_known
from ssllab.methods.lstm_lm import LSTMLM
from ssllab.methods.masked_lm import MaskedLM
from ssllab.methods.minimal_pairs import judge
from ssllab.methods.stored_language import read_stored, write_stored
from ssllab.storage.errors import DataError
from ssllab.text.units import END, learn

assert torchvision, "torchvision must be imported through ssllab before transformers"
warnings.filterwarnings("ignore")

TEXT = (
    "The calico cat sits on the sunny ledge. Don't the dogs bark, too? They don't: it's 3.14 o'clock!\n" * 5
)
CONTEXT = 24


@pytest.fixture(scope="module")
def transformers():
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    return transformers


def drawn(model):
    """Far from their beginning, biases and norms too."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.tie_weights()
    return model.eval()


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory, transformers):
    folder = tmp_path_factory.mktemp("gpt2")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.add_special_tokens(["<|endoftext|>"])  # the last one, as in the published file
    size = tokenizer.get_vocab_size()
    ends = {"bos_token_id": size - 1, "eos_token_id": size - 1}
    config = transformers.GPT2Config(
        vocab_size=size, n_positions=CONTEXT, n_embd=32, n_layer=2, n_head=4, **ends
    )
    drawn(transformers.GPT2LMHeadModel(config)).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def bert(tmp_path_factory, transformers):
    folder = tmp_path_factory.mktemp("bert")
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=90, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator([TEXT], trainer)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    config = transformers.BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        max_position_embeddings=CONTEXT,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
    )
    drawn(transformers.BertForMaskedLM(config)).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def theirs(folder: Path, kind) -> tuple:
    return kind.from_pretrained(folder).eval(), Tokenizer.from_file(str(folder / "tokenizer.json"))


def in_file(units, ids) -> list[int]:
    """Our ids as the numbers of the file."""
    return [int(i) for i in units.rows[ids]]


# read


@torch.no_grad()
def test_gpt_2_says_what_transformers_says(gpt2, transformers):
    model, tokenizer = theirs(gpt2, transformers.GPT2LMHeadModel)
    ours = read_stored(gpt2)
    text = "The cat sits on the sunny"
    ids = np.concatenate([[END], ours.units.encode(text)]).astype(np.int32)
    end = tokenizer.token_to_id("<|endoftext|>")
    assert in_file(ours.units, ids) == [end, *tokenizer.encode(text).ids]
    logs = model(torch.tensor([in_file(ours.units, ids)])).logits[0].log_softmax(-1)
    assert np.abs(ours.next(ids) - logs[-1][ours.units.rows].numpy()).max() < 1e-4
    told = [float(logs[i][j]) for i, j in enumerate(in_file(ours.units, ids[1:]))]
    assert np.allclose(ours.log_probabilities(ids), told, atol=1e-4)
    assert np.allclose(ours.sentences([ids]), sum(told), atol=1e-4)


@pytest.mark.parametrize("text", ["The cat [MASK] on the ledge.", "[MASK] dogs bark", "It sits [MASK]"])
@torch.no_grad()
def test_bert_says_what_transformers_says_of_a_hidden_word(bert, transformers, text):
    model, tokenizer = theirs(bert, transformers.BertForMaskedLM)
    ours = read_stored(bert)
    before, after = (ours.units.encode(part) for part in text.split("[MASK]"))
    ids = np.concatenate([[END], before, [ours.mask], after]).astype(np.int32)
    numbers = tokenizer.encode(text).ids  # [CLS] ... [SEP]
    place = numbers.index(tokenizer.token_to_id("[MASK]"))
    assert ids[place] == ours.mask == len(ours.units)
    assert in_file(ours.units, [*before, *after]) == numbers[1:place] + numbers[place + 1 : -1]
    logs = model(torch.tensor([numbers])).logits[0, place].log_softmax(-1)
    assert np.abs(ours.at(ids, place) - logs[ours.units.rows].numpy()).max() < 1e-4


@torch.no_grad()
def test_complete_gives_the_probabilities_of_transformers(gpt2, bert, transformers, capsys):
    for folder, text, kind in (
        (gpt2, "The calico cat", transformers.GPT2LMHeadModel),
        (bert, "The ___ dogs bark.", transformers.BertForMaskedLM),
    ):
        model, tokenizer = theirs(folder, kind)
        capsys.readouterr()
        assert main(["complete", text, "--model", str(folder), "--top", "5", "--json"]) == 0
        candidates = json.loads(capsys.readouterr().out)["candidates"]
        if kind is transformers.GPT2LMHeadModel:
            numbers, place = [tokenizer.token_to_id("<|endoftext|>"), *tokenizer.encode(text).ids], -1
        else:
            numbers = tokenizer.encode(text.replace("___", "[MASK]")).ids
            place = numbers.index(tokenizer.token_to_id("[MASK]"))
        expected = model(torch.tensor([numbers])).logits[0, place].softmax(-1).topk(5)
        assert [one["probability"] for one in candidates] == pytest.approx(expected.values.tolist(), abs=1e-4)
        units = read_stored(folder).units
        ours = [int(np.flatnonzero(units.rows == i)[0]) for i in expected.indices.tolist()]
        assert [one["symbol"] for one in candidates] == [units.shown(i) for i in ours]


def test_words_of_bert_are_written_as_text_and_an_end_as_a_new_line(bert):
    units = read_stored(bert).units
    ids = [*units.encode("The cat sits."), END, *units.encode("They bark, too")]
    assert units.decode(ids) == "the cat sits.\nthey bark, too"


def test_bert_reads_as_much_as_it_has_places_for(bert):
    ours = read_stored(bert)
    ids = np.concatenate([[END], ours.units.encode("the cat sits " * 20)]).astype(np.int32)
    assert len(ours.log_probabilities(ids)) == len(ids) - 1
    assert np.isfinite(ours.next(ids)).all()


def test_official_files_of_old_are_read_too(gpt2, bert, tmp_path):
    """Names without the prefix, masks among the weights, gamma and beta, a pooler, and a score's bias by its other name."""
    for folder, name in ((gpt2, "gpt2"), (bert, "bert")):
        (tmp_path / name).mkdir()
        for file in ("config.json", "tokenizer.json"):
            (tmp_path / name / file).write_bytes((folder / file).read_bytes())
    tensors = load_file(gpt2 / "model.safetensors")
    tensors = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    tensors["h.0.attn.bias"] = torch.ones(1, 1, CONTEXT, CONTEXT)
    tensors["lm_head.weight"] = tensors["wte.weight"].clone()
    save_file(tensors, tmp_path / "gpt2" / "model.safetensors")
    tensors = load_file(bert / "model.safetensors")
    tensors = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
            "LayerNorm.bias", "LayerNorm.beta"
        ): tensor
        for name, tensor in tensors.items()
    }
    tensors["bert.pooler.dense.weight"] = tensors["cls.seq_relationship.weight"] = torch.ones(2, 32)
    tensors["cls.predictions.decoder.bias"] = tensors.pop("cls.predictions.bias")
    tensors["bert.embeddings.position_ids"] = torch.arange(CONTEXT)
    save_file(
        {name: tensor.clone() for name, tensor in tensors.items()}, tmp_path / "bert" / "model.safetensors"
    )
    for folder, name in ((gpt2, "gpt2"), (bert, "bert")):
        before, after = read_stored(folder), read_stored(tmp_path / name)
        ids = np.concatenate([[END], before.units.encode("the cat")]).astype(np.int32)
        assert np.allclose(before.next(ids), after.next(ids), atol=1e-5)


def test_they_are_asked_for_pairs_and_facts_as_any_model(gpt2, bert):
    """Drawn weights know nothing; bytes cover every word, 90 pieces few."""
    model = read_stored(gpt2)
    known = pairs_known(model)
    assert len(known) > 5
    assert 0.2 < known["pairs_accuracy"] < 0.8
    assert 0 <= facts_known(model) < 0.5
    assert (
        judge(read_stored(bert), [Pair("The cat sits.", "The cat sit."), Pair("Zebra", "Cat")]).covered == 1
    )


@torch.no_grad()
def test_what_is_written_with_a_cache_is_what_is_written_without(gpt2):
    ours = read_stored(gpt2)
    plain = CausalPredictor(ours.model, ours.units)
    ids = np.concatenate([[END], ours.units.encode("The calico cat sits. " * 6)]).astype(np.int32)
    assert len(ids) > 1.5 * CONTEXT  # and on where the window slides
    for end in [1, 2, 3, 7, 7, 5, *range(6, len(ids))]:  # one symbol more, several, the same, others
        assert np.abs(ours.next(ids[:end]) - plain.next(ids[:end])).max() < 1e-5
    other = ids[:9].copy()
    other[3] += 1
    assert np.abs(ours.next(other) - plain.next(other)).max() < 1e-5


@pytest.fixture
def broken(gpt2, tmp_path):
    """A copy, and what is said of it."""
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        (tmp_path / file).write_bytes((gpt2 / file).read_bytes())

    def line() -> str:
        with pytest.raises(DataError) as error:
            read_stored(tmp_path)
        assert "\n" not in str(error.value)
        return str(error.value)

    return tmp_path, line


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model_type": "roberta"}, 'model_type "roberta": expected one of gpt2, bert'),
        ({"model_type": None}, "model_type null"),
        ({"n_layer": 3}, "lacks 12 tensors that its config.json asks for, as h.2.ln_1.weight"),
        ({"n_layer": 1}, "has 12 tensors that its config.json does not ask for, as h.1."),
        ({"n_embd": 64}, "wte.weight is .*, its config.json asks for"),
        ({"n_head": 5}, "cannot be shared by 5 heads"),
        ({"n_head": 0}, "n_head = 0: expected a number above 0"),
        ({"n_layer": 10**9}, "n_layer = 1000000000: expected a number above 0 that a model can have"),
        ({"n_positions": "many"}, 'n_positions = "many": expected a number'),
        ({"layer_norm_epsilon": True}, "layer_norm_epsilon = true: expected a number"),
        ({"activation_function": "swish"}, 'activation_function = "swish": expected one of gelu'),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx = true: expected false"),
        ({"tie_word_embeddings": False}, "tie_word_embeddings = false"),
        ({"vocab_size": 200}, "does not fit its model: it has .* symbols, the model 200"),
        ({"vocab_size": 5000}, "does not fit its model"),
    ],
)
def test_a_folder_that_does_not_fit_itself_is_refused_in_a_line(broken, change, words):
    import re

    folder, line = broken
    config = json.loads((folder / "config.json").read_text()) | change
    (folder / "config.json").write_text(json.dumps(config))
    assert re.search(words, line())


@pytest.mark.parametrize(
    "change",
    [
        {"added_tokens": [1]},
        {"added_tokens": 5},
        {"added_tokens": [{"content": "<mask>"}]},
        {"added_tokens": [{"content": "<mask>"}, {"content": "<end>"}]},
        {"model": None},
        {"model": {"type": "BPE", "vocab": [], "merges": []}},
        {"model": {"type": "Unigram", "vocab": []}},
        {"pre_tokenizer": {"type": "Whitespace"}, "decoder": None},
    ],
)
def test_a_tokenizer_that_makes_no_sense_is_refused_in_a_line(broken, change):
    folder, line = broken
    document = json.loads((folder / "tokenizer.json").read_text()) | change
    (folder / "tokenizer.json").write_text(json.dumps(document))
    assert "tokenizer.json" in line()
    (folder / "tokenizer.json").write_text("[]")
    assert "expected a JSON object" in line()


def test_what_is_missing_in_a_folder_is_said(broken):
    folder, line = broken
    tensors = load_file(folder / "model.safetensors")
    save_file(
        tensors | {"lm_head.weight": tensors["transformer.wte.weight"] + 1}, folder / "model.safetensors"
    )
    assert "lm_head.weight is not wte.weight" in line()
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    assert "never loaded" in line()
    (folder / "tokenizer.json").unlink()
    assert "has no tokenizer.json" in line()
    (folder / "config.json").unlink()
    assert "there is no config.json" in line()


# written


def method(kind, unit: str, positions: str = "learnt", text: str = TEXT):
    units = learn(unit, [text], size=300, k=2)
    config = kind.Config.make(
        {"unit": unit, "context": CONTEXT, "width": 32, "heads": 4, "layers": 2, "positions": positions}
    )
    torch.manual_seed(0)
    made = kind(config, units).eval()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return made


CAUSAL = [("word", "learnt"), ("word", "rotary"), ("char", "learnt"), ("byte", "rotary"), ("bpe", "learnt")]


@pytest.mark.parametrize(("unit", "positions"), CAUSAL)
@torch.no_grad()
def test_a_causal_run_is_a_gpt_2_or_gpt_neox_to_transformers(tmp_path, transformers, unit, positions):
    made = method(CausalLM, unit, positions)
    write_stored(made, tmp_path)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    assert type(model).__name__ == ("GPT2LMHeadModel" if positions == "learnt" else "GPTNeoXForCausalLM")
    ids = torch.randint(len(made.units), (3, CONTEXT), generator=torch.Generator().manual_seed(1))
    assert (model(ids).logits - made.model.logits(made.model(ids))).abs().max() < 1e-4
    assert model.generation_config.eos_token_id == END
    ask_again(made, tmp_path, transformers)
    ask_again(made, there_and_back(tmp_path, model, transformers), transformers)


def there_and_back(folder: Path, model, transformers) -> Path:
    """As ``transformers`` writes again what it has read."""
    model.save_pretrained(folder / "again")
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(folder / "again")
    return folder / "again"


@pytest.mark.parametrize("unit", ["word", "char", "byte", "bpe"])
@pytest.mark.parametrize("std", [0.02, 0.2])
@torch.no_grad()
def test_a_masked_run_is_a_bert_with_norms_first_to_transformers(tmp_path, transformers, unit, std):
    made = method(MaskedLM, unit)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=std)
    write_stored(made, tmp_path)
    model = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    ids = torch.randint(made.mask + 1, (3, CONTEXT), generator=torch.Generator().manual_seed(1))
    logits = model(ids).logits
    assert (logits - made.model.logits(made.model(ids)))[..., : made.mask].abs().max() < 1e-4
    assert logits[..., made.mask].max() < -1000  # nobody predicts the mask
    ask_again(made, tmp_path, transformers)
    ask_again(made, there_and_back(tmp_path, model, transformers), transformers)


def ask_again(made, folder: Path, transformers) -> None:
    """``tokenizers`` cuts as we do, and the folder says what the run says."""
    again, before = read_stored(folder), made.asked()
    assert again.units.symbols == before.units.symbols
    assert again.units.name == before.units.name
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    assert tokenizer.eos_token_id == tokenizer.bos_token_id == END
    for text in (TEXT, "The cat  sits…\n\nüber naïve e\u0301 日本語 👩‍👩‍👧 “it’s” 1,000.5 zebra don't--stop"):
        ids = before.units.encode(text)
        assert tokenizer(text, add_special_tokens=False)["input_ids"] == ids.tolist()
        assert again.units.encode(text).tolist() == ids.tolist()
    if not before.causal:
        assert tokenizer.mask_token_id == made.mask == again.mask
        assert tokenizer("cat")["input_ids"] == [END, *before.units.encode("cat"), END]
    ids = np.concatenate([[END], before.units.encode("The cat sits on the")]).astype(np.int32)[:CONTEXT]
    assert np.abs(again.next(ids) - before.next(ids)).max() < 1e-4
    assert np.abs(again.log_probabilities(ids) - before.log_probabilities(ids)).max() < 1e-4


def test_what_has_no_like_is_refused_in_a_line(tmp_path):
    with pytest.raises(DataError, match="rotary positions has no like"):
        write_stored(method(MaskedLM, "word", "rotary"), tmp_path / "a")
    with pytest.raises(DataError, match=r"kmer cannot be written as tokenizer\.json"):
        write_stored(method(CausalLM, "kmer", text="ACGT" * 50), tmp_path / "b")
    lstm = LSTMLM(LSTMLM.Config.make({"unit": "char", "width": 8, "layers": 1}), learn("char", [TEXT]))
    with pytest.raises(DataError, match=r"no such model: .*safetensors"):
        write_stored(lstm, tmp_path / "c")
    assert not list(tmp_path.iterdir())
