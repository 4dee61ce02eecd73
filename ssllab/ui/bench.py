"""The mediator of a lab: widgets ask it, it talks to the session. It owns no tensor.

torch is imported and data is loaded in a background thread; until then ``config`` and ``data`` are None.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from ssllab.controls import Config, ControlError, Value
from ssllab.data.catalogue import kind_of
from ssllab.data.kind import Kind, kind_named
from ssllab.data.skipped import every_word, in_words, left_out
from ssllab.labs import labs
from ssllab.training.messages import Checkpoint, CopyModel, Pause, Set, Start, StepOnce, Watch
from ssllab.training.run_record import Event, RunSettings
from ssllab.ui import loading
from ssllab.ui.live_run import LiveRun, live_run
from ssllab.ui.loader import Loader
from ssllab.ui.method_files import MethodFiles
from ssllab.ui.reference import bands
from ssllab.ui.scene import Overlay, Scene, Thumbnails
from ssllab.ui.work import Background, LongWork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ssllab.data.batches import Data
    from ssllab.methods.base import Method
    from ssllab.training.messages import Message, ModelCopy
    from ssllab.training.protocol import SessionLike
    from ssllab.training.run_store import Workspace

_REASONS_SAID = 3  # of files that were skipped; the detail has them all


class Bench(QObject):
    """One lab's method, data, settings and session. Every method here is called from the window's thread.

    ``long_work`` is what a person waits for, one at a time in the whole window.
    """

    config_changed = Signal(str, object, object)
    run_changed = Signal()
    state_changed = Signal(str)
    message = Signal(str, str, str)  # level ("info", "mended", "warning", "error"), text, detail
    loaded = Signal()
    data_loaded = Signal()
    progress = Signal(float, str, bool)  # of loading, -1 when over; whether it can be cancelled
    restart_needed = Signal(bool)

    def __init__(
        self,
        workspace: Workspace,
        lab: str,
        long_work: LongWork,
        *,
        method: str | None = None,
        data: str | None = None,
        device: str = "auto",
        settings: dict[str, Value] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.lab = labs()[lab]
        self.long_work = long_work
        self.method_name = method or self.lab.method
        self.data_name = data or self.lab.data
        self.device = device
        self.seed = seed
        self.steps: int | None = None
        self.config: Config | None = None
        self.data: Data | None = None
        self.session: SessionLike | None = None
        self.overlays: dict[str, Overlay] = {}  # the lab's runs that are drawn beside the live one, by id
        self.methods: dict[str, type[Method]] = {}
        self.thumbnails: Thumbnails | None = None
        self._wished = dict(settings or {})
        self._watched = True
        self._runs = 0
        self._state = "loading"
        self._begun = False
        self._problem: str | None = None
        self.missing: str | None = None  # what of a run is not on disk after :meth:`close`
        self._seen_failure: object = None
        self._background = Background(self)
        self._files = MethodFiles(self)
        self._loader = Loader(self, workspace.path)
        self._loader.progress.connect(self.progress)
        self._loader.loaded.connect(self._data_ready)
        self._loader.failed.connect(self._failed)
        self._loader.cancelled.connect(self._loading_cancelled)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of data that the method learns from; until it is imported, the kind that the lab opens with."""
        method = self.methods.get(self.method_name)
        return method.kinds if method is not None else (self.lab.kind,)

    @property
    def kind(self) -> Kind:
        """The kind of the data that the lab has, or is about to have."""
        return kind_named(self.data.kind) if self.data is not None else kind_of(self.data_name, self.kinds)

    # Loading, in threads of its own

    def _failed(self, text: str, detail: str) -> None:
        self.progress.emit(-1.0, "", False)
        self._enter("failed" if self.data is None else self._session_state())
        self.say("error", text, detail)

    def begin(self) -> None:
        """Import torch and load the data; called when the lab is first seen, once the window is on the screen."""
        if self._begun:
            return
        self._begun = True
        self.progress.emit(0.0, "Loading PyTorch", False)

        def work() -> Callable[[], None]:
            from ssllab.methods.registry import methods
            from ssllab.training.device import use_sensible_threads

            methods()  # the person's own files are read here, not in the window's thread
            use_sensible_threads(window=True)
            return self._engine_ready

        self._background.run(work, self._failed)

    def _engine_ready(self) -> None:
        self.methods = self._files.take()
        kind = kind_of(self.data_name, (self.lab.kind,)).name
        if self.method_name not in self.methods:
            self.say(
                "warning",
                f"There is no method '{self.method_name}' any more: the lab's own is taken instead.",
            )
        if self.method_name not in self.methods or kind not in self.kinds:
            self.method_name = next(
                (name for name in self.methods if kind in self.methods[name].kinds), self.lab.method
            )
        self._make_config(self._wished)
        if self.data is None and not self._loader.busy:
            self.set_data(self.data_name)
        self.loaded.emit()
        self._enter(self._session_state())

    def set_data(self, name: str) -> None:
        """Load the data of that name or path; the run is reset when it is there."""
        self._enter("loading")
        self._loader.load(name, self.kinds, self.seed)

    def cancel_loading(self) -> None:
        """Give up the data that is being loaded; what was there before stays."""
        self._loader.cancel()

    def _loading_cancelled(self) -> None:
        self.progress.emit(-1.0, "", False)
        self._enter(self._session_state())
        self.say("info", "Loading was cancelled; what was downloaded is kept and continued next time.")

    def _data_ready(self, name: str, data: Data, thumbnails: Thumbnails | None) -> None:
        self.progress.emit(-1.0, "", False)
        self.data, self.data_name, self.thumbnails = data, name, thumbnails
        self.reset()
        self.data_loaded.emit()
        if data.skipped:
            lost = left_out(data.skipped)
            count = f"{lost:,} file{' was' if lost == 1 else 's were'} skipped. " if lost else ""
            words = "; ".join(in_words(data.skipped, _REASONS_SAID))
            self.say("warning" if lost else "info", f"{count}{words}.", every_word(data.skipped))

    # Controls

    @property
    def state(self) -> str:
        """ "loading", "ready", "running", "paused", "finished", "stopped" or "failed"."""
        return self._state

    def set_method(self, name: str) -> None:
        """Take another method; what the person changed and both have is kept, the run is reset."""
        if name == self.method_name or name not in self.methods:
            return
        self.method_name = name
        self._make_config(self._changed())
        self.loaded.emit()
        self.reset()
        if self.data is not None and self.data.kind not in self.kinds:
            self.data = self.thumbnails = None
            self.set_data(kind_named(self.kinds[0]).default)

    def choose(self, name: str) -> None:
        """Take a method that may be new; when the engine is there, if it is not yet."""
        if not self.methods:
            self.method_name = name
            self.begin()
            return
        self._files.read()
        if not self._files.waits(lambda: self.set_method(name)):
            self.set_method(name)

    def set_methods(self, methods: dict[str, type[Method]]) -> None:
        """Take the lab's methods as they are now; of one that was read anew what the person changed is kept."""
        same = methods.get(self.method_name) is self.methods.get(self.method_name)
        self.methods = methods
        if not same:
            if self.method_name not in methods:
                self.method_name = self.lab.method
            self._make_config(self._changed())
        self.loaded.emit()

    def _changed(self) -> dict[str, Value]:
        """The controls that are not as their method has them at first."""
        if self.config is None:
            return {}
        usual = type(self.config)().model_dump()
        return {key: value for key, value in self.config.model_dump().items() if value != usual[key]}

    def _make_config(self, wished: dict[str, Value]) -> None:
        """The method's settings with those that are wished and that it has."""
        cls = self.methods[self.method_name].Config
        try:
            self.config = cls.make({key: value for key, value in wished.items() if key in cls.model_fields})
        except ControlError as error:
            self.config = cls.make()
            self.say("warning", f"The last settings do not fit: {error}")

    def set_device(self, name: str) -> None:
        """Train on another device from the next run on."""
        if name != self.device:
            self.device = name
            self.reset()

    def set_seed(self, seed: int) -> None:
        """Draw the next run from another seed."""
        if seed != self.seed:
            self.seed = seed
            self.reset()

    def set(self, key: str, value: Value) -> None:
        """Change a control: a live one takes effect at the next step, the others at the next reset."""
        if self.config is None:
            return
        old = getattr(self.config, key, None)
        try:
            self.config = self.config.changed({key: value})
        except ControlError as error:
            self.say("warning", str(error))
            self.config_changed.emit(key, value, old)
            return
        new = getattr(self.config, key)
        if new == old:
            return
        if self.config.controls()[key].live:
            self._send(Set(key, new))
        elif (live := self.live_run) is not None and live.step == 0 and self.state != "running":
            self.reset()
        self.config_changed.emit(key, old, new)
        self.restart_needed.emit(self.needs_restart())

    def set_many(self, changes: dict[str, Value]) -> None:
        """Several changes, as a remedy or a lesson makes them."""
        for key, value in changes.items():
            self.set(key, value)

    def needs_restart(self) -> bool:
        """Whether a control that is not live differs from what the session was built with."""
        built = self.session.config if self.session else None
        return built is not None and self.config is not None and self.config.needs_restart(built)

    # The run

    def start(self) -> None:
        """Train; a new run if there is none."""
        if self._ready_session(self.start):
            self._send(Start())

    def start_or_pause(self) -> None:
        """What the one button does."""
        if self.state == "running":
            self.pause()
        else:
            self.start()

    def pause(self) -> None:
        """Stop after the step under way."""
        self._send(Pause())

    def step(self) -> None:
        """One step."""
        if self._ready_session(self.step):
            self._send(StepOnce())

    def reset(self) -> None:
        """Put the run aside (it stays on disk); the next start begins a new one."""
        self._leave_session()
        self._enter(self._session_state())
        self.run_changed.emit()
        self.restart_needed.emit(False)
        self._files.read()

    def close(self) -> None:
        """End the session and wait for its files."""
        self._loader.forget()
        session, self.session = self.session, None
        if session is not None:
            session.stop(timeout=30)
            self.missing = session.problem

    def resume(self, run_id: str, place: str | None = None) -> None:
        """Go on with a stored run from its last checkpoint; its data is at ``place``, if it has moved."""
        self._open_run(run_id, loading.resumed, place=place)

    def fork(self, run_id: str, step: int, known: int | None = None, place: str | None = None) -> None:
        """A new run that begins as the stored one was at ``step``, after the first ``known`` of its events."""
        self._open_run(run_id, loading.forked(step, known), place=place)

    def rewind(self, change: Event) -> None:
        """A new run that is the present one up to just before ``change``, one of its events; it waits for start.

        What was learned since stays in the old run.
        """
        live = self.live_run
        if live is None or live.stored is None or live.problem:
            why = "it is kept in memory only" if live else "there is none"
            self.say("warning", f"The run cannot be rewound: {why}.")
            return
        self._open_run(live.stored.id, loading.forked_before(change), rewound_to=change.step)

    def _open_run(
        self, run_id: str, reopen: loading.Reopen, rewound_to: int | None = None, place: str | None = None
    ) -> None:
        """End the present session and go on with the stored run."""
        if not self.methods:
            again = lambda: self._open_run(run_id, reopen, rewound_to, place)  # noqa: E731
            self.loaded.connect(again, Qt.ConnectionType.SingleShotConnection)
            self.begin()
            return
        self._enter("loading")
        old, self.session = self.session, None
        self._loader.open_run(
            lambda: loading.open_run(self.workspace, run_id, self.device, reopen, old, place),
            lambda opened: self._run_opened(opened, rewound_to),
        )

    def _run_opened(self, opened: loading.Opened, rewound_to: int | None) -> None:
        self._files.read()
        session, settings = opened.session, opened.settings
        self.progress.emit(-1.0, "", False)
        self.data, self.data_name, self.thumbnails = opened.data, settings.data, opened.thumbnails
        self.method_name, self.seed = settings.method, settings.seed
        self.config = session.config or self.methods[settings.method].Config.make(settings.config)
        self._take_session(session)
        self.loaded.emit()
        self.data_loaded.emit()
        self.run_changed.emit()
        if opened.warning:
            self.say("warning", opened.warning)
        if rewound_to is None:
            self._send(Start())
            return
        self.say("info", loading.rewound_words(session.step, rewound_to))

    def run_settings(self) -> RunSettings:
        """What a run that begins now is made of; method and data must be there."""
        from ssllab.training.run_method import method_file

        assert self.data is not None
        assert self.config is not None
        return RunSettings(
            method=self.method_name,
            config=self.config.model_dump(),
            data=self.data_name,
            options=self.data.options,
            seed=self.seed,
            device=self.device,
            precision="auto",
            steps=self.steps,
            method_file=method_file(self.method_name),
        )

    def _ready_session(self, again: Callable[[], None]) -> bool:
        """Whether there is a session now; ``again`` is called where methods must be read before there is one."""
        if self._session_state() in ("finished", "stopped", "failed"):
            self.reset()
        if self.session is not None:
            return True
        if self.data is None or self.config is None or self._files.waits(again):
            return False
        from ssllab.training.session import Session

        settings = self.run_settings()
        self._take_session(Session(settings, self.data, self.workspace.create(settings)))
        self.run_changed.emit()
        return True

    def _take_session(self, session: SessionLike) -> None:
        self.session = session
        self._runs += 1
        self._send(Watch(self._watched))

    def _leave_session(self) -> None:
        session, self.session = self.session, None
        self._problem = None
        if session is None:
            return

        def work() -> Callable[[], None]:
            session.stop()
            missing = session.problem
            return lambda: (
                self.say("error", f"The last run is not whole on disk: {missing}") if missing else None
            )

        self._background.run(work, self._failed)

    # What panels draw

    def poll(self) -> None:
        """Called by the window's timer: notice what changed in the session."""
        session = self.session
        if session is None:
            return
        self._enter(self._session_state())
        if session.failure is not None and session.failure is not self._seen_failure:
            self._seen_failure = session.failure
            self.say("error", session.failure.message, session.failure.detail)
        if session.problem != self._problem:
            self._problem = session.problem
            if self._problem:
                self.say("warning", f"{self._problem} Training goes on in memory.")
            else:
                self.say("info", "The run is on disk again.")

    def scene(self) -> Scene:
        """Everything a panel may draw now."""
        session = self.session
        options = self.data.options if self.data else None
        drawn, missing = bands(self.method_name, self.data_name, self.config, options)
        base = Scene(
            state=self._state,
            config=self.config,
            thumbnails=self.thumbnails,
            overlays=self._others(),
            bands=drawn,
            no_bands=missing,
            class_names=self.data.class_names if self.data else (),
        )
        if session is None:
            return base
        return replace(
            base,
            metrics=session.metrics,
            probes=session.probes,
            events=session.events,
            look=session.look,
            verdict=session.verdict,
            constants=session.constants,
        )

    def _others(self) -> tuple[Overlay, ...]:
        """The overlays but for the live run, which is drawn anyway."""
        stored = live.stored if (live := self.live_run) else None
        return tuple(
            overlay for run_id, overlay in self.overlays.items() if not stored or run_id != stored.id
        )

    def say(self, level: str, text: str, detail: str = "") -> None:
        """A line for the user, with detail for those who want it."""
        self.message.emit(level, text, detail)

    def save_table(self, columns: dict[str, NDArray], path: Path) -> None:
        """Write columns as CSV in the background; the window shows how far it is."""
        from ssllab.ui.plots.export import save_table

        if not self.long_work.start(
            f"Saving {path.name}",
            lambda task: save_table(columns, path, task.report),
            lambda written: self.say("info", f"The data was saved to {written}."),
            lambda error, trace: self.say("error", str(error), trace),
            lambda: self.say("info", "Saving was cancelled; nothing was written."),
        ):
            self.say("warning", "Another table is still being saved. Wait for it or cancel it.")

    # What others may know of the session and ask of it

    @property
    def live_run(self) -> LiveRun | None:
        """How the run stands, also after its end; None before it began."""
        return live_run(self.session, self._runs) if self.session else None

    @property
    def watched(self) -> bool:
        """Whether the lab is seen."""
        return self._watched

    @watched.setter
    def watched(self, watched: bool) -> None:
        if watched != self._watched:
            self._watched = watched
            self._send(Watch(watched))

    def keep_checkpoint(self) -> Future[None] | None:
        """Keep this moment with the run; None where there is no run."""
        return self._send(Checkpoint())

    def copy_model(self) -> Future[ModelCopy] | None:
        """The model of now; None without a run. Raises RuntimeError when the run has ended."""
        return self._send(CopyModel())

    def _send(self, message: Message) -> Future[Any] | None:
        return self.session.send(message) if self.session else None

    def _session_state(self) -> str:
        if self.session is None:
            return "ready" if self.data is not None and self.config is not None else "loading"
        state = self.session.state
        return "ready" if state == "building" else state

    def _enter(self, state: str) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)
