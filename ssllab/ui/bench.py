"""The mediator of a lab: widgets ask it, it talks to the session. It owns no tensor.

torch is imported and data is loaded in a background thread; until then ``config`` and ``data`` are None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import QObject, Qt, Signal

from ssllab.controls import WORLD, Config, ControlError, Value
from ssllab.data.catalogue import allowed, kind_of, source
from ssllab.data.kind import Kind, kind_named
from ssllab.data.skipped import every_word, in_words, left_out
from ssllab.labs import labs
from ssllab.training.messages import Checkpoint, CopyModel, Pause, PauseAt, Set, Start, StepOnce, Watch
from ssllab.training.run_record import Event, RunSettings
from ssllab.ui import loading
from ssllab.ui.control_words import control_words
from ssllab.ui.live_run import LiveRun, live_run
from ssllab.ui.loader import Loaded, Loader
from ssllab.ui.method_files import MethodFiles
from ssllab.ui.plots.markers import change_text
from ssllab.ui.reference import bands
from ssllab.ui.runs.words import file_name
from ssllab.ui.scene import Overlay, Scene, Thumbnails
from ssllab.ui.setup import Gesture, Setup, carried, remedy_words, said, short_name
from ssllab.ui.work import Background, LongWork

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ssllab.data.batches import Data
    from ssllab.methods.base import Method
    from ssllab.training.messages import Message, ModelCopy
    from ssllab.training.protocol import SessionLike
    from ssllab.training.run_store import Workspace
    from ssllab.ui.plots.export import FrameCall
    from ssllab.ui.work import Task

_REASONS_SAID = 3  # of files that were skipped; the detail has them all


class _Telling(NamedTuple):
    """What is told of a gesture when it is made."""

    words: str
    drag: object


class Bench(QObject):
    """One lab's method, data, settings and session. Every method here is called from the window's thread.

    Whatever a person changes goes through :meth:`take`, which tells of it by ``changed``: so all of it can be undone.
    ``long_work`` is what a person waits for, one at a time in the whole window.
    """

    changed = Signal(object)  # a Gesture
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
        options: Mapping[str, int] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.workspace = workspace
        self.lab = labs()[lab]
        self.long_work = long_work
        self.method_name = method or self.lab.method
        self.data_name = data or self.lab.data
        self.options = dict(options or {})  # of the data, where it is not loaded as usual
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
        self._lesson: Mapping[str, Value] = {}
        self._later: tuple[int, Callable[[], None]] | None = None
        self._left: SessionLike | None = None  # the session that ended last; it may still write
        self._asked: list[Future[Any]] = []  # changes that the session has not answered yet
        self._known_config: Config | None = None  # of the session, when it was last looked at
        self._watched = True
        self._runs = 0
        self._state = "loading"
        self._begun = False
        self._problem: str | None = None
        self._warned = ""
        self._prepared = (0.0, "")
        self.missing: str | None = None  # what of a run is not on disk after :meth:`close`
        self._seen_failure: object = None
        self._background = Background(self)
        self._files = MethodFiles(self)
        self._loader = Loader(self, workspace.path)
        self._loader.progress.connect(self.progress)
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

    def cancel_loading(self) -> None:
        """Give up the data that is being loaded; what was there before stays."""
        self._loader.cancel()

    def _loading_cancelled(self) -> None:
        self.progress.emit(-1.0, "", False)
        self._enter(self._session_state())
        self.say("info", "Loading was cancelled; what was downloaded is kept and continued next time.")

    # Controls

    @property
    def state(self) -> str:
        """ "loading", "ready", "running", "paused", "finished", "stopped" or "failed"."""
        return self._state

    @property
    def setup(self) -> Setup:
        """What is chosen now."""
        live = self.live_run
        run = live.stored.id if live is not None and live.step and live.stored is not None else None
        settings = self.config.model_dump() if self.config is not None else {}
        return Setup(
            self.method_name,
            settings,
            self.data_name,
            self.seed,
            self.device,
            run,
            dict(self._lesson),
            dict(self.options),
        )

    def take(
        self,
        wanted: Setup,
        words: str = "",
        *,
        drag: object = None,
        anew: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Make the bench as ``wanted``, as one gesture that can be taken back; ``then`` is called when it is so.

        ``words`` say what it was (``""``: which controls it changed), ``drag`` what it is a part of. ``anew`` puts the
        run aside, whatever differs. Other data is loaded first; a value that is refused changes nothing.
        """
        self._go(self.setup, wanted, _Telling(words, drag), anew=anew, then=then)

    def go(self, old: Setup, new: Setup) -> None:
        """From what a gesture made back to what was before it, or forth again; what else was changed since stays.

        Where a run trains, the run that comes back for it trains on."""
        trains = self._session_state() == "running" and new.run is not None
        self._go(old, new, None, then=self.start if trains else None)

    def _go(
        self,
        old: Setup,
        new: Setup,
        telling: _Telling | None,
        *,
        anew: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        grows = anew and (info := source(new.data)) is not None and info.grows
        if new.run is not None and new.run != old.run:
            self.device = new.device
            self._open_run(
                new.run, loading.resumed, lambda _: self._settle(self.setup, new, telling, then=then)
            )
        elif grows or (new.data, new.options) != (old.data, old.options):
            self._load(new, lambda found: self._settle(old, new, telling, found, then=then))
        else:
            self._settle(old, new, telling, anew=anew, then=then)

    def _load(self, wanted: Setup, loaded: Callable[[Loaded], None]) -> None:
        self._enter("loading")
        kinds = self.methods[wanted.method].kinds if wanted.method in self.methods else self.kinds
        self._loader.load(wanted.data, kinds, wanted.options, self.seed, loaded)

    def _settle(
        self,
        old: Setup,
        new: Setup,
        telling: _Telling | None,
        found: Loaded | None = None,
        *,
        anew: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Make the bench as what is now, with what ``new`` changes of ``old``; ``found``: the data that was loaded."""
        if found is not None:
            self.progress.emit(-1.0, "", False)
        before, had_data = self.setup, self.data is not None
        wanted = carried(old, new, before)
        fitted = self._fitted(wanted, found, follows=telling is not None)
        wanted = replace(wanted, settings={**wanted.settings, **fitted})
        config = self._config_for(wanted)
        if config is None and self.config is not None:
            self._enter(self._session_state())
            return
        other_method = wanted.method != self.method_name
        leaves = (
            anew
            or other_method
            or found is not None
            or (before.run is not None and wanted.run is None)
            or (wanted.seed, wanted.device) != (self.seed, self.device)
        )
        if leaves:
            self._leave_session()
        self.method_name, self.seed, self.device = wanted.method, wanted.seed, wanted.device
        self._lesson = wanted.lesson
        if self._later is not None:
            self._later = None
            self.say("info", "The rest of the lesson is left out, for something else was done first.")
        if found is not None:
            self.data_name, self.data, self.thumbnails = found
            self.options = dict(wanted.options)
        self._put(config, told=not other_method)
        if other_method:
            self.loaded.emit()
        self._say_fitted(fitted)
        if leaves:
            self._run_left()
        if found is not None:
            self._say_data()
        after = replace(wanted, settings=self.setup.settings)
        if telling is not None and before != after and self.config is not None and had_data:
            self.changed.emit(Gesture(telling.words or said(before, after), before, after, telling.drag))
        if then is not None:
            then()

    def _fitted(self, wanted: Setup, found: Loaded | None, *, follows: bool) -> dict[str, Value]:
        """What the data that is there then wants otherwise. Where it ``follows``, a control that is as is usual for the
        present data (the unit of a text) becomes as is usual for that which was ``found``."""
        if self.config is None:
            return {}
        here, now = allowed(self.data_name, self.data), self.config.model_dump()
        there = allowed(found.name, found.data) if found is not None else here
        usual = {
            key: good[0]
            for key, good in there.items()
            if follows
            and found is not None
            and key in here
            and now.get(key) == wanted.settings.get(key) == here[key][0]
        }
        left = {key: good[0] for key, good in there.items() if wanted.settings.get(key, good[0]) not in good}
        return {key: value for key, value in {**usual, **left}.items() if value != wanted.settings.get(key)}

    def _say_fitted(self, fitted: Mapping[str, Value]) -> None:
        if self.config is None or self.data is None:
            return
        specs = self.config.controls()
        for key, value in fitted.items():
            if key in specs:
                self.config_changed.emit(key, value, value)  # its row may show what was refused
                self.say(
                    "info",
                    f"{specs[key].title}: {specs[key].titled(value)}, as is usual for {self.data.title}.",
                )

    def usual(self, method: type[Method]) -> Config:
        """The settings of a method as they are at first, for the present data."""
        config = method.Config()
        return config.changed(config.unfit(allowed(self.data_name, self.data)))

    def _config_for(self, wanted: Setup) -> Config | None:
        """The settings as the method of ``wanted`` has them; None, and a line, where one is refused."""
        if self.config is None:
            return None
        cls = self.methods[wanted.method].Config
        known = {key: value for key, value in wanted.settings.items() if key in cls.model_fields}
        try:
            return cls.make(known)
        except ControlError as error:
            self.say("warning", str(error))
            now = self.config.model_dump()
            for key in now:
                self.config_changed.emit(key, known.get(key), now[key])  # rows show again what is so
            return None

    def _put(self, config: Config | None, *, told: bool, sent: bool = True) -> None:
        """Take these settings and tell the session of what is live; ``told``: rows learn of each that changed.

        Without ``sent`` the session knows already."""
        old, self.config = self.config, config
        if config is None or old is None or type(old) is not type(config):
            return
        moved = {key: value for key, value in config.model_dump().items() if getattr(old, key) != value}
        live = config.controls()
        if any(not live[key].live for key in moved):
            run = self.live_run
            if run is not None and run.step == 0 and self.state != "running":
                self._leave_session()
                self._run_left()
        for key, value in moved.items():
            if sent and live[key].live and (answer := self._send(Set(key, value))) is not None:
                self._asked.append(answer)
            if told:
                self.config_changed.emit(key, getattr(old, key), value)
        if moved:
            self.restart_needed.emit(self.needs_restart())

    def _say_data(self) -> None:
        self.data_loaded.emit()
        if self.data is not None and (skipped := self.data.skipped):
            lost = left_out(skipped)
            count = f"{lost:,} file{' was' if lost == 1 else 's were'} skipped. " if lost else ""
            words = "; ".join(in_words(skipped, _REASONS_SAID))
            self.say("warning" if lost else "info", f"{count}{words}.", every_word(skipped))

    def set_data(self, name: str) -> None:
        """Load the data of that name or path, also if it is the present one; the run is put aside when it is there."""
        now = self.setup
        options = now.options if name == now.data else {}
        new = replace(self._without_lesson(now), data=name, options=options, run=None)
        words = f"data {short_name(now.data)} → {short_name(name)}"
        telling = _Telling(words, None)
        self._load(new, lambda found: self._settle(now, new, telling, found))

    def set_options(self, changes: Mapping[str, int]) -> None:
        """Load the data otherwise; the run is put aside when it is there."""
        now, usual = self.setup, self.kind.options_of(source(self.data_name))
        before = {**usual, **now.options}
        wanted = {**before, **changes}
        if wanted != before:
            options = {name: value for name, value in wanted.items() if value != usual[name]}
            words = ", ".join(change_text(name, before[name], wanted[name]) for name in changes)
            self.take(replace(now, options=options, run=None), words)

    def set_method(self, name: str) -> None:
        """Take another method; what the person set themselves and both have is kept, the run is put aside."""
        if name == self.method_name or name not in self.methods:
            return
        now, method = self.setup, self.methods[name]
        now = self._without_lesson(now, method)
        own = now.own(type(self.config)()) if self.config is not None else {}
        settings = {
            **method.Config().model_dump(),
            **{k: v for k, v in own.items() if k in method.Config.model_fields},
        }
        data = self.data_for(method)
        options = now.options if data == now.data else {}
        new = replace(now, method=name, settings=settings, data=data, options=options, run=None)
        self.take(new, f"method {self._title(now.method)} → {method.title}")

    def data_for(self, method: type[Method]) -> str:
        """What a method learns from when it is taken: the present data where it can, else the usual of its kind."""
        kind = self.data.kind if self.data is not None else method.kinds[0]
        return self.data_name if kind in method.kinds else kind_named(method.kinds[0]).default

    def _title(self, method: str) -> str:
        known = self.methods.get(method)
        return known.title if known is not None else method

    def _without_lesson(self, now: Setup, method: type[Method] | None = None) -> Setup:
        """``now`` with the controls that a lesson set as the method has them at first. To another ``method`` the world
        goes along, as far as it has one: methods are compared before the same background."""
        if not now.lesson or self.config is None:
            return now
        usual, specs = type(self.config)(), self.config.controls()
        there = method.Config.controls() if method is not None else {}
        kept = {key: now.settings[key] for key in there if key in specs and specs[key].control.group == WORLD}
        settings = {**usual.model_dump(), **now.own(usual), **kept}
        if left := [key for key in settings if settings[key] != now.settings.get(key)]:
            names = ", ".join(map(control_words, left))
            be = "is" if len(left) == 1 else "are"
            self.say("info", f"The lesson is over: {names} {be} back at the default.")
        return replace(now, settings=settings, lesson={})

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
            self._make_config(self.setup.own(type(self.config)()) if self.config is not None else {})
        self.loaded.emit()

    def _make_config(self, wished: dict[str, Value]) -> None:
        """The method's settings with those that are wished and that it has."""
        cls = self.methods[self.method_name].Config
        try:
            self.config = cls.make({key: value for key, value in wished.items() if key in cls.model_fields})
        except ControlError as error:
            self.config = cls.make()
            self.say("warning", f"The last settings do not fit: {error}")
        self.config = self.config.changed(self.config.unfit(allowed(self.data_name, self.data)))

    def set_device(self, name: str) -> None:
        """Train on another device from the next run on."""
        if name != self.device:
            self.take(replace(self.setup, device=name, run=None), f"device {self.device} → {name}")

    def set_seed(self, seed: int) -> None:
        """Draw the next run from another seed."""
        if seed != self.seed:
            self.take(replace(self.setup, seed=seed, run=None), f"seed {self.seed} → {seed}")

    def set(self, key: str, value: Value, *, drag: object = None) -> None:
        """Change a control: a live one takes effect at the next step, the others at the next reset."""
        self.set_many({key: value}, drag=drag)

    def set_many(self, changes: Mapping[str, Value], words: str = "", *, drag: object = None) -> None:
        """Several changes as one gesture; all of them or, where one is refused, none."""
        now = self.setup
        if self.config is not None and any(now.settings.get(key) != value for key, value in changes.items()):
            self.take(replace(now, settings={**now.settings, **changes}), words, drag=drag)

    def set_defaults(self) -> None:
        """Every control as the method has it at first; the run goes on where only live ones differ."""
        if self.config is not None:
            usual, now = self.usual(self.methods[self.method_name]), self.setup
            run = None if usual.needs_restart(self.config) else now.run
            self.take(replace(now, settings=usual.model_dump(), lesson={}, run=run), "back to the defaults")

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

    def stop_after(self, steps: int) -> None:
        """Train so many steps more, then pause."""
        if self._ready_session(lambda: self.stop_after(steps)) and self.session is not None:
            at = self.session.step + steps
            self._send(PauseAt(at))
            self._send(Start())
            self.say("info", f"Training pauses at step {at:,}.")

    def file_name(self, what: str) -> str:
        """What a picture or table of ``what`` is called, without its ending: method, data, what, step."""
        live = self.live_run
        parts = [self.method_name, Path(self.data_name).name, what, *([f"step {live.step}"] if live else [])]
        return file_name(" ".join(parts)).replace(" ", "-").lower()

    def reset(self) -> None:
        """Put the run aside (it stays on disk); the next start begins a new one."""
        self.take(replace(self.setup, run=None), "reset", anew=True)

    def _run_left(self) -> None:
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
        self._take_run(run_id, loading.resumed, "opening a run", place=place)

    def open(self, run_id: str, place: str | None = None) -> None:
        """Put a stored run on the bench as its last checkpoint left it; Start goes on."""
        self._take_run(run_id, loading.resumed, "opening a run", place=place, starts=False)

    def fork(self, run_id: str, step: int, known: int | None = None, place: str | None = None) -> None:
        """A new run that begins as the stored one was at ``step``, after the first ``known`` of its events."""
        self._take_run(run_id, loading.forked(step, known), f"fork at step {step:,}", place=place)

    def rewind(self, change: Event) -> None:
        """A new run that is the present one up to just before ``change``, one of its events; it waits for start.

        What was learned since stays in the old run.
        """
        if (run_id := self._rewindable()) is not None:
            words = f"rewind to step {change.step:,}"
            self._take_run(run_id, loading.forked_before(change), words, rewound_to=change.step)

    def cure(self, changes: Mapping[str, Value], rewind_to: int | None) -> None:
        """Apply a remedy and train: go back to a step if one is named, then set the controls; one gesture.

        Where one of them is not live, the run begins anew.
        """
        if self.config is None:
            return
        does = remedy_words(changes, rewind_to, self.begins_anew(changes))
        words = f"remedy: {does[0].lower()}{does[1:]}"
        now = self.setup
        if self.begins_anew(changes):
            self.take(
                replace(now, settings={**now.settings, **changes}, run=None),
                words,
                anew=True,
                then=self.start,
            )
        elif rewind_to is None:
            self.take(replace(now, settings={**now.settings, **changes}), words, then=self.start)
        elif (run_id := self._rewindable()) is not None:
            self._take_run(run_id, loading.forked(rewind_to, changes=changes), words, changes=changes)

    def begins_anew(self, changes: Mapping[str, Value]) -> bool:
        """Whether one of these takes effect in a new run only."""
        controls = self.config.controls() if self.config is not None else {}
        return any(key in controls and not controls[key].live for key in changes)

    def _rewindable(self) -> str | None:
        """The run on the bench as it is stored; None, and a line, where it is not."""
        live = self.live_run
        if live is None or live.stored is None or live.problem:
            why = "it is kept in memory only" if live else "there is none"
            self.say("warning", f"The run cannot be rewound: {why}.")
            return None
        return live.stored.id

    def _take_run(
        self,
        run_id: str,
        reopen: loading.Reopen,
        words: str,
        *,
        rewound_to: int | None = None,
        changes: Mapping[str, Value] | None = None,
        place: str | None = None,
        starts: bool = True,
    ) -> None:
        """Go on with a stored run, as one gesture. It ``starts``, unless it was rewound by the person: then it waits."""
        before = self.setup

        def opened(session: SessionLike) -> None:
            if changes and self.config is not None:  # the session makes them when it comes to that step
                self._put(self.config.changed(changes), told=True, sent=False)
            stored = session.run.id if session.run is not None else None
            self.changed.emit(Gesture(words, before, replace(self.setup, run=stored)))
            if rewound_to is None and starts:
                self._send(Start())
            elif rewound_to is not None:
                self.say("info", loading.rewound_words(session.step, rewound_to))

        self._open_run(run_id, reopen, opened, place)

    def _open_run(
        self,
        run_id: str,
        reopen: loading.Reopen,
        opened: Callable[[SessionLike], None],
        place: str | None = None,
    ) -> None:
        """End the present session and put the stored run in its place; then ``opened`` is called."""
        if not self.methods:
            again = lambda: self._open_run(run_id, reopen, opened, place)  # noqa: E731
            self.loaded.connect(again, Qt.ConnectionType.SingleShotConnection)
            self.begin()
            return
        self._enter("loading")
        ending = [session for session in (self.session, self._left) if session is not None]
        self.session = None
        self._loader.open_run(
            lambda: loading.open_run(self.workspace, run_id, self.device, reopen, ending, place),
            lambda found: self._run_opened(found, opened),
        )

    def _run_opened(self, found: loading.Opened, opened: Callable[[SessionLike], None]) -> None:
        self._files.read()
        session, settings = found.session, found.settings
        self.progress.emit(-1.0, "", False)
        self.data, self.data_name, self.thumbnails = found.data, settings.data, found.thumbnails
        usual = self.kind.options_of(source(self.data_name))
        self.options = {
            name: value for name, value in settings.options.items() if value != usual.get(name, value)
        }
        self.method_name, self.seed = settings.method, settings.seed
        self._lesson, self._later = {}, None
        self.config = session.config or self.methods[settings.method].Config.make(settings.config)
        self._take_session(session)
        self.loaded.emit()
        self.data_loaded.emit()
        self.run_changed.emit()
        if found.warning:
            self.say("warning", found.warning)
        self._enter(self._session_state())
        opened(session)

    def run_settings(self) -> RunSettings:
        """What a run that begins now is made of; method and data must be there."""
        from ssllab.training.device import usual_precision
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
            precision=usual_precision(self.device, getattr(self.config, "encoder", None)),
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
        self._known_config, self._warned = session.config, session.warning
        self._asked.clear()
        self._runs += 1
        self._send(Watch(self._watched))

    def _leave_session(self) -> None:
        session, self.session = self.session, None
        self._problem = None
        if session is None:
            return
        self._left = session

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
        self._tell_preparing(session)
        self._follow(session)
        if self._later is not None and session.step >= self._later[0]:
            (_, act), self._later = self._later, None
            act()
        if session.failure is not None and session.failure is not self._seen_failure:
            self._seen_failure = session.failure
            self.say("error", session.failure.message, session.failure.detail)
        if session.warning != self._warned:
            self._warned = session.warning
            self.say("warning", session.warning)
        if session.problem != self._problem:
            self._problem = session.problem
            if self._problem:
                self.say("warning", f"{self._problem} Training goes on in memory.")
            else:
                self.say("info", "The run is on disk again.")

    def _tell_preparing(self, session: SessionLike) -> None:
        """How far a model is that takes long to build."""
        said = session.preparing if session.state == "building" else (0.0, "")
        if said != self._prepared:
            self._prepared = said
            fraction, text = said
            self.progress.emit(fraction if text else -1.0, text, False)

    def _follow(self, session: SessionLike) -> None:
        """Take over what the session changed by itself, as a plan or the replay of a rewound run has it."""
        self._asked = [answer for answer in self._asked if not answer.done()]
        config = session.config
        if self._asked or config is None or config is self._known_config:
            return
        self._known_config = config
        if self.config is not None and type(config) is type(self.config):
            live = {k: getattr(config, k) for k, spec in config.controls().items() if spec.live}
            self._put(self.config.changed(live), told=True, sent=False)

    def when(self, step: int, act: Callable[[], None]) -> None:
        """Call ``act`` once the run has made so many steps; forgotten when the person does something else first."""
        self._later = step, act

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

        self._save(path, lambda task: save_table(columns, path, task.report), "data was")

    def save_film(self, frames: Sequence[FrameCall], path: Path, per_second: float) -> None:
        """Write a film as GIF: painted frame by frame between the window's turns, written in the background."""
        from ssllab.ui.plots.export import draw_film

        self._save(
            path,
            lambda task: draw_film(
                frames, path, per_second=per_second, report=task.report, in_window=task.in_window
            ),
            "film was",
        )

    def _save(self, path: Path, save: Callable[[Task], Path], what: str) -> None:
        if not self.long_work.start(
            f"Saving {path.name}",
            save,
            lambda written: self.say("info", f"The {what} saved to {written}."),
            lambda error, trace: self.say("error", str(error), trace),
            lambda: self.say("info", "Saving was cancelled; nothing was written."),
        ):
            self.say("warning", "Something else is still being saved. Wait for it or cancel it.")

    # What others may know of the session and ask of it

    @property
    def live_run(self) -> LiveRun | None:
        """How the run stands, also after its end; None before it began."""
        return live_run(self.session, self._runs) if self.session else None

    @property
    def run_and_parent(self) -> tuple[str, tuple[str, int] | None] | None:
        """The run on the bench by its id, with the run and the step that it was forked from; None where nothing is kept."""
        run: Any = self.session.run if self.session is not None else None
        return None if run is None else (run.id, run.info.parent)

    @property
    def run_config(self) -> Config | None:
        """The settings of the run that is here; those that are chosen before there is one."""
        return (self.session.config if self.session else None) or self.config

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
