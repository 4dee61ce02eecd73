"""The text that the shipped model `books-bpe` learns from: books, verse and speeches in the public domain, as one file.

    python tools/make_books.py ../shared/data books.txt

The first nine tenths of every work come first, then their last tenths: as ssllab holds out the last tenth of a file, the end
of every work is what the model never saw.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from zipfile import ZipFile


def works(folder: Path) -> list[str]:
    """Paradise Lost, Alice in Wonderland, Shakespeare, and the speeches one after another."""
    books = folder / "text_public_domain_books"
    verse = (books / "paradise_lost_plrabn12.txt").read_text("latin-1")
    alice = (books / "alice29.txt").read_text("latin-1")
    plays = (folder / "text_tinyshakespeare/tinyshakespeare_first80.txt").read_text()
    with ZipFile(folder / "text_state_union/state_union.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".txt"))
        speeches = [_decoded(archive.read(name)) for name in names]
    verse = verse[verse.index("Of Man") :]  # what stands before is the publisher's
    paragraphs = (" ".join(lines.split()) for lines in re.split(r"\n\s*\n", alice))
    return [verse, "\n\n".join(paragraphs), plays, "\n\n".join(speeches)]


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:  # some have the quotes of Windows
        return content.decode("cp1252", "replace")


def main() -> None:
    """Write the file."""
    folder, out = map(Path, sys.argv[1:])
    texts = ["\n".join(line.strip() for line in text.splitlines()).strip() + "\n\n" for text in works(folder)]
    cuts = [len(text) * 9 // 10 for text in texts]
    parts = [text[:cut] for text, cut in zip(texts, cuts, strict=True)]
    parts += [text[cut:] for text, cut in zip(texts, cuts, strict=True)]
    out.write_text("".join(parts))


if __name__ == "__main__":
    main()
