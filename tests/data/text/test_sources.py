"""Where text comes from: files of any kind and encoding, folders, archives, FASTA, downloads; what is said of the rest."""

import gzip
import hashlib
import http.server
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ssllab.data import catalogue
from ssllab.data.download import Remote
from ssllab.data.holdout import held_out
from ssllab.data.skipped import in_words
from ssllab.data.text import corpus, downloads
from ssllab.data.text.fasta import Fasta, complement
from ssllab.methods.registry import method_class
from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data"
PROSE = "The cat sat on the mat, and looked at the sea. "


@pytest.fixture
def cache(tmp_path_factory):
    """Where downloads and long texts are kept."""
    return tmp_path_factory.mktemp("cached") / "cache"


@pytest.fixture
def read(cache):
    """Load what lies at a path, or a source."""

    def load(path, **options):
        return catalogue.load(path, kinds=("text",), options=options, root=cache)

    return load


def said(data):
    return "\n".join(in_words(data.skipped, 10))


def whole(data):
    """Everything that a single document is cut into."""
    return "".join([*data.train.documents(), *data.test.documents()])


@pytest.mark.parametrize("name", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_a_text_is_the_same_in_every_encoding_and_a_guess_is_said(read, tmp_path, name):
    text = "Grüße, Señor 'Müller'!\n" * 100_000  # several pieces, whose seams cut characters
    (tmp_path / "a.txt").write_bytes(text.encode(name))
    data = read(tmp_path / "a.txt")
    assert whole(data) == text
    assert ("Windows-1252" in said(data)) == (name == "cp1252")


def test_some_foreign_bytes_do_not_spoil_a_text_in_utf_8(read, tmp_path):
    (tmp_path / "a.txt").write_bytes("Łódź, ".encode() + b"caf\xe9, " + "Łódź".encode())
    data = read(tmp_path / "a.txt")
    assert whole(data) == "Łódź, café, Łódź"
    assert "not all UTF-8" in said(data)


def test_line_ends_of_other_systems_are_read_as_line_feeds(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\rthree\n" * 200_000)
    data = read(tmp_path / "a.txt")
    assert whole(data) == "one\ntwo\nthree\n" * 200_000
    assert "line feeds" in said(data)


def test_one_document_is_cut_once_between_characters_and_its_end_held_out(read, tmp_path):
    text = "".join(chr(0x3042 + i % 80) for i in range(1000))
    (tmp_path / "a.txt").write_text(text, "utf-8")
    for holdout in (0, 10, 50):
        data = read(tmp_path / "a.txt", holdout=holdout)
        assert whole(data) == text
        assert abs(data.test.size - 3000 * holdout / 100) < 4
    with pytest.raises(DataError, match="from 0 to 50"):
        read(tmp_path / "a.txt", holdout=51)


def test_whole_documents_are_held_out_evenly_spread(read, tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.txt").write_text(f"This is text {number:02}.")
    data = read(tmp_path, holdout=10)
    assert [text[-3:-1] for text in data.test.documents()] == ["04", "14", "24", "34"]
    assert len(data.train) == 36
    assert list(read(tmp_path, holdout=10).test.documents()) == list(data.test.documents())


@pytest.mark.parametrize("sizes", [[1000, 20], [3, 900, 5], [50, 50]])
def test_where_documents_are_too_uneven_the_text_is_cut_once(read, tmp_path, sizes):
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.txt").write_text("abcdefghij"[number] * size)
    data = read(tmp_path, holdout=10)
    assert data.test.size == pytest.approx(sum(sizes) / 10, abs=1)
    assert whole(data) == "".join("abcdefghij"[number] * size for number, size in enumerate(sizes))


def test_a_text_of_one_symbol_is_learned_from_and_is_no_dna(read, tmp_path):
    (tmp_path / "a.txt").write_text("a" * 100)
    data = read(tmp_path / "a.txt")
    assert (data.language, whole(data), data.test.size) == ("prose", "a" * 100, 10)


def test_the_share_held_out_is_near_what_was_asked_for_whatever_the_sizes():
    sizes = np.random.default_rng(0).pareto(1.5, 500).astype(np.int64) * 100 + 10
    for holdout in (1, 5, 10, 33, 50):
        chosen = held_out(sizes, holdout)
        assert chosen is not None
        assert sizes[chosen].sum() / sizes.sum() == pytest.approx(holdout / 100, rel=0.5)


def test_documents_on_both_sides_are_counted_and_a_warning_says_so(read, tmp_path):
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text(f"text {number:02}")
    (tmp_path / "04.txt").write_text("text\n00")  # but for blanks the same
    data = read(tmp_path)
    assert "1 of 2 held-out documents is also among those learned from" in said(data)
    assert all(entry.what == "remark" for entry in data.skipped)
    assert "learned from" not in said(read(tmp_path, holdout=0))


def test_what_is_no_text_in_a_folder_is_counted_and_said(read, tmp_path):
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "c").write_text("No ending, but text.")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "blank.txt").write_text(" \n\t\n")
    (tmp_path / "noise.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "late.txt").write_bytes(b"text " * 2000 + b"\0\0\0")
    (tmp_path / "book.pdf").write_bytes(b"%PDF")
    (tmp_path / "table.csv").write_text("a,b")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("hidden")
    data = read(tmp_path)
    assert whole(data) == "No ending, but text."
    lines = said(data)
    assert "blank.txt and 1 more: is empty, or blank" in lines
    assert "noise.txt: is not text" in lines
    assert "late.txt: is not text from some place on" in lines
    assert "book.pdf: holds text, but not as plain text" in lines
    assert "1 file of other kinds not read (.csv)" in lines


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b" \n ", "a.txt is empty, or blank"),
        ("a.txt", bytes(range(256)) * 20, "a.txt is not text"),
        ("a.pdf", b"%PDF-1.4", "a.pdf: holds text, but"),
        ("a.faa", b">p\nMKVLAAGIVPLLQEFWWRTYKKMKVLAAGIVPLLQEF\n", "a.faa is no DNA but perhaps protein"),
        ("a.fasta", b">p\nACGT12345ACGT12345\n", "a.fasta is no DNA"),
        ("a.txt.gz", gzip.compress(b"text " * 100, mtime=0)[:-20], "a.txt.gz a broken .gz file"),
        ("a.zip", b"PK\x03\x04 nothing", "broken .zip"),
    ],
)
def test_what_cannot_be_learned_from_is_refused_in_one_line(read, tmp_path, name, content, match):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=match) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_an_archive_is_read_as_the_folder_it_holds(read, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("x/one.txt", PROSE)
        archive.writestr("../evil.txt", "outside")
        archive.writestr("__MACOSX/one.txt", "fork")
        archive.writestr("x/two.txt.gz", gzip.compress(PROSE.upper().encode()))
    data = read(tmp_path / "set.zip", holdout=0)
    assert list(data.train.documents()) == [PROSE, PROSE.upper()]
    assert data.title == "set"
    assert "an unsafe path" in said(data)
    (tmp_path / "around").mkdir()
    (tmp_path / "set.zip").rename(tmp_path / "around" / "set.zip")
    assert list(read(tmp_path / "around", holdout=0).train.documents()) == [PROSE, PROSE.upper()]


def test_what_outgrows_the_memory_lies_in_a_mapped_file_and_is_found_again(
    read, cache, tmp_path, monkeypatch
):
    for number in range(30):
        (tmp_path / f"{number}.txt").write_text(f"{number} {PROSE}" * 40)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 " * 50)
    in_memory = read(tmp_path)
    assert not cache.exists()
    monkeypatch.setattr(corpus, "IN_MEMORY", 5000)
    mapped = read(tmp_path)
    files = sorted((cache / "text").rglob("*.utf8"))
    assert [file.stat().st_size for file in files] == [in_memory.train.size + in_memory.test.size]
    monkeypatch.setattr(corpus.Corpus, "write", None)  # nothing is read anew
    again = read(tmp_path)
    for data in (mapped, again):
        assert list(data.train.documents()) == list(in_memory.train.documents())
        assert list(data.test.documents()) == list(in_memory.test.documents())
        assert said(data) == said(in_memory)
    monkeypatch.undo()
    monkeypatch.setattr(corpus, "IN_MEMORY", 5000)
    (tmp_path / "0.txt").write_text("another" * 900)
    assert "another" * 900 in [*read(tmp_path).train.documents(), *read(tmp_path).test.documents()]
    assert len(list((cache / "text").rglob("*.utf8"))) == 1


def test_reading_says_how_far_it_is_and_stops_at_once(cache, tmp_path):
    (tmp_path / "line.txt").write_text("one line without an end " * 200_000)
    told = []

    def load(cancelled):
        return catalogue.load(
            tmp_path / "line.txt",
            kinds=("text",),
            root=cache,
            progress=lambda share, text: told.append(share),
            cancelled=cancelled,
        )

    with pytest.raises(Cancelled):
        load(lambda: len(told) > 2)
    assert len(told) <= 4
    told.clear()
    load(lambda: False)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) > 4
    assert not cache.exists()


FASTA = ">one\nACGTNacgt\nAC\n\n>two, a title with > in it\nACGUU\nRY\n>three\n>four\nGGGG"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_sequences_are_the_same_wherever_a_file_is_cut_into_pieces(size):
    fasta, found, now = Fasta(), [], b""
    for bases in fasta.records(iter([FASTA[i : i + size] for i in range(0, len(FASTA), size)])):
        if bases is None:
            found.append(now)
            now = b""
        else:
            now += bases
    assert [sequence for sequence in found if sequence] == [b"ACGTNACGTAC", b"ACGTTNN", b"GGGG"]
    assert len(fasta.remarks) == 4


def test_dna_is_read_from_fasta_plain_or_packed_and_what_was_made_of_it_is_said(read, tmp_path):
    (tmp_path / "a.fa").write_text(FASTA)
    (tmp_path / "b.fna.gz").write_bytes(gzip.compress(b">five\r\n" + b"TTGACA" * 10 + b"\r\n"))
    (tmp_path / "README").write_text(PROSE)
    data = read(tmp_path, holdout=0)
    assert data.language == "dna"
    assert list(data.train.documents()) == ["ACGTNACGTAC", "ACGTTNN", "GGGG", "TTGACA" * 10]
    lines = said(data)
    for what in ("upper case", "U of RNA", "read as N", "is kept", "README: is prose beside DNA"):
        assert what in lines
    (tmp_path / "bare.txt").write_text("ACGT" * 20)
    assert read(tmp_path / "bare.txt").language == "dna"


def test_the_other_strand_is_learned_from_on_request_but_never_held_out(read, tmp_path):
    (tmp_path / "a.fa").write_text(">one\n" + "AACGT" * 20)
    data = read(tmp_path / "a.fa", strands=2)
    forward = "AACGT" * 18
    assert list(data.train.documents()) == [forward, complement(forward.encode()).decode()]
    assert list(data.test.documents()) == ["AACGT" * 2]
    (tmp_path / "a.txt").write_text(PROSE)
    for prose in (tmp_path / "a.txt", "python_docs"):
        with pytest.raises(DataError, match="no second strand"):
            read(prose, strands=2)


def test_genomes_that_came_with_a_licence_are_read_whole(read):
    folder = SHARED / "dna_small_genomes"
    if not folder.exists():
        pytest.skip("no ../shared/data/dna_small_genomes")
    assert read(folder / "phiX174_NC_001422.fa", holdout=0).train.size == 5386
    assert read(folder / "lambda_NC_001416.fa", holdout=0).train.size == 48502
    data = read(folder)
    assert data.train.size + data.test.size == 2_053_888
    assert set(np.unique(data.train.text.numpy()).tobytes().decode()) <= set("ACGTN")


def test_the_dna_that_is_generated_follows_the_seed_and_has_genes_on_both_strands():
    one, again, other = (catalogue.load("dna", seed=seed, kinds=("text",)) for seed in (1, 1, 2))
    assert one.language == "dna"
    assert one.train.text.equal(again.train.text)
    assert not one.train.text.equal(other.train.text)
    assert set(one.train.document(0)) == set("ACGT")
    assert one.test.size == pytest.approx(0.1 * (one.train.size + one.test.size))
    starts = one.train.document(0).count("AGGAGG"), one.train.document(0).count("CCTCCT")
    assert min(starts) >= 3  # by chance each comes seven times in 30,000 bases; with genes more often
    assert sum(starts) > 20


@pytest.mark.parametrize(
    ("source", "unit", "match"),
    [
        ("python_docs", "kmer", "unit=kmer: Python's documentation has no k-mers of DNA: choose unit=word"),
        ("dna", "word", "unit=word: DNA has no words: choose unit=char"),
    ],
)
def test_a_unit_that_a_source_has_not_is_refused_in_one_line(source, unit, match):
    causal = method_class("causal_lm")
    data = catalogue.load(source, kinds=("text",))
    with pytest.raises(ValueError, match=match):
        causal.build(causal.Config(unit=unit), data)


class _Server(http.server.ThreadingHTTPServer):
    files: dict[str, bytes]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = self.server.files[self.path]
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with _Server(("127.0.0.1", 0), _Handler) as running:
        running.files = {}
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def serve(server, monkeypatch, name, file, content, checksum=None):
    server.files[f"/{file}"] = content
    address = f"http://127.0.0.1:{server.server_port}/{file}"
    remote = Remote(address, checksum or hashlib.sha256(content).hexdigest(), name)
    monkeypatch.setitem(downloads.REMOTES, name, remote)


def test_tiny_shakespeare_is_fetched_once_checked_and_resumed(read, cache, server, monkeypatch):
    text = PROSE * 100
    serve(server, monkeypatch, "tiny_shakespeare", "input.txt", text.encode())
    folder = cache / "tiny_shakespeare"
    folder.mkdir(parents=True)
    (folder / "input.txt.part").write_bytes(text.encode()[:1000])
    data = read("tiny_shakespeare")
    assert (data.title, whole(data)) == ("Tiny Shakespeare", text)
    assert data.test.size == len(text) // 10
    server.files.clear()
    assert whole(read("tiny_shakespeare")) == text


def test_a_damaged_download_is_refused_and_removed(read, cache, server, monkeypatch):
    serve(server, monkeypatch, "tiny_shakespeare", "input.txt", b"another", "0" * 64)
    with pytest.raises(DataError, match="damaged"):
        read("tiny_shakespeare")
    assert not list(cache.rglob("input.txt*"))


def test_wikitext_is_parted_into_articles_as_its_authors_parted_it(read, server, monkeypatch, tmp_path):
    def part(*titles):
        return "".join(
            f" \n = {title} = \n \n About it . \n \n = = More = = \n \n Text . \n" for title in titles
        )

    with zipfile.ZipFile(tmp_path / "w.zip", "w") as archive:
        archive.writestr("wikitext-2-raw/wiki.train.raw", part("A", "Bee", "C"))
        archive.writestr("wikitext-2-raw/wiki.valid.raw", part("Dee"))
    serve(server, monkeypatch, "wikitext2", "wikitext-2-raw-v1.zip", (tmp_path / "w.zip").read_bytes())
    data = read("wikitext2")
    assert [text.split("\n")[0] for text in data.train.documents()] == [" = A = ", " = Bee = ", " = C = "]
    assert [text.split("\n")[0] for text in data.test.documents()] == [" = Dee = "]
    nothing_held_out = read("wikitext2", holdout=0)
    assert (len(nothing_held_out.train), len(nothing_held_out.test)) == (4, 0)


def test_the_checksums_are_those_of_the_publishers():
    assert downloads.TINY_SHAKESPEARE.checksum.startswith("86c4e6aa9db7c042")
    assert downloads.WIKITEXT2.checksum.startswith("ef7edb566e3e2b2d")
    assert set(downloads.REMOTES) == {info.name for info in catalogue.sources("text") if not info.offline}
