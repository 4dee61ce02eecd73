"""Models by their name on a hub of our own (see ``hub_server``)."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
import torch

from ssllab.data import download
from ssllab.methods.causal_lm import CausalLM
from ssllab.methods.stored_language import read_stored, write_stored
from ssllab.nn.model_files import ModelFileError
from ssllab.nn.wav2vec2 import files
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled
from ssllab.text.units import learn
from ssllab.training import hub
from ssllab.training.stored_models import read_model

NAME = "some-lab/tiny.model"
FETCHED = {"asked.json", "config.json", "model.safetensors", "preprocessor_config.json"}


def fetch(name: str = NAME, progress=lambda part, text: None, cancelled=lambda: False) -> Path:
    return hub.fetch_model(hub.find(name), progress=progress, cancelled=cancelled)


def test_a_name_has_an_owner_and_may_have_a_revision():
    assert hub.find(hub.SPEECH.example) == hub.HubModel("facebook/wav2vec2-base-960h", "main")
    assert hub.find("a/b@v1.0") == hub.HubModel("a/b", "v1.0")
    assert hub.find("a/b@refs/pr/12") == hub.HubModel("a/b", "refs/pr/12")


@pytest.mark.parametrize(
    "place",
    [
        *("", "shipped", "a", "a/", "/a/b", "a/b/c", "./a", "../a", "a/..", "a/b..c", "a/.b", "a/-b", "~/a"),
        *(
            "a\\b",
            "a/b@",
            "a/b@../c",
            "a/b@c//d",
            "a/b@c?d",
            "a/b c",
            "a/b\n",
            "a/é",
            "https://huggingface.co/a/b",
        ),
    ],
)
def test_what_is_no_name(place):
    assert hub.find(place) is None


def test_a_folder_of_that_name_is_meant_instead(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert hub.find("a/b") is None
    assert hub.find("a/c") is not None


def test_the_address_is_that_of_huggingface():
    address = "https://huggingface.co/a/b/resolve/refs%2Fpr%2F12/config.json"
    assert hub.HubModel("a/b", "refs/pr/12").remote("config.json").url == address


def test_a_model_is_fetched_once_and_read_like_a_folder(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    hub_server.files[f"/{NAME}/resolve/main/pytorch_model.bin"] = b"pickle"
    seen = []
    folder = fetch(progress=lambda *step: seen.append(step))
    assert {path.name for path in folder.iterdir()} == FETCHED
    parts = [part for part, _ in seen]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    assert all(text.startswith(NAME) for _, text in seen)
    requests = len(hub_server.asked)
    assert fetch() == folder
    found = read_model(NAME).model.state_dict()
    assert len(hub_server.asked) == requests
    for name, tensor in files.read(tiny_speech_model).state_dict().items():
        assert torch.equal(found[name], tensor)


def test_an_alphabet_comes_along_and_a_revision_is_another_model(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    hub_server.publish(tiny_speech_model, NAME, "refs%2Fpr%2F3")
    symbols = {"<pad>": 0, "|": 1, "A": 2}
    hub_server.files[f"/{NAME}/resolve/refs%2Fpr%2F3/vocab.json"] = json.dumps(symbols).encode()
    assert fetch() != fetch(f"{NAME}@refs/pr/3")
    assert read_model(NAME).alphabet is None
    assert read_model(f"{NAME}@refs/pr/3").alphabet.symbols == tuple(symbols)


def test_a_cancelled_download_goes_on_from_there(hub_server, tiny_speech_model, monkeypatch):
    monkeypatch.setattr(download, "_CHUNK", 20_000)
    hub_server.publish(tiny_speech_model, NAME)
    parts = []
    with pytest.raises(Cancelled):
        fetch(progress=lambda part, _: parts.append(part), cancelled=lambda: parts[-1] > 0)
    part = hub.find(NAME).folder / "model.safetensors.part"
    have = part.stat().st_size
    assert 0 < have < (tiny_speech_model / "model.safetensors").stat().st_size
    with pytest.raises(ModelFileError, match="not fetched"):
        read_model(NAME)
    fetch()
    assert hub_server.asked[-1][2] == f"bytes={have}-"
    assert not part.exists()
    read_model(NAME)


def test_other_weights_than_the_hub_told_of_are_refused(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    folder = hub.find(NAME).folder
    folder.mkdir(parents=True)
    (folder / "model.safetensors.part").write_bytes(b"x" * 1000)
    with pytest.raises(DataError, match=r"damaged .* It was removed"):
        fetch()
    assert not hub.find(NAME).complete
    fetch()


def test_what_an_earlier_try_left_of_the_settings_is_replaced(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    folder = hub.find(NAME).folder
    folder.mkdir(parents=True)
    for name in ("config.json", "config.json.part", "vocab.json"):
        (folder / name).write_text("old")
    fetch()
    assert (folder / "config.json").read_bytes() == (tiny_speech_model / "config.json").read_bytes()
    assert {path.name for path in folder.iterdir()} == FETCHED


def test_pickled_weights_are_never_fetched(hub_server, tiny_speech_model):
    config = (tiny_speech_model / "config.json").read_bytes()
    hub_server.files[f"/{NAME}/resolve/main/config.json"] = config
    with pytest.raises(ModelFileError, match=r"has no model\.safetensors"):
        fetch()
    hub_server.files[f"/{NAME}/resolve/main/pytorch_model.bin"] = b"pickle"
    with pytest.raises(
        ModelFileError, match=rf"never loaded.*{NAME}@refs/pr/NUMBER.*save_pretrained"
    ) as error:
        fetch()
    assert "\n" not in str(error.value)
    assert not [path for method, path, _ in hub_server.asked if method == "GET" and path.endswith(".bin")]


def test_another_kind_of_model_is_refused_before_its_weights_are_fetched(hub_server):
    place = f"/{NAME}/resolve/main/"
    hub_server.files[place + "config.json"] = b'{"model_type": "bert", "architectures": ["BertModel"]}'
    hub_server.files[place + "model.safetensors"] = b"large"
    with pytest.raises(ModelFileError, match=r"not of a wav2vec 2\.0 model"):
        fetch()
    assert not [path for _, path, _ in hub_server.asked if path.endswith("safetensors")]


@pytest.fixture
def tiny_language_model(tmp_path) -> Path:
    config = CausalLM.Config.make({"context": 8, "width": 8, "heads": 2, "layers": 1})
    write_stored(CausalLM(config, learn("char", ["abc"])), tmp_path / "language")
    return tmp_path / "language"


def fetch_language() -> Path:
    return hub.fetch_model(
        hub.find(NAME, hub.LANGUAGE), progress=lambda part, text: None, cancelled=lambda: False
    )


def test_a_language_model_comes_with_its_tokenizer_and_nothing_else(hub_server, tiny_language_model):
    hub_server.publish(tiny_language_model, NAME)
    folder = fetch_language()
    names = {"asked.json", "config.json", "model.safetensors", "tokenizer.json"}
    assert {path.name for path in folder.iterdir()} == names
    assert read_stored(folder).units.symbols == read_stored(tiny_language_model).units.symbols


def test_what_transformers_has_fetched_is_not_fetched_again(
    hub_server, tiny_language_model, tmp_path, monkeypatch
):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "theirs"))
    place, commit = tmp_path / "theirs" / "models--some-lab--tiny.model", "0123456789" * 4
    (place / "refs").mkdir(parents=True)
    (place / "snapshots" / commit).mkdir(parents=True)
    for path in tiny_language_model.iterdir():
        (place / "snapshots" / commit / path.name).write_bytes(path.read_bytes())
    (place / "refs" / "main").write_text(commit)
    model = hub.find(NAME, hub.LANGUAGE)
    assert model.complete
    assert fetch_language() == place / "snapshots" / commit
    assert not hub.find(f"{NAME}@other", hub.LANGUAGE).complete
    assert hub_server.asked == []
    (place / "snapshots" / commit / "tokenizer.json").unlink()  # they had no use for it
    assert not model.complete
    (place / "refs" / "main").write_text("../../elsewhere")
    assert not model.complete


def test_a_tokenizer_that_does_not_fit_is_refused_before_the_weights_are_fetched(
    hub_server, tiny_language_model
):
    path = tiny_language_model / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"vocab_size": 4}))
    hub_server.publish(tiny_language_model, NAME)
    with pytest.raises(ModelFileError, match=r"does not fit its model: it has 5 symbols, the model 4"):
        fetch_language()
    (tiny_language_model / "tokenizer.json").unlink()
    hub_server.files.clear()
    hub_server.publish(tiny_language_model, NAME)
    with pytest.raises(ModelFileError, match=r"has no tokenizer\.json"):
        fetch_language()
    assert not [path for _, path, _ in hub_server.asked if path.endswith("safetensors")]


def test_a_name_that_the_hub_does_not_know(hub_server):
    with pytest.raises(
        ModelFileError, match=rf"no config\.json of '{NAME}' at 'main', .* no such folder"
    ) as error:
        fetch()
    assert "\n" not in str(error.value)
    hub_server.failing = True
    with pytest.raises(DataError, match="the server answered 503"):
        fetch()


def test_without_a_network_there_is_one_clear_line(hub_server, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setattr(hub, "HUB", f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(
        DataError, match=r"no connection .*Check the network.* a model that is on this disk"
    ) as error:
        fetch()
    assert "\n" not in str(error.value)


def test_a_cache_that_cannot_be_written(hub_server, tiny_speech_model, tmp_path):
    hub_server.publish(tiny_speech_model, NAME)
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(DataError) as error:
        fetch()
    assert "\n" not in str(error.value)


def test_what_was_not_fetched_is_not_fetched_by_reading(hub_server):
    with pytest.raises(ModelFileError, match="From the hub"):
        read_model(NAME)
    assert hub_server.asked == []
    with pytest.raises(ModelFileError, match=f"no model in wav2vec2: .* as {hub.SPEECH.example}"):
        read_model("wav2vec2")


def test_what_says_how_sound_has_to_be_and_what_is_written_comes_along(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    place = f"/{NAME}/resolve/main/"
    hub_server.files[place + "preprocessor_config.json"] = b'{"do_normalize": true}'
    hub_server.files[place + "tokenizer_config.json"] = b'{"pad_token": "_"}'
    folder = fetch()
    assert (folder / "tokenizer_config.json").is_file()
    assert read_model(NAME).model.config.do_normalize


def test_a_model_that_was_fetched_without_them_is_completed_at_its_next_use(hub_server, tiny_speech_model):
    hub_server.publish(tiny_speech_model, NAME)
    hub_server.files[f"/{NAME}/resolve/main/preprocessor_config.json"] = b'{"do_normalize": true}'
    folder = fetch()
    for name in ("asked.json", "preprocessor_config.json"):
        (folder / name).unlink()
    assert not hub.find(NAME).complete
    hub_server.failing = True
    with pytest.raises(DataError):
        fetch()
    assert (folder / "config.json").is_file()
    hub_server.failing, asked = False, len(hub_server.asked)
    fetch()
    assert read_model(NAME).model.config.do_normalize
    fetched = [path for method, path, _ in hub_server.asked[asked:] if method == "GET"]
    assert not [path for path in fetched if path.endswith(".safetensors")]


def test_weights_in_several_files_are_fetched_by_their_index(hub_server, tiny_speech_model):
    from safetensors.torch import load_file, save

    hub_server.publish(tiny_speech_model, NAME)
    place = f"/{NAME}/resolve/main/"
    tensors = load_file(tiny_speech_model / "model.safetensors")
    del hub_server.files[place + "model.safetensors"]
    names = sorted(tensors)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, inside in shards.items():
        hub_server.files[place + shard] = save({name: tensors[name] for name in inside})
    index = {"weight_map": {name: shard for shard, inside in shards.items() for name in inside}}
    hub_server.files[place + "model.safetensors.index.json"] = json.dumps(index).encode()
    folder = fetch()
    assert set(shards) <= {path.name for path in folder.iterdir()}
    found = read_model(NAME).model.state_dict()
    for name, tensor in files.read(tiny_speech_model).state_dict().items():
        assert torch.equal(found[name], tensor)
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert not hub.find(NAME).complete
