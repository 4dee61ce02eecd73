"""Models on huggingface.co: fetched once into the user's cache, from then on a folder like any other.

Only settings (``config.json``, ``preprocessor_config.json``), the files of alphabet or tokenizer, and safetensors are ever
asked for: no pickle, and no code.

``huggingface_hub``, which comes with ``tokenizers``, is not used for it: as of 2.4.0 it throws away what an interrupted
download left, compares sizes but no checksum with what the hub told, and reads 10 MB before it can be cancelled. What it has
fetched for others is used as it lies there.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from ssllab.data.download import Remote, cache_directory, fetch, look_up
from ssllab.methods import stored_language
from ssllab.nn.model_files import CONFIG, INDEX, WEIGHTS, ModelFileError, weight_files, write_json
from ssllab.nn.wav2vec2.files import PREPROCESSOR, PROCESSOR, read_shape
from ssllab.storage.errors import DataError
from ssllab.storage.files import read_object
from ssllab.storage.progress import CancelQuestion, Progress
from ssllab.text.alphabet import ADDED_TOKENS, SPECIAL_TOKENS, TOKENIZER, VOCABULARY

HUB = "https://huggingface.co"
_ASKED = "asked.json"

_PART = r"\w(?:[\w.-]*\w)?"
_ID = re.compile(rf"({_PART}/{_PART})(?:@(\w(?:[\w./-]*\w)?))?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Sought:
    """A sort of models. ``settings``: what may lie beside the weights; that all of them were asked for is kept with the
    model: a folder fetched before some of them were known of is completed at its next use. ``check`` refuses a folder of
    settings before much is downloaded that cannot be used."""

    example: str
    settings: tuple[str, ...]
    check: Callable[[Path], object]


SPEECH = Sought(
    "facebook/wav2vec2-base-960h",
    (CONFIG, PREPROCESSOR, PROCESSOR, VOCABULARY, ADDED_TOKENS, TOKENIZER, SPECIAL_TOKENS),
    read_shape,
)
LANGUAGE = Sought("openai-community/gpt2", (CONFIG, stored_language.TOKENIZER), stored_language.described)


@dataclass(frozen=True)
class HubModel:
    """``name`` is owner/name, ``revision`` a branch, a tag, a commit, or refs/pr/N for pull request N."""

    name: str
    revision: str = "main"
    sought: Sought = SPEECH

    @property
    def folder(self) -> Path:
        """Where its files are kept."""
        own = cache_directory() / "hub" / self.name / quote(self.revision, safe="")
        return self._fetched_by_others() or own

    def _fetched_by_others(self) -> Path | None:
        """Its folder in the cache of ``huggingface_hub``, where ``transformers`` too keeps what it fetches, if it lacks
        nothing that is asked for."""
        home = Path(os.environ.get("HF_HOME") or "~/.cache/huggingface").expanduser()
        place = (
            Path(os.environ.get("HF_HUB_CACHE") or home / "hub") / f"models--{self.name.replace('/', '--')}"
        )
        try:
            commit = (place / "refs" / self.revision).read_text("ascii").strip()
            folder = place / "snapshots" / commit
            whole = _COMMIT.fullmatch(commit) and all(
                (folder / name).is_file() for name in self.sought.settings
            )
            return folder if whole and all(path.is_file() for path in weight_files(folder)) else None
        except (OSError, ValueError):
            return None

    @property
    def complete(self) -> bool:
        """Whether all of it was fetched; the weights come last."""
        if self._fetched_by_others() is not None:
            return True
        try:
            asked = read_object(self.folder / _ASKED).get("files")
            return asked == list(self.sought.settings) and all(
                path.is_file() for path in weight_files(self.folder)
            )
        except DataError:
            return False

    def remote(self, file: str) -> Remote:
        """One of its files."""
        return Remote(
            f"{HUB}/{self.name}/resolve/{quote(self.revision, safe='')}/{file}",
            "",
            self.name,
            "Or choose a model that is on this disk: the shipped one, or a folder.",
        )


def find(place: str, sought: Sought = SPEECH) -> HubModel | None:
    """The model that ``place``, as owner/name or owner/name@revision, stands for; None for anything else, also where
    it is a path on this disk.
    """
    match = _ID.fullmatch(place)
    if match is None or ".." in place or "//" in place or Path(place).exists():
        return None
    return HubModel(match[1], match[2] or "main", sought)


def fetch_model(model: HubModel, *, progress: Progress, cancelled: CancelQuestion) -> Path:
    """The model's folder; downloads what it lacks, and goes on where an earlier try stopped.

    Raises :class:`ModelFileError` or ``DataError`` with one line, or ``Cancelled``.
    """
    if model.complete:
        return model.folder
    progress(0.0, f"{model.name}: connecting")

    def fetch_anew(name: str) -> None:
        """All files are to be of one time. Without a network the old one stays; what cannot be written, fetch says."""
        told = look_up(model.remote(name))
        with contextlib.suppress(OSError):
            (model.folder / name).unlink()
        if told is not None:
            fetch(
                model.remote(name),
                model.folder,
                progress=lambda _, text: progress(0.0, text),
                cancelled=cancelled,
            )

    for name in model.sought.settings:
        fetch_anew(name)
    if not (model.folder / CONFIG).exists():
        raise ModelFileError(
            f"huggingface.co shows no config.json of '{model.name}' at '{model.revision}', and there is no such folder "
            f"here: expected the name of a public model, as {model.sought.example}."
        )
    model.sought.check(model.folder)
    if look_up(model.remote(WEIGHTS)) is None:
        fetch_anew(INDEX)
    write_json(model.folder / _ASKED, {"files": list(model.sought.settings)})
    paths = weight_files(model.folder)
    for i, path in enumerate(paths):

        def part(share: float, text: str, before: int = i) -> None:
            progress((before + share) / len(paths), text)

        _fetch_weights(model, path.name, part, cancelled)
    return model.folder


def _fetch_weights(model: HubModel, name: str, progress: Progress, cancelled: CancelQuestion) -> None:
    weights = model.remote(name)
    told = look_up(weights)
    if told is None:
        raise ModelFileError(_no_weights(model))
    # The checksum of a large file (Git LFS).
    checksum = told.get("X-Linked-ETag", "").strip('"')
    if _SHA256.fullmatch(checksum):
        weights = replace(weights, checksum=checksum)
    fetch(weights, model.folder, progress=progress, cancelled=cancelled)


def _no_weights(model: HubModel) -> str:
    if look_up(model.remote("pytorch_model.bin")) is None:
        return f"'{model.name}' at '{model.revision}' has no {WEIGHTS}: expected a model like {model.sought.example}."
    return (
        f"'{model.name}' at '{model.revision}' has only pytorch_model.bin, and pickled weights are never loaded. Its "
        f"page on huggingface.co may list a pull request with {WEIGHTS}: name it as {model.name}@refs/pr/NUMBER. Or "
        "write a folder with save_pretrained of transformers and choose that."
    )
