"""Loads what a lab trains on, data or a stored run, in a thread of its own; the newest request wins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from ssllab.data.catalogue import source
from ssllab.storage.one_line import one_line
from ssllab.ui import loading
from ssllab.ui.work import Background

if TYPE_CHECKING:
    from ssllab.data.batches import Data
    from ssllab.ui.scene import Thumbnails


class Loaded(NamedTuple):
    """Data by its name or path; ``thumbnails`` are None where it has no images."""

    name: str
    data: Data
    thumbnails: Thumbnails | None


class Loader(QObject):
    """One request at a time. Of each, at most one of its outcome, ``cancelled`` and ``failed`` is said."""

    progress = Signal(float, str, bool)  # fraction, words, whether it can be cancelled
    cancelled = Signal()
    failed = Signal(str, str)  # one line, detail

    def __init__(self, parent: QObject, workspace: Path) -> None:
        super().__init__(parent)
        self._workspace = workspace  # where the person's takes are
        self._request: threading.Event | None = None  # set once it is not wanted any more
        self._background = Background(self)

    @property
    def busy(self) -> bool:
        """Whether something is being loaded."""
        return self._request is not None

    def load(
        self,
        name: str,
        kinds: Sequence[str],
        options: Mapping[str, int],
        seed: int,
        loaded: Callable[[Loaded], None],
    ) -> None:
        """Load the data of that name or path, of one of ``kinds``, then call ``loaded``, in place of what is being
        loaded."""
        info = source(name)
        title = one_line(Path(name).name or name) if info is None else info.title
        request = self._begin(f"Preparing {title} …", cancellable=True)

        def report(fraction: float, text: str) -> None:
            self._background.deliver(
                lambda: None if request.is_set() else self.progress.emit(fraction, text, True)
            )

        def work() -> Callable[[], None]:
            from ssllab.data.catalogue import load
            from ssllab.storage.progress import Cancelled

            try:
                data = load(
                    name,
                    kinds=kinds,
                    options=options,
                    seed=seed,
                    workspace=self._workspace,
                    progress=report,
                    cancelled=request.is_set,
                )
            except Cancelled:
                return lambda: None
            thumbnails = loading.thumbnails_of(data)
            found = Loaded(name, data, thumbnails)
            return lambda: loaded(found) if self._end(request) else None

        self._run(request, work)

    def open_run(self, read: Callable[[], loading.Opened], opened: Callable[[loading.Opened], None]) -> None:
        """Call ``read`` in the thread, then ``opened``, in place of what is being loaded."""
        request = self._begin("Opening the run", cancellable=False)

        def work() -> Callable[[], None]:
            found = read()
            return lambda: opened(found) if self._end(request) else found.session.stop(0)

        self._run(request, work)

    def cancel(self) -> None:
        """Give up what is being loaded, as a person wishes."""
        if self.busy:
            self.forget()
            self.cancelled.emit()

    def forget(self) -> None:
        """Give up what is being loaded; nothing is said of it any more."""
        if self._request is not None:
            self._request.set()
            self._request = None

    def _begin(self, words: str, cancellable: bool) -> threading.Event:
        self.forget()
        self._request = threading.Event()
        self.progress.emit(0.0, words, cancellable)
        return self._request

    def _run(self, request: threading.Event, work: Callable[[], Callable[[], None]]) -> None:
        self._background.run(
            work, lambda line, detail: self.failed.emit(line, detail) if self._end(request) else None
        )

    def _end(self, request: threading.Event) -> bool:
        """Whether the request that came to its end is still wanted."""
        wanted = request is self._request
        if wanted:
            self._request = None
        return wanted
