"""How much work a JPEG is, read from its markers before anything is decoded."""

from __future__ import annotations

import re

#: In coded data a 0xFF is followed by 0 or a restart; anything else begins a segment.
_SEGMENT = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_START_OF_SCAN, _END = 0xDA, 0xD9
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length


def scans(content: bytes, most: int) -> int:
    """How often a decoder goes over all pixels of the file's first picture; it stops counting above ``most``.

    A usual JPEG has one scan, a progressive one about ten; each can be a few bytes that cost as much as a picture.
    """
    at = count = 0
    while (segment := _SEGMENT.search(content, at)) and count <= most:
        code = content[segment.end() - 1]
        at = segment.end()
        if code == _END:
            break
        if code not in _BARE:
            at += int.from_bytes(content[at : at + 2], "big")
            count += code == _START_OF_SCAN
    return count
