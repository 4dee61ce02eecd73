"""Good files that are no pictures to us: what they are, by their name or by what they begin with, and what to do."""

from __future__ import annotations

import os
import re
from pathlib import PurePosixPath
from typing import IO

from PIL import TiffImagePlugin, TiffTags

_HEIC = "HEIC is not read: convert it to JPEG or PNG"
_KINDS = {
    _HEIC: ".heic .heif .hif .heics .avci",
    "a camera's raw picture is not read: convert it to JPEG or TIFF": (
        ".3fr .ari .arw .bay .braw .cap .cr2 .cr3 .crw .dcr .dng .erf .fff .gpr .iiq .k25 .kdc .mef .mos .mrw .nef "
        ".nrw .orf .pef .ptx .pxn .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f"
    ),
    "a drawing is not read: convert it to PNG": ".svg .svgz .eps .ps .ai .wmf .emf .cdr .pdf .xcf .kra .psb",
    "this format is not read: convert it to PNG or TIFF": (
        ".jxl .jxr .wdp .hdp .exr .hdr .flif .bpg .pic .dcm .dicom .nii .mha .mhd .nrrd .czi .lif .nd2 .oib .oif "
        ".svs .ndpi .scn .mrxs .vsi .ims .zvi .h5 .hdf .hdf5 .grib .bufr .npy .npz .mat"
    ),
    "a video is not read": ".mp4 .m4v .mov .avi .mkv .webm .mpg .mpeg .wmv .3gp .mts .insv",
}
_REASONS = {suffix: reason for reason, suffixes in _KINDS.items() for suffix in suffixes.split()}
#: Something behind a picture's own ending, as downloads and editors leave it: x.jpg_large, x.png.1, x.jpg~, x.jpg.part.
_ODD = re.compile(r"\.(jpe?g|png|gif|webp|tiff?|bmp)([~_.!?@:;, -].*|\d+)$", re.IGNORECASE)
#: Files about a picture: captions, boxes, settings.
BESIDE = (
    ".txt",
    ".json",
    ".jsonl",
    ".xml",
    ".csv",
    ".tsv",
    ".xmp",
    ".md",
    ".yaml",
    ".html",
    ".md5",
    ".sha256",
    ".npy",
)
#: Of a file that begins like nothing we know.
UNKNOWN = "not a picture, or broken"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_BEGINNINGS = (
    (b"version https://git-lfs", "only a pointer of Git LFS: fetch the picture with 'git lfs pull'"),
    (b"<!doctype html", "a web page, no picture: download it again"),
    (b"<html", "a web page, no picture: download it again"),
    (b"<svg", "a drawing is not read: convert it to PNG"),
    (b"%pdf", "a drawing is not read: convert it to PNG"),
    (b"%!ps", "a drawing is not read: convert it to PNG"),
)


def by_name(name: str) -> str:
    """Why a file of that name is not read though it is a picture, or nothing."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if reason := _REASONS.get(suffix):
        return reason
    if suffix not in BESIDE and (odd := _ODD.search(path.name)):
        return f"an odd ending: rename it to end in .{odd[1].lower()}"
    return ""


def by_content(file: IO[bytes]) -> str:
    """What a file is that no decoder knows."""
    file.seek(0)
    head = file.read(512)
    if not head:
        return "empty"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return _HEIC
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _tiff(file) or UNKNOWN
    start = head.lstrip().lower()
    return next((what for text, what in _BEGINNINGS if start.startswith(text)), UNKNOWN)


def _tiff(file: IO[bytes]) -> str:
    """What kind of TIFF a whole one is; nothing of a broken one."""
    try:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(8)
        tags = TiffImagePlugin.ImageFileDirectory_v2(head + (file.read(8) if head[2:3] == b"+" else b""))
        file.seek(tags.next)
        tags.load(file)
        places = tags.get(TiffImagePlugin.STRIPOFFSETS) or tags[TiffImagePlugin.TILEOFFSETS]
        lengths = (
            tags.get(TiffImagePlugin.STRIPBYTECOUNTS)
            or tags.get(TiffImagePlugin.TILEBYTECOUNTS)
            or (0,) * len(places)
        )
        if any(place + length > size for place, length in zip(places, lengths, strict=True)):
            return ""
        channels = int(tags.get(TiffImagePlugin.SAMPLESPERPIXEL, 1))
        bits = sorted({int(bit) for bit in tags.get(TiffImagePlugin.BITSPERSAMPLE, (1,))})
        numbers = {2: " with a sign", 3: " with a point", 5: " complex", 6: " complex"}
        form = numbers.get(tags.get(TiffImagePlugin.SAMPLEFORMAT, (1,))[0], "")
        packed = int(tags.get(TiffImagePlugin.COMPRESSION, 1))
    except Exception:  # whatever a hostile directory makes of itself
        return ""
    known = TiffTags.TAGS_V2[TiffImagePlugin.COMPRESSION].enum
    names = {number: name for name, number in known.items()}
    way = "" if packed in TiffImagePlugin.COMPRESSION_INFO else f", packed as {names.get(packed, packed)}"
    if channels in (1, 3, 4) and set(bits) <= {1, 8, 16} and not form and not way:
        return "broken, or a kind of TIFF that is not read"
    plural = "s" * (channels != 1)
    return (
        f"a TIFF of {channels} channel{plural} of {' and '.join(map(str, bits))} bits{form}{way} is not read: "
        "convert it to grey or RGB of 8 or 16 bits"
    )
