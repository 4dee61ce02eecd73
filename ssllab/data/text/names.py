"""What the names of files say: which are texts, and which hold text that is not read."""

from __future__ import annotations

from pathlib import PurePosixPath

from ssllab.data.containers import ARCHIVE_SUFFIXES

#: The usual endings; a text may have any other, or none.
SUFFIXES = (".txt", ".md", ".rst", ".text", ".fa", ".fasta", ".fna")
_DOCUMENT = "holds text, but not as plain text: save it as .txt"
_UNREAD = {
    _DOCUMENT: ".pdf .doc .docx .odt .rtf .epub .mobi .azw3 .djvu .ps .pages .ppt .pptx .odp .xls .xlsx .ods",
    "is packed in a way that is not read: unpack it": ".7z .rar .bz2 .xz .zst .lz4 .tbz .txz",
    "holds sequences, but not as FASTA: convert it": ".fastq .fq .gb .gbk .embl .2bit .sam .bam .vcf",
}
_REASONS = {suffix: reason for reason, suffixes in _UNREAD.items() for suffix in suffixes.split()}
# Of other kinds of data, or text that is not for reading.
_OTHERS = """
.png .jpg .jpeg .webp .gif .bmp .tif .tiff .ico .svg .heic .wav .flac .ogg .oga .opus .mp3 .m4a .aac .mp4 .mkv .mov
.avi .webm .csv .tsv .json .jsonl .xml .yaml .yml .toml .ini .cfg .lock .log .css .npy .npz .pt .pth .safetensors
.onnx .h5 .parquet .arrow .db .sqlite .bin .dat .exe .dll .so .dylib .o .a .class .jar .pyc .whl .ttf .otf .woff
.woff2 .iso .sha256 .md5 .sig .part .tmp .textgrid .srt .vtt .map
"""
_NO_TEXT = frozenset(_OTHERS.split())


def is_text(name: str) -> bool:
    """Whether a file among others is read: those of other kinds, tables and settings are not.

    >>> is_text("a/README"), is_text("genome.fa.gz"), is_text("labels.csv"), is_text("a.pdf")
    (True, True, False, False)
    """
    suffix = _suffix(name)
    return not (suffix in _NO_TEXT or suffix in _REASONS or name.lower().endswith(ARCHIVE_SUFFIXES))


def why_unread(name: str) -> str:
    """Why a file that holds text is not read, or nothing."""
    return _REASONS.get(_suffix(name), "")


def _suffix(name: str) -> str:
    return PurePosixPath(name.lower().removesuffix(".gz")).suffix
