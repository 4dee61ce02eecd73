"""Work off the UI thread: reading runs, exporting, saving. Results come back on the UI thread."""

from __future__ import annotations

import atexit
import contextlib
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

from PySide6.QtCore import QObject, Qt, Signal

from ssllab.storage.progress import Cancelled

Answer = TypeVar("Answer")
LONGEST_END = 20.0  # seconds that leaving the program waits for work which was given up


class InWindow(Protocol):
    """Makes calls in the window's thread and waits for what they give, as :meth:`Task.in_window` does."""

    def __call__(self, call: Callable[[], Answer]) -> Answer: ...


def at_once(call: Callable[[], Answer]) -> Answer:
    """An :class:`InWindow` of the window's own thread."""
    return call()


class Task:
    """One piece of work: lives on the worker's thread, cancelled from the UI's."""

    def __init__(
        self, report: Callable[[float, str], None], deliver: Callable[[Callable[[], object]], None]
    ) -> None:
        self._cancelled = threading.Event()
        self._report, self._deliver = report, deliver

    def cancel(self) -> None:
        """Ask the work to end at its next :meth:`report`."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled.is_set()

    def report(self, share: float, text: str = "") -> None:
        """Say how far the work is (0..1). Raises :class:`Cancelled` when it should end."""
        if self.cancelled:
            raise Cancelled
        self._report(share, text)

    def in_window(self, call: Callable[[], Answer]) -> Answer:
        """What ``call`` gives or raises in the UI's thread, as only there one may paint; it should take no longer than a
        frame. Raises :class:`Cancelled` when the work should end and the window answers no more."""
        answer: Future[Answer] = Future()

        def answered() -> None:
            try:
                answer.set_result(call())
            except Exception as error:
                answer.set_exception(error)

        self._deliver(answered)
        while not wait([answer], timeout=0.2).done:
            if self.cancelled:
                raise Cancelled
        return answer.result()


class Worker(QObject):
    """A thread of its own for work in order; ``then`` and ``failed`` are called on the UI thread."""

    progressed = Signal(float, str)
    _arrived = Signal(object)
    _asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="runs")
        self._tasks: set[Task] = set()
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._asked.connect(lambda call: call(), Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether any work is waiting, running or not yet delivered."""
        return bool(self._tasks)

    def submit(
        self,
        work: Callable[[Task], Any],
        then: Callable[[Any], None] | None = None,
        failed: Callable[[Exception, str], None] | None = None,
    ) -> Task:
        """Run ``work(task)`` soon. ``then(result)`` or ``failed(error, trace)`` follows, unless cancelled."""
        task = Task(self._emit_progress, self._ask)
        self._tasks.add(task)
        self._pool.submit(self._run, task, work, then, failed)
        return task

    def close(self) -> None:
        """Cancel everything; nothing is delivered any more."""
        for task in self._tasks:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _emit_progress(self, share: float, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the window is gone
            self.progressed.emit(share, text)

    def _ask(self, call: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):
            self._asked.emit(call)

    def _run(self, task: Task, work: Any, then: Any, failed: Any) -> None:
        call: tuple[Any, tuple[Any, ...]] | None = None
        try:
            if not task.cancelled:
                result = work(task)
                call = (then, (result,))
        except Cancelled:
            pass
        except Exception as error:
            call = (failed, (error, trace_of(error)))
        with contextlib.suppress(RuntimeError):
            self._arrived.emit((task, call))

    def _deliver(self, arrived: Any) -> None:
        task, call = arrived
        self._tasks.discard(task)
        if call is None or call[0] is None or task.cancelled:
            return
        call[0](*call[1])


def trace_of(error: Exception) -> str:
    """Where a failure of ours happened; nothing for bad input, of which its line says all."""
    bad_input = isinstance(error, ValueError) and type(error).__module__.startswith("ssllab.")
    return "" if bad_input else "".join(traceback.format_exception(error))


_under_way: WeakSet[threading.Thread] = WeakSet()


@atexit.register
def _let_end() -> None:
    """Give work that is given up the time to notice: a thread that the interpreter ends within torch aborts all."""
    deadline = time.monotonic() + LONGEST_END
    for thread in list(_under_way):
        thread.join(max(0.0, deadline - time.monotonic()))


class Background(QObject):
    """Work that may overtake other work, each in a thread of its own; outcomes arrive in the window's thread."""

    _arrived = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._arrived.connect(lambda call: call())

    def run(self, work: Callable[[], Callable[[], None]], failed: Callable[[str, str], None]) -> None:
        """Call ``work`` in a thread, and what it returns, or ``failed(line, trace)``, in the window's."""

        def run() -> None:
            try:
                then = work()
            except Exception as error:
                line, trace = (str(error).strip() or type(error).__name__).splitlines()[0], trace_of(error)
                then = lambda: failed(line, trace)  # noqa: E731
            self.deliver(then)

        thread = threading.Thread(target=run, name="ssllab-load", daemon=True)
        _under_way.add(thread)
        thread.start()

    def deliver(self, call: Callable[[], None]) -> None:
        """Have ``call`` made in the window's thread; from any thread."""
        with contextlib.suppress(RuntimeError):  # the window is gone
            self._arrived.emit(call)


class LongWork(QObject):
    """Work that a person waits for, one at a time, with progress and a cancel; :class:`.ProgressRow` shows it."""

    began = Signal(str)
    advanced = Signal(float, str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Worker(self)
        self._worker.progressed.connect(self._advance)
        self._task: Task | None = None
        self._cancelled: Callable[[], None] = lambda: None

    @property
    def busy(self) -> bool:
        """Whether work is under way, or a cancelled one has not yet stopped."""
        return self._worker.busy

    def start(
        self,
        title: str,
        work: Callable[[Task], Any],
        done: Callable[[Any], None],
        failed: Callable[[Exception, str], None],
        cancelled: Callable[[], None] = lambda: None,
    ) -> bool:
        """Begin; False when other work is still under way. One of the last three is called at the end."""
        if self.busy:
            return False
        self._cancelled = cancelled
        self.began.emit(title)
        self._task = self._worker.submit(work, self._then(done), self._then(failed))
        return True

    def cancel(self) -> None:
        """End the work at its next report."""
        if self._task is not None:
            self._task.cancel()
            self._end()
            self._cancelled()

    def close(self) -> None:
        """End without another word."""
        self._worker.close()

    def _then(self, call: Callable[..., None]) -> Callable[..., None]:
        def end(*result: Any) -> None:
            self._end()
            call(*result)

        return end

    def _advance(self, share: float, text: str) -> None:
        if self._task is not None:
            self.advanced.emit(share, text)

    def _end(self) -> None:
        self._task = None
        self.ended.emit()
