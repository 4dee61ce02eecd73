"""Fetches one file over HTTP: with progress, cancel, and resume of what an earlier try left behind.

The bytes go into ``NAME.part``; only a complete file with the right checksum gets its own name.
"""

from __future__ import annotations

import errno
import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import platformdirs

from ssllab.storage.errors import DataError
from ssllab.storage.progress import Cancelled, CancelQuestion, Progress

_CHUNK = 256 * 1024
_MB = 1e6


@dataclass(frozen=True)
class Remote:
    """A file to fetch: where it is, its checksum as its publishers give it (an MD5 or a SHA-256, by its length; empty
    where they give none), what the user calls it, and what to do without it.
    """

    url: str
    checksum: str
    title: str
    otherwise: str = "Or choose data that needs no download: shapes, digits, photos, or spoken."

    @property
    def file_name(self) -> str:
        """What the file is called on the disk."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def algorithm(self) -> str:
        """``md5`` or ``sha256``."""
        return "md5" if len(self.checksum) == 32 else "sha256"


def cache_directory() -> Path:
    """Where downloads are kept unless the caller names a folder."""
    return Path(platformdirs.user_cache_dir("ssllab"))


def fetch(
    remote: Remote, directory: Path, *, progress: Progress, cancelled: CancelQuestion, timeout: float = 20.0
) -> Path:
    """The path of the complete file in ``directory``; downloads it, or the rest of it, where it is missing.

    ``timeout``: seconds without a byte before the connection counts as broken. Raises :class:`DataError` with
    what to do, or :class:`Cancelled`; both keep the ``.part`` file, except after a wrong checksum.
    """
    target = directory / remote.file_name
    if target.is_file():
        return target
    part = directory / (remote.file_name + ".part")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if not remote.checksum:  # nothing would tell whether what an earlier try left is of the same file
            part.unlink(missing_ok=True)
        digest = _receive(remote, part, progress, cancelled, timeout)
    except (Cancelled, DataError):
        raise
    except OSError as error:
        raise DataError(_explain(remote, part, error)) from None
    except (http.client.HTTPException, ValueError) as error:
        raise DataError(_no_sense(remote, error)) from None
    if remote.checksum and digest != remote.checksum:
        part.unlink(missing_ok=True)
        raise DataError(
            f"{remote.title}: the downloaded file is damaged (its {remote.algorithm.upper()} is {digest}, expected "
            f"{remote.checksum}). "
            "It was removed; load it again."
        )
    part.replace(target)
    return target


def look_up(remote: Remote, *, timeout: float = 20.0) -> Message | None:
    """What the server says of the file before it sends us elsewhere for it: the headers; None where it shows us no
    such file. Raises :class:`DataError`.
    """
    request = urllib.request.Request(remote.url, headers={"User-Agent": "ssllab"}, method="HEAD")
    try:
        with urllib.request.build_opener(_SameHost).open(request, timeout=timeout) as response:
            return response.headers
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400:
            return error.headers
        if error.code in (401, 403, 404, 410):
            return None
        raise DataError(_explain(remote, None, error)) from None
    except OSError as error:
        raise DataError(_explain(remote, None, error)) from None
    except (http.client.HTTPException, ValueError) as error:
        raise DataError(_no_sense(remote, error)) from None


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a renamed file, and stays with the host that knows the file's checksum."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Message,
        newurl: str,
    ) -> urllib.request.Request | None:
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return urllib.request.Request(newurl, headers=dict(req.header_items()), method="HEAD")


def _receive(
    remote: Remote, part: Path, progress: Progress, cancelled: CancelQuestion, timeout: float
) -> str:
    """Appends the rest of the file to ``part``; the checksum of the whole."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(remote.url, headers={"User-Agent": "ssllab"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    if cancelled():
        raise Cancelled
    progress(0.0, f"{remote.title}: connecting")
    try:
        response = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:
            # Nothing is left to send: complete already, or not the same file any more. The checksum tells.
            if error.headers.get("Content-Range", "") == f"bytes */{have}":
                return _digest(remote, part).hexdigest()
            part.unlink()
            return _receive(remote, part, progress, cancelled, timeout)
        raise
    with response:
        if have and not (
            response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        ):
            # The server sends the whole file (or another part): begin anew.
            if response.status == 206:
                part.unlink()
                return _receive(remote, part, progress, cancelled, timeout)
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length is not None else None
        digest = _digest(remote, part) if have else hashlib.new(remote.algorithm, usedforsecurity=False)
        done, began = have, time.monotonic()
        with part.open("ab" if have else "wb") as file:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                speed = (done - have) / _MB / max(time.monotonic() - began, 1e-3)
                of = f" of {total / _MB:.1f}" if total else ""
                progress(
                    done / total if total else 0.0,
                    f"{remote.title}: {done / _MB:.1f}{of} MB, {speed:.1f} MB/s",
                )
                if cancelled():
                    raise Cancelled
    if total is not None and done < total:
        raise DataError(
            f"{remote.title}: the connection broke after {done / _MB:.1f} of {total / _MB:.1f} MB. "
            "Load it again to go on from there."
        )
    return digest.hexdigest()


def _digest(remote: Remote, path: Path) -> hashlib._Hash:
    digest = hashlib.new(remote.algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest


def _no_sense(remote: Remote, error: Exception) -> str:
    return f"{remote.title}: the answer of {remote.url} makes no sense ({error})."


def _explain(remote: Remote, part: Path | None, error: OSError) -> str:
    """What to do. ``part``: the file that was being written."""
    if isinstance(error, urllib.error.HTTPError):
        return (
            f"{remote.title}: the server answered {error.code} ({error.reason}) for {remote.url}. "
            f"Try again later. {remote.otherwise}"
        )
    if error.errno == errno.ENOSPC:
        return f"{remote.title}: the disk is full. Free some space and load it again; it goes on from there."
    if part is not None and (isinstance(error, PermissionError) or error.errno == errno.EROFS):
        return f"{remote.title}: cannot write {part}. Expected a folder that you may write to."
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError) or "timed out" in str(reason):
        reason = "no answer"
    return (
        f"{remote.title}: no connection to {remote.url} ({_short(reason)}). "
        f"Check the network and load it again. {remote.otherwise}"
    )


def _short(reason: object) -> str:
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return " ".join(str(reason).split())
