"""A person's own text: a file, a folder of any depth, a .zip or a .tar; prose, DNA as FASTA, or recordings.

What a file's bytes mean is said by :mod:`ssllab.text.encoding`, which files there are by :mod:`ssllab.data.containers`. It
is read piece by piece: what does not fit into the memory goes into a mapped file.
"""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, cast

from ssllab.data.containers import (
    ARCHIVE_SUFFIXES,
    Container,
    Directory,
    Found,
    Member,
    Sought,
    Unusable,
    archive,
    title_of,
)
from ssllab.data.download import cache_directory
from ssllab.data.kind import Request
from ssllab.data.skipped import Skipped, left_out
from ssllab.data.speech.formats import AUDIO_SUFFIXES
from ssllab.data.spool import Shelf
from ssllab.data.text.corpus import Corpus, Documents, found_again, repeated
from ssllab.data.text.fasta import Fasta, both_strands, is_fasta, looks_like_dna
from ssllab.data.text.names import SUFFIXES, is_text, why_unread
from ssllab.data.text.sound import recordings
from ssllab.data.text.types import TextData
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled
from ssllab.text.encoding import SNIFFED, Decoder, NotText

SOUGHT = Sought("texts", is_text, unread=why_unread)
_FORMAT = 1  # of what is in the cache
_LARGEST = 16 * 2**30  # bytes of a file in an archive, or of a compressed one
_PIECE = 2**20


def files(path: Path, request: Request) -> TextData:
    """The text at ``path``, a document a file, a sequence of DNA or a recording, where there are at least as many of those
    as texts. A folder with archives only: all of those.

    Raises DataError with one line where there is nothing to learn from, or Cancelled.
    """
    request.progress(0.0, "Looking for texts")
    if path.suffix.lower() in AUDIO_SUFFIXES and path.is_file():
        return recordings(path, request)
    with ExitStack() as opened:
        try:
            places, skipped = _places(path, request, opened)
            sounds, texts = _counted(places)
            if sounds and sounds >= texts:
                beside = f"recordings are the text here: {texts:,} file{'s' * (texts != 1)} of text not read"
                return recordings(path, request, [Skipped(path.name, beside, "remark")] if texts else [])
            documents, told = _documents(places, path, request)
        except PermissionError as error:
            raise DataError(
                f"'{error.filename or path}' may not be read or written: change its permissions or choose another."
            ) from None
    dna = documents.dna
    if request.options["strands"] == 2 and not dna:
        raise DataError(f"{path} is prose, which has no second strand: leave --strands out.")
    train, test = documents.found.parted(request.options["holdout"])
    if request.options["strands"] == 2:
        try:
            train = both_strands(train, documents.beside)
        except OSError as error:
            raise _no_room(error) from None
    told += repeated(documents.found, request.options["holdout"], path.name)
    return TextData(
        str(path),
        title_of(path, SUFFIXES),
        train,
        test,
        language="dna" if dna else "prose",
        skipped=(*skipped, *told),
        options=dict(request.options),
    )


@dataclass
class _Place:
    """Where texts are read from; ``name`` of the archive in a folder."""

    container: Container
    found: Found
    name: str = ""


@dataclass
class _Read:
    found: Documents
    dna: bool
    beside: Path  # where a second file of the same source would go


def _places(path: Path, request: Request, opened: ExitStack) -> tuple[list[_Place], list[Skipped]]:
    """What is to be read, and what is not."""
    if not path.is_dir():
        if path.name.lower().endswith(ARCHIVE_SUFFIXES):
            container = opened.enter_context(archive(path))
            place = _Place(container, container.find(SOUGHT, request.cancelled))
            return [place], _said(place, path)
        if reason := why_unread(path.name):
            raise DataError(f"{path.name}: {reason}.")
        return [_Place(Directory(path.parent), Found([path.name]))], []
    whole = _Place(Directory(path), Directory(path).find(SOUGHT, request.cancelled))
    skipped = _said(whole, path)
    if whole.found.items or not whole.found.archives:
        archives = [Skipped(name, "an archive beside texts is not opened") for name in whole.found.archives]
        return [whole], skipped + archives
    places = []
    for name in whole.found.archives:
        try:
            container = opened.enter_context(archive(path / name))
            places.append(_Place(container, container.find(SOUGHT, request.cancelled), name))
            skipped += _said(places[-1], path / name)
        except DataError as reason:
            skipped.append(Skipped(name, str(reason)))
    return places, skipped


def _counted(places: Sequence[_Place]) -> tuple[int, int]:
    """How many recordings there are, and how many texts."""
    sounds = sum(place.found.others[suffix] for place in places for suffix in AUDIO_SUFFIXES)
    return sounds, sum(len(place.found.items) for place in places)


def _said(place: _Place, path: Path) -> list[Skipped]:
    others = place.found.others
    if not others or not place.found.items:
        return [*place.found.followed(path), *place.found.skipped]
    endings = ", ".join(end or "without ending" for end, _ in others.most_common(4))
    many = f"{others.total():,} file{'s' * (others.total() != 1)} of other kinds not read ({endings})"
    return [*place.found.followed(path), *place.found.skipped, Skipped(path.name, many, "remark")]


def _documents(places: Sequence[_Place], path: Path, request: Request) -> tuple[_Read, list[Skipped]]:
    """The documents, from the cache where they were left there and nothing changed."""
    stamp = "|".join(place.container.stamp(place.found.items) for place in places)
    shelf = Shelf((request.root or cache_directory()) / "text", str(path.resolve()), f"{_FORMAT}|{stamp}")
    goal, beside = shelf.path("text", "utf8"), shelf.path("strands", "utf8")
    if (kept := shelf.find()) and (documents := found_again(kept[0], goal)):
        return _Read(documents, bool(kept[0].get("dna")), beside), kept[1]
    corpus = Corpus(goal)
    reader = _Reader(corpus, request)
    try:
        reader.read_all(places)
        if not corpus.ends:
            raise _nothing(path, places, reader.told)
        on_disk = corpus.spool.on_disk
        found = _Read(corpus.documents(), bool(reader.dna), beside)
        if on_disk:
            shelf.keep({**corpus.note(), "dna": found.dna}, reader.told)
        return found, reader.told
    except PermissionError:
        raise
    except OSError as error:
        raise _no_room(error) from None
    finally:
        corpus.spool.discard()


def _no_room(error: OSError) -> DataError:
    return DataError(
        f"cannot keep the text in the cache ({error.strerror or error}): free some space, or choose less text."
    )


@dataclass
class _Reader:
    """Reads files into a corpus. ``dna``: whether they are DNA, known by the first of them."""

    corpus: Corpus
    request: Request
    told: list[Skipped] = field(default_factory=list)
    dna: bool | None = None

    def read_all(self, places: Sequence[_Place]) -> None:
        """Every file of every place."""
        names = [name for place in places for name in place.found.items]
        if any(map(is_fasta, names)):
            self.dna = True
        done = 0
        for place in places:
            for member in place.container.walk(place.found.items):
                self._one(
                    member, f"{place.name}/{member.name}" if place.name else member.name, done, len(names)
                )
                done += 1

    def _one(self, member: Member, name: str, done: int, of: int) -> None:
        before = len(self.corpus.ends)
        try:
            decoder, lines = Decoder(), io.IncrementalNewlineDecoder(None, translate=True)
            remarks = self._documents(self._letters(member, decoder, lines, done, of), is_fasta(member.name))
            if len(self.corpus.ends) == before:
                raise Unusable("is empty, or blank")
            if decoder.guess:
                remarks.append(decoder.guess)
            if lines.newlines not in (None, "\n"):
                remarks.append("line ends of another system are read as line feeds")
            self.told += [Skipped(name, remark, "remark") for remark in remarks]
        except (Unusable, NotText) as reason:
            self.corpus.take_back(before)
            self.told.append(Skipped(name, str(reason)))

    def _letters(
        self, member: Member, decoder: Decoder, lines: io.IncrementalNewlineDecoder, done: int, of: int
    ) -> Iterator[str]:
        """The text of a file; how far it is is told at each piece."""
        read, size = 0, _size(member)
        for piece in chain(_pieces(member), [b""]):
            if self.request.cancelled():
                raise Cancelled
            read += len(piece)
            many = f"{done + 1:,} of {of:,}, " if of > 1 else ""
            megabytes = self.corpus.spool.length / 1e6
            share = min(1.0, read / size) if size else 0.0
            self.request.progress((done + share) / of, f"Reading texts: {many}{megabytes:,.0f} MB")
            letters = lines.decode(decoder.of(piece, final=not piece), final=not piece)
            if "\0" in letters:
                raise NotText("is not text from some place on: it has zero bytes")
            yield letters

    def _documents(self, letters: Iterator[str], fasta_by_name: bool) -> list[str]:
        """Write what a file holds; what there is to say of it."""
        beginning = next(letters)
        looks = looks_like_dna(beginning[:SNIFFED])
        if self.dna is None and beginning.strip():
            self.dna = looks
        pieces = chain([beginning], letters)
        if not self.dna:
            blank = True
            for piece in pieces:
                blank = blank and not piece.strip()
                self.corpus.write(piece.encode("utf-8", "replace"))
            if not blank:
                self.corpus.end()
            return []
        if not looks and not fasta_by_name:
            raise Unusable("is prose beside DNA" if beginning.strip() else "is empty, or blank")
        fasta = Fasta()
        for bases in fasta.records(pieces):
            if bases is None:
                self.corpus.end()
            else:
                self.corpus.write(bases)
        return fasta.remarks


def _size(member: Member) -> int:
    """Of the file as it lies there."""
    try:
        return member.path.stat().st_size if member.path else member.size
    except OSError:
        return 0


def _pieces(member: Member) -> Iterator[bytes]:
    """The content, unpacked where its name ends in ``.gz``. Raises :class:`Unusable`."""
    if member.problem:
        raise Unusable(member.problem)
    if PurePosixPath(member.name).suffix.lower() != ".gz":
        yield from member.pieces(_LARGEST)
        return
    read = 0
    with member.open() as file, gzip.GzipFile(fileobj=cast(IO[bytes], file)) as unpacked:
        while True:
            try:
                piece = unpacked.read(_PIECE)
            except (OSError, EOFError, zlib.error) as error:
                raise Unusable(f"a broken .gz file ({error})") from None
            read += len(piece)
            if read > _LARGEST:
                raise Unusable(f"larger than {_LARGEST // 2**30} GB")
            if not piece:
                return
            yield piece


def _nothing(path: Path, places: Sequence[_Place], told: Sequence[Skipped]) -> DataError:
    """That there is no text at ``path``, and why."""
    lost = [entry for entry in told if entry.what == "file"]
    if path.is_file() and len(lost) == 1 and not path.name.lower().endswith(ARCHIVE_SUFFIXES):
        return DataError(f"{os.path.basename(lost[0].path)} {lost[0].reason}.")
    if lost:
        first = lost[0]
        more = f" ({left_out(told):,} skipped, the first: {first.path}, {first.reason})"
    else:
        more = "".join(place.found.nothing() for place in places[:1])
    return DataError(f"'{path}' holds no text{more}: choose a folder of text files, or a text in UTF-8.")
