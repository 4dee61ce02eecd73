"""Tiny Shakespeare and WikiText-2: downloaded once into the user's cache, then read as anybody's own text."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from ssllab.data.catalogue import source
from ssllab.data.download import Remote, cache_directory, fetch
from ssllab.data.kind import Request
from ssllab.data.text.corpus import parted
from ssllab.data.text.types import TextData, split_of
from ssllab.storage.errors import DataError
from ssllab.text.encoding import NotText, decoded

_OTHERWISE = "Or choose text that needs no download: everyday, python_docs, or dna."
TINY_SHAKESPEARE = Remote(
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    "Tiny Shakespeare",
    _OTHERWISE,
)
# Its first address, of Salesforce, is dead. This copy has the checksum that Hugging Face's "wikitext" noted of the first.
WIKITEXT2 = Remote(
    "https://huggingface.co/datasets/ggml-org/ci/resolve/927b3642933080f1b0e811e2f916e14c292992f9/"
    "wikitext-2-raw-v1.zip",
    "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
    "WikiText-2",
    _OTHERWISE,
)
REMOTES = {"tiny_shakespeare": TINY_SHAKESPEARE, "wikitext2": WIKITEXT2}
#: An article begins with its title between single equals signs, with a blank line before and after it.
_ARTICLE = re.compile(r"^ \n(?= = [^=\n](?:.*[^=\n])? = \n \n)", re.MULTILINE)
_LARGEST = 64 * 2**20  # bytes of a part of WikiText-2


def load(name: str, request: Request) -> TextData:
    """``tiny_shakespeare`` or ``wikitext2``; downloads what the cache lacks, and goes on where it stopped.

    Raises :class:`DataError` with one line (offline, damaged, a full disk), or ``Cancelled``.
    """
    info = source(name)
    assert info is not None
    folder = (request.root or cache_directory()) / name
    path = fetch(REMOTES[name], folder, progress=request.progress, cancelled=request.cancelled)
    holdout = request.options["holdout"]
    try:
        if name == "tiny_shakespeare":
            train, test = parted([decoded(path.read_bytes()).letters], holdout)
        else:
            learned, validation = _articles(path, "train"), _articles(path, "valid")
            train = split_of(learned if holdout else [*learned, *validation])
            test = split_of(validation if holdout else ())
    except (OSError, NotText, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise DataError(
            f"{info.title}: cannot read {path} ({' '.join(str(error).split())}). Delete it and load it again."
        ) from None
    return TextData(name, info.title, train, test, about=info.about, options=dict(request.options))


def _articles(path: Path, part: str) -> list[str]:
    """The documents of a part of WikiText-2."""
    with zipfile.ZipFile(path) as archive, archive.open(f"wikitext-2-raw/wiki.{part}.raw") as file:
        return [
            article for article in _ARTICLE.split(decoded(file.read(_LARGEST)).letters) if article.strip()
        ]
