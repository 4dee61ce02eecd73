"""The thread that owns a model: when a change acts, what is kept before it, and how it fails."""

import shutil
import threading
import time
from dataclasses import replace

import pytest
import torch

from ssllab.controls import ControlError
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.doctor.verdict import Verdict, worst
from ssllab.looks import Embedding
from ssllab.methods.simclr import SimCLR
from ssllab.storage.progress import tell
from ssllab.training import checkpoint
from ssllab.training.messages import CopyModel, PauseAt, ProbeNow, Start, StepOnce, Stop, Watch
from ssllab.training.reopen import fork_before, fork_run, resume_run
from ssllab.training.run_record import Change, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.session import Session
from ssllab.training.trainer import Trainer

CONFIG = {
    "batch_size": 16, "dimension": 8, "head_width": 16, "warmup_steps": 0, "schedule": "constant",
    "learning_rate": 0.001, "temperature": 0.5,
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (80, 3, 16, 16), generator=generator, dtype=torch.uint8)
    return ImageData("noise", "Noise", ImageSplit(images[:60]), ImageSplit(images[60:]))


@pytest.fixture
def sessions(data, tmp_path):
    """``make(**settings)`` gives a session with a stored run; every one is stopped at the end."""
    made = []
    store = Workspace(tmp_path / "workspace")

    def make(steps=None, plan=(), **config):
        settings = RunSettings(
            method="simclr", config={**CONFIG, **config}, data="noise", steps=steps, plan=tuple(plan)
        )
        made.append(Session(settings, data, store.create(settings)))
        return made[-1]

    make.store = store
    make.made = made
    yield make
    for session in made:
        session.stop()


def _until(question, seconds=60):
    deadline = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def _one_step(session):
    before = session.step
    session.step_once()
    _until(lambda: session.step == before + 1)


def _curve(session, name="loss"):
    return session.metrics.column(name)[1].tolist()


def test_a_session_pauses_at_the_step_it_was_told_and_goes_on_when_started(sessions):
    session = sessions()
    session.send(PauseAt(3))
    session.send(Start())
    _until(lambda: session.state == "paused")
    assert session.step == 3
    session.send(Start())
    _until(lambda: session.step > 4)


def test_a_change_acts_at_the_next_step_and_is_recorded(sessions):
    session = sessions()
    for _ in range(3):
        _one_step(session)
    assert session.set("learning_rate", 0.004).result(30) == (0.001, 0.004)
    assert session.config.learning_rate == 0.004
    _one_step(session)
    assert _curve(session, "learning_rate") == pytest.approx([0.001] * 3 + [0.004])
    session.stop()
    (change,) = [event for event in session.run.events() if event.kind == "set"]
    assert (change.step, change.key, change.old, change.new) == (3, "learning_rate", 0.001, 0.004)


def test_before_a_change_the_old_state_is_kept(sessions):
    session = sessions()
    _one_step(session)
    _one_step(session)
    weights = session.send(CopyModel()).result(30).state["encoder.backbone.0.weight"]
    session.set("temperature", 0.1).result(30)
    _one_step(session)
    session.stop()
    (kept,) = [ref for ref in session.run.checkpoints() if ref.reason == "before temperature"]
    tree, _ = checkpoint.load(kept.stem)
    assert (kept.step, tree["step"], tree["config"]["temperature"]) == (2, 2, 0.5)
    assert torch.equal(tree["model"]["encoder.backbone.0.weight"], weights)


def test_of_many_changes_between_two_steps_only_the_last_happens(sessions, monkeypatch):
    session = sessions()
    _one_step(session)
    open_again = threading.Event()
    whole = Trainer.probe
    monkeypatch.setattr(Trainer, "probe", lambda trainer: open_again.wait(30) and whole(trainer))
    session.send(ProbeNow())
    futures = [session.set("temperature", value) for value in (0.1, 0.2, 0.3, 0.4)]
    other = session.set("learning_rate", 0.002)
    open_again.set()
    assert {future.result(30) for future in futures} == {(0.5, 0.4)}
    assert other.result(30) == (0.001, 0.002)
    assert [event.key for event in session.events if event.kind == "set"] == ["temperature", "learning_rate"]


def test_a_bad_change_is_answered_and_training_goes_on(sessions):
    session = sessions()
    _one_step(session)
    for key, value in (("temperature", -1.0), ("nothing", 1.0), ("batch_size", 32)):
        with pytest.raises(ControlError):
            session.set(key, value).result(30)
    _one_step(session)
    assert session.failure is None
    assert not any(event.kind == "set" for event in session.events)


def test_start_pause_step_and_stop(sessions):
    session = sessions()
    _until(lambda: session.state == "ready")
    assert session.step == 0
    session.start()
    _until(lambda: session.step >= 3)
    assert session.state == "running"
    session.pause()
    _until(lambda: session.state == "paused")
    here = session.step
    time.sleep(0.1)
    assert session.step == here
    _one_step(session)
    _until(lambda: session.state == "paused")
    session.start()
    _until(lambda: session.step >= here + 4)
    session.stop()
    session.stop()
    assert session.state == "stopped"
    assert session.run.checkpoints()[-1].step == session.step
    assert len(session.run.metrics()) == session.step


def test_a_session_with_an_end_finishes_with_a_probe_and_a_checkpoint(sessions):
    session = sessions(steps=4)
    session.start()
    assert session.wait(60)
    assert (session.state, session.step) == ("finished", 4)
    assert session.probes.column("rankme_h")[0].tolist() == [0, 4]
    assert session.run.checkpoints()[-1].reason == "end"
    assert session.verdict is not None


def test_a_copy_of_the_model_is_of_one_step_and_stays_what_it_was(sessions):
    session = sessions()
    _one_step(session)
    session.set("temperature", 0.1).result(30)
    copy = session.send(CopyModel()).result(30)
    assert (copy.step, copy.settings, copy.config["temperature"]) == (1, session.settings, 0.1)
    weight = copy.state["encoder.backbone.0.weight"].clone()
    _one_step(session)
    assert torch.equal(copy.state["encoder.backbone.0.weight"], weight)
    later = session.send(CopyModel()).result(30)
    assert not torch.equal(later.state["encoder.backbone.0.weight"], weight)


def test_a_question_that_cannot_be_answered_harms_nothing(sessions, monkeypatch):
    session = sessions()
    _one_step(session)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "probe", lambda trainer: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            session.send(ProbeNow()).result(30)
    _one_step(session)
    assert session.failure is None


def test_what_waits_is_bounded_and_one_answer_serves_all_who_asked(sessions, monkeypatch):
    session = sessions()
    _one_step(session)
    open_again, asked = threading.Event(), threading.Event()

    def probe(trainer):
        asked.set()
        open_again.wait(30)
        raise ValueError("no probe")

    monkeypatch.setattr(Trainer, "probe", probe)
    session.send(ProbeNow())
    assert asked.wait(30)
    copies = [session.send(CopyModel()) for _ in range(100)]
    kept = [session.checkpoint(f"reason {number}") for number in range(100)]
    assert len(session._mail) == 2
    open_again.set()
    assert len({id(future.result(30)) for future in copies}) == 1
    assert {future.result(30) for future in kept} == {None}
    session.stop()
    reasons = [ref.reason for ref in session.run.checkpoints()]
    assert [reason for reason in reasons if reason.startswith("reason")] == ["reason 99"]


def test_orders_are_taken_note_of_at_once(sessions):
    session = sessions()
    assert session.send(Watch(True)).result(0) is None
    assert session.watched
    assert session.send(StepOnce()).result(0) is None
    _until(lambda: session.step == 1)
    assert session.send(Stop()).result(0) is None
    assert session.wait(30)
    assert session.send(Stop()).result(0) is None


def test_a_watched_session_has_a_look(sessions):
    session = sessions()
    session.send(Watch(True))
    _one_step(session)
    _until(lambda: session.look is not None)
    assert session.look.part(Embedding).views.shape == (40, 16, 16, 3)


def test_a_failure_in_the_thread_is_readable_and_the_caller_lives_on(sessions, monkeypatch):
    session = sessions()
    _one_step(session)

    def broken(self, images, generator):
        raise RuntimeError("the cable is out\nsecond line")

    with monkeypatch.context() as patch:
        patch.setattr(SimCLR, "step", broken)
        session.start()
        assert session.wait(60)
    assert session.state == "failed"
    assert session.failure.message == "RuntimeError: the cable is out"
    assert "Traceback" in session.failure.detail
    assert "in broken" in session.failure.detail
    for future in (session.send(CopyModel()), session.set("temperature", 0.1), session.checkpoint()):
        with pytest.raises(RuntimeError, match="ended"):
            future.result(5)
    assert [event.text for event in session.run.events() if event.kind == "failure"] == [
        session.failure.message
    ]
    assert len(session.run.metrics()) == 1
    following = sessions(steps=2)
    following.start()
    assert following.wait(60)
    assert following.state == "finished"


def test_bad_settings_fail_the_session_not_the_caller(sessions):
    session = sessions(temperature=-3.0)
    assert session.wait(60)
    assert session.state == "failed"
    assert session.failure.message.startswith("temperature = -3.0: expected a number from 0.01")
    assert session.run is None
    assert list(sessions.store.runs_path.iterdir()) == []  # a run that never began is not listed


def test_a_run_ended_by_an_error_is_listed_as_failed_until_it_goes_on(sessions, data, monkeypatch):
    def fail(self, images, generator):
        raise RuntimeError("broken on purpose")

    session = sessions()
    _one_step(session)
    with monkeypatch.context() as patch:
        patch.setattr(SimCLR, "step", fail)
        session.start()
        assert session.wait(60)
    (info,) = sessions.store.runs()
    assert (info.state, info.steps) == ("failed", 1)
    assert info.summary["failure"] == "RuntimeError: broken on purpose"
    resumed = resume_run(sessions.store, info.id, data, steps=2)
    sessions.made.append(resumed)
    resumed.start()
    assert resumed.wait(60)
    (info,) = sessions.store.runs()
    assert (info.state, info.steps) == ("finished", 2)
    assert "failure" not in info.summary


def test_a_stored_run_survives_settings_that_cannot_be_built_any_more(sessions, data):
    session = sessions(steps=1)
    session.start()
    assert session.wait(60)
    broken = session.settings.model_copy(update={"device": "no such device"})
    again = Session(broken, data, sessions.store.open(session.run.id))
    assert again.wait(60)
    assert again.state == "failed"
    assert sessions.store.open(session.run.id).metrics().last("loss") == session.metrics.last("loss")


def test_memory_that_runs_out_is_said_with_a_remedy(sessions, monkeypatch):
    def full(self, images, generator):
        raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(SimCLR, "step", full)
    session = sessions()
    session.start()
    assert session.wait(60)
    assert "smaller batch" in session.failure.message


def test_a_loss_that_is_no_number_stops_the_run_with_a_verdict(sessions, monkeypatch):
    whole = SimCLR.step

    def diverging(self, images, generator):
        result = whole(self, images, generator)
        result.metrics["loss"] = result.metrics["loss"] * float("nan")
        return result

    session = sessions(steps=50)
    for _ in range(3):
        _one_step(session)
    monkeypatch.setattr(SimCLR, "step", diverging)
    session.start()
    assert session.wait(60)
    assert session.step == 4
    assert session.failure is None
    assert session.verdict.state == "diverged"


def test_planned_changes_happen_at_their_steps(sessions):
    plan = [Change(4, "learning_rate", 0.003), Change(2, "learning_rate", 0.002)]
    session = sessions(steps=6, plan=plan)
    session.start()
    assert session.wait(60)
    assert _curve(session, "learning_rate") == pytest.approx([0.001] * 2 + [0.002] * 2 + [0.003] * 2)


def test_a_resumed_run_draws_the_uninterrupted_curve_bit_for_bit(sessions, data):
    plan = [Change(3, "temperature", 0.2), Change(7, "temperature", 0.9)]
    whole = sessions(steps=10, plan=plan)
    whole.start()
    assert whole.wait(60)
    short = sessions(steps=5, plan=plan)
    short.start()
    assert short.wait(60)
    resumed = resume_run(sessions.store, short.run.id, data, steps=10)
    sessions.made.append(resumed)
    _until(lambda: resumed.step == 5)
    while resumed.step < 7:
        _one_step(resumed)
    resumed.set("temperature", 0.9).result(30)
    resumed.start()
    assert resumed.wait(60)
    assert _curve(resumed) == _curve(whole)
    stored = sessions.store.open(short.run.id)
    assert stored.metrics().column("loss")[1].tolist() == _curve(whole)
    assert [(e.step, e.new) for e in stored.events() if e.kind == "set"] == [(3, 0.2), (7, 0.9)]


@pytest.mark.parametrize("reached", [5, 7, 9])
def test_a_plan_is_part_of_the_run_wherever_it_was_killed_and_however_often(sessions, data, reached):
    plan = [Change(7, "temperature", 0.9), Change(7, "crop", False), Change(11, "temperature", 0.2)]
    whole = sessions(steps=14, plan=plan)
    whole.start()
    assert whole.wait(60)
    session = sessions(steps=14, plan=plan)
    while session.step < reached:
        _one_step(session)
    for again in (1, 3):  # killed, gone on with, killed before it came to where it had been
        _kill(session)
        store = sessions.store.open(session.run.id)
        assert store.info.state == "interrupted"
        session = resume_run(sessions.store, session.run.id, data)
        sessions.made.append(session)
        _until(lambda session=session: session.state == "ready")
        for _ in range(again):
            _one_step(session)
    session.start()
    assert session.wait(60)
    assert _curve(session) == _curve(whole)
    stored = sessions.store.open(session.run.id)
    made = [(event.step, event.key, event.new) for event in stored.events() if event.kind == "set"]
    assert made == [(7, "temperature", 0.9), (7, "crop", False), (11, "temperature", 0.2)]
    assert stored.info.state == "finished"


def _kill(session):
    """End a session as kill -9 does: what is on disk stays as it is, marked by nobody."""
    assert session._writer.flush()
    kept = session.run.path.with_name("kept")
    shutil.copytree(session.run.path, kept)
    session.stop()
    shutil.rmtree(session.run.path)
    kept.rename(session.run.path)


def test_a_change_that_was_to_be_repeated_survives_a_second_kill(sessions, data):
    session = sessions(steps=8)
    for _ in range(3):
        _one_step(session)
    session.set("temperature", 0.1).result(30)
    for ref in session.run.checkpoints()[1:]:  # only the one of step 0 is left
        ref.stem.with_name(ref.stem.name + ".json").unlink()
    for _ in range(2):
        _kill(session)
        session = resume_run(sessions.store, session.run.id, data)
        sessions.made.append(session)
        _until(lambda session=session: session.state == "ready")
        _one_step(session)
    session.start()
    assert session.wait(60)
    assert [(event.step, event.new) for event in session.events if event.kind == "set"] == [(3, 0.1)]


@pytest.mark.parametrize("planned", [1, 3])
def test_a_fork_at_a_step_has_none_of_the_changes_of_that_step(sessions, data, planned):
    plan = [Change(4, "temperature", 0.1), Change(4, "crop", False), Change(4, "learning_rate", 0.01)][
        :planned
    ]
    plain, old = sessions(steps=7), sessions(steps=7, plan=plan)
    for session in (plain, old):
        session.start()
        assert session.wait(60)
    assert _curve(plain) != _curve(old)
    fork = fork_run(sessions.store, old.run.id, data, step=4)
    sessions.made.append(fork)
    fork.start()
    assert fork.wait(60)
    assert _curve(fork) == _curve(plain)


def test_a_fork_from_a_kept_moment_has_what_had_happened_by_then(sessions, data):
    old = sessions(steps=6)
    for _ in range(3):
        _one_step(old)
    old.set("temperature", 0.1).result(30)
    old.checkpoint().result(30)
    old.set("temperature", 0.3).result(30)
    old.start()
    assert old.wait(60)
    kept = next(ref for ref in sessions.store.open(old.run.id).checkpoints() if ref.reason == "manual")
    fork = fork_run(sessions.store, old.run.id, data, step=3, known=kept.last_event_id)
    sessions.made.append(fork)
    _until(lambda: fork.state == "ready")
    assert (fork.step, fork.config.temperature) == (3, 0.1)


def test_a_finished_run_that_is_resumed_goes_on_without_an_end(sessions, data):
    done = sessions(steps=3)
    done.start()
    assert done.wait(60)
    assert sessions.store.open(done.run.id).info.state == "finished"
    again = resume_run(sessions.store, done.run.id, data)
    sessions.made.append(again)
    _until(lambda: again.state == "ready")
    again.start()
    _until(lambda: again.step > 5)
    again.stop()
    info = sessions.store.open(done.run.id).info
    assert (info.state, info.settings.steps) == ("stopped", None)


def test_a_run_is_finished_only_when_its_planned_steps_are_done(sessions):
    session = sessions(steps=9)
    _until(lambda: session.state == "ready")
    state = lambda: sessions.store.open(session.run.id).info.state  # noqa: E731
    assert session._writer.flush()
    assert state() == "paused"
    _one_step(session)
    assert session._writer.flush()
    assert state() == "paused"
    session.stop()
    assert (session.state, state()) == ("stopped", "stopped")


def test_data_that_is_not_what_it_was_is_said_and_the_run_goes_on(sessions, data):
    old = sessions(steps=4)
    old.start()
    assert old.wait(60)
    other = replace(data, train=ImageSplit(data.train.images[:56]))
    mixed = replace(data, test=ImageSplit(data.test.images.flip(0)))
    renamed = replace(data, name="elsewhere", title="Moved")
    said = []
    for present in (renamed, other, other, mixed):
        session = resume_run(
            sessions.store, old.run.id, present, steps=sessions.store.open(old.run.id).info.steps + 1
        )
        sessions.made.append(session)
        session.start()
        assert session.wait(60)
        assert session.failure is None
        said.append(session.warning)
    assert said[0] == said[2] == ""
    assert "60 items to learn from then, 56 now" in said[1]
    assert "56 items to learn from then, 60 now" in said[3]
    assert [event.text for event in session.events if event.kind == "note"] == [said[1], said[3]]


def test_a_fork_is_the_old_run_up_to_its_step(sessions, data):
    old = sessions(steps=8)
    old.start()
    assert old.wait(60)
    fork = fork_run(sessions.store, old.run.id, data, step=5, changes={"temperature": 0.05}, steps=8)
    sessions.made.append(fork)
    fork.start()
    assert fork.wait(60)
    assert _curve(fork)[:5] == _curve(old)[:5]
    assert _curve(fork)[5] != _curve(old)[5]
    assert sessions.store.open(fork.run.id).info.parent == (old.run.id, 5)
    assert sessions.store.open(old.run.id).metrics().column("loss")[1].tolist() == _curve(old)


def test_a_fork_before_a_change_knows_nothing_of_it_or_what_came_after(sessions, data):
    old = sessions(steps=8)
    for _ in range(4):
        _one_step(old)
    old.set("temperature", 0.1).result(30)
    old.set("momentum", 0.5).result(30)
    old.checkpoint().result(30)  # of the same step, but after the changes
    old.start()
    assert old.wait(60)
    untouched = sessions(steps=8)
    untouched.start()
    assert untouched.wait(60)
    first, second = [event for event in old.events if event.kind == "set"]
    for change, temperature in ((first, 0.5), (second, 0.1)):
        fork = fork_before(sessions.store, old.run.id, data, change)
        sessions.made.append(fork)
        _until(lambda fork=fork: fork.state == "ready")
        assert fork.step == 4
        assert (fork.config.temperature, fork.config.momentum) == (temperature, 0.9)
        fork.start()
        assert fork.wait(60)
        assert (_curve(fork) == _curve(untouched)) == (change is first)


def test_a_fork_of_a_fork_before_an_inherited_change_uses_the_first_runs_checkpoint(sessions, data):
    old = sessions(steps=8, plan=[Change(3, "temperature", 0.1)])
    old.start()
    assert old.wait(60)
    later = fork_run(sessions.store, old.run.id, data, step=8, steps=10)
    sessions.made.append(later)
    _until(lambda: later.state == "ready")
    later.stop()
    (change,) = [event for event in later.events if event.kind == "set"]
    again = fork_before(sessions.store, later.run.id, data, change)
    sessions.made.append(again)
    _until(lambda: again.state == "ready")
    assert (again.step, again.config.temperature) == (3, 0.5)
    assert again.run.info.parent == (old.run.id, 3)


def test_a_probe_that_fails_ends_no_run_and_is_said_once(sessions, monkeypatch):
    """As one did on the denormal features of a diverged step. It is tried again, and not before every step."""
    tried = []

    def probe(trainer):
        tried.append(trainer.step)
        raise RuntimeError("value cannot be converted to type float without overflow")

    monkeypatch.setattr(Trainer, "probe", probe)
    session = sessions(steps=6)
    session.start()
    assert session.wait(60)
    assert (session.state, session.failure, session.step) == ("finished", None, 6)
    assert tried[0] == 0
    assert tried[-1] == 6
    (said,) = [event.text for event in session.events if event.kind == "probe"]
    assert "without overflow" in said
    assert session.probes.names == ()


def test_a_look_that_fails_costs_no_probe_and_is_said(sessions, monkeypatch):
    def look(trainer):
        raise TypeError("Got unsupported ScalarType BFloat16")

    monkeypatch.setattr(Trainer, "look", look)
    session = sessions(steps=4)
    session.send(Watch(True))
    session.start()
    assert session.wait(60)
    (said,) = [event.text for event in session.events if event.kind == "probe"]
    assert "look at the model failed" in said
    assert "BFloat16" in session.warning
    assert all(value == value for value in session.probes.column("alignment")[1])


def test_a_run_taken_up_again_is_seen_before_it_goes_on_and_its_curve_is_the_same(sessions, data):
    whole = sessions(steps=8)
    whole.start()
    assert whole.wait(60)
    first = sessions(steps=4)
    first.start()
    assert first.wait(60)
    resumed = resume_run(sessions.store, first.run.id, data, steps=8)
    sessions.made.append(resumed)
    _until(lambda: resumed.state == "ready")
    assert resumed.look is None  # nobody watches
    resumed.send(Watch(True))
    _until(lambda: resumed.verdict is not None)
    assert resumed.look.step == resumed.step == 4
    assert resumed.constants["dimension_h"] > 0
    assert resumed.state == "ready"
    assert resumed.probes.last_step == first.probes.last_step
    resumed.start()
    assert resumed.wait(60)
    assert resumed.metrics.column("loss")[1].tolist() == whole.metrics.column("loss")[1].tolist()


def test_what_the_doctor_said_in_a_runs_life_is_kept_resumed_and_forked(sessions, data, monkeypatch):
    said = {1: "warming up", 3: "diverged", 6: "healthy"}

    def diagnose(self, metrics, probes, constants, last_change):
        assert [(change.step, change.old) for change in self.changes] == [(2, 0.5)][: len(self.changes)]
        return Verdict(said[max(step for step in said if step <= (metrics.last_step or 1))], "")

    monkeypatch.setattr(SimCLR, "diagnose", diagnose)
    monkeypatch.setattr("ssllab.training.session.DIAGNOSIS_SECONDS", 0.0)
    first = sessions(steps=4, plan=[Change(2, "temperature", 0.2)])
    first.start()
    assert first.wait(60)
    life = [(0, "warming up"), (3, "diverged")]
    assert [(max(step - 1, 0), state) for step, state in first.life[:1]] + first.life[1:] == life
    stored = sessions.store.open(first.run.id).info
    assert stored.life == first.life
    assert stored.title == "SimCLR"
    resumed = resume_run(sessions.store, first.run.id, data, steps=7)
    sessions.made.append(resumed)
    resumed.start()
    assert resumed.wait(60)
    assert resumed.life == [*first.life, (6, "healthy")]
    assert worst(sessions.store.open(first.run.id).info.life) == (3, "diverged")
    fork = fork_run(sessions.store, first.run.id, data, step=2, steps=4)
    sessions.made.append(fork)
    _until(lambda: fork.state == "ready")
    assert fork.life == [(step, state) for step, state in first.life if step <= fork.step]


def test_a_session_says_what_it_prepares_and_can_be_stopped_meanwhile(sessions, monkeypatch):
    go_on, built = threading.Event(), SimCLR.build

    def slow(config, data, read_model):
        tell(0.25, "Counting stars")
        assert go_on.wait(30)
        tell(0.5, "Counting stars")
        return built(config, data, read_model)

    monkeypatch.setattr(SimCLR, "build", slow)
    session = sessions()
    while session.preparing[0] == 0:
        time.sleep(0.01)
    assert session.state == "building"
    assert session.preparing == (0.25, "Counting stars")
    session.send(Stop())
    go_on.set()
    assert session.wait(30)
    assert session.state == "stopped"
    assert session.failure is None
