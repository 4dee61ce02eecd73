"""What a run keeps of its looks: few, evenly spread, and nothing that a run would be lost by."""

from dataclasses import dataclass

import numpy as np
import pytest

from ssllab.looks import Babble, Embedding, Look
from ssllab.training import film
from ssllab.training.film import Film
from ssllab.training.reopen import fork_run, resume_run
from ssllab.training.run_database import create_or_open, transaction
from ssllab.training.run_record import RunSettings
from ssllab.training.session import Session

VIEWS = np.random.default_rng(0).integers(0, 255, (8, 6, 6, 3)).astype(np.uint8)


def look(step: int) -> Look:
    points = np.random.default_rng(step).normal(size=(8, 2)).astype(np.float32)
    embedding = Embedding(np.ones((8, 500), np.float32), points, "pca", 0.5, VIEWS.copy())
    return Look(step, (embedding, Babble(step, f"words of {step}", np.ones(16000, np.int16))))


def filled(steps) -> Film:
    kept = Film()
    for step in steps:
        kept.add(look(step))
    return kept


def test_a_film_of_any_length_is_some_dozens_of_frames_spread_evenly_from_the_first_to_the_last() -> None:
    steps = [frame.step for frame in filled(range(0, 5000, 10)).frames]
    assert (steps[0], steps[-1], len(steps)) == (0, 4990, film.MOST_FRAMES)
    gaps = np.diff(steps)
    assert gaps[:-1].max() <= 3 * gaps[:-1].min()


def test_a_frame_is_the_look_again_but_for_what_is_large_and_not_drawn() -> None:
    (again,) = filled([7]).looks([Embedding, Babble])
    embedding, babble = again.part(Embedding), again.part(Babble)
    np.testing.assert_array_equal(embedding.points, look(7).part(Embedding).points)
    np.testing.assert_array_equal(embedding.views, VIEWS)
    assert (embedding.z.shape, embedding.kind, embedding.items) == ((8, 500), "pca", 4)
    assert (again.step, babble.text, babble.sound) == (7, "words of 7", None)


def test_what_does_not_change_from_look_to_look_is_kept_once() -> None:
    frames = filled([1, 2, 3]).frames
    shared = set(frames[0].arrays) & set(frames[1].arrays) & set(frames[2].arrays)
    assert len(shared) == 1  # the views
    assert len({id(frame.arrays[shared.copy().pop()]) for frame in frames}) == 1


def test_large_looks_make_a_shorter_film_not_a_larger_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "MOST_BYTES", 2000)
    frames = filled(range(50)).frames
    assert 2 <= len(frames) < 50
    assert (frames[0].step, frames[-1].step) == (0, 49)


def test_a_part_that_is_no_data_and_one_that_is_damaged_are_left_out() -> None:
    @dataclass(frozen=True)
    class Odd:
        thing: object

    kept = Film()
    kept.add(Look(1, (Odd(object()), *look(1).parts)))
    kept.add(Look(2, (Odd(object()),)))
    assert [frame.step for frame in kept.frames] == [1]
    key = next(iter(kept.frames[0].arrays))
    damaged = film.Frame(1, kept.frames[0].parts, {**kept.frames[0].arrays, key: b"no array"})
    assert [type(part) for part in Film([damaged]).looks([Embedding, Babble])[0].parts] == [Babble]
    assert Film([film.Frame(1, "[", {})]).looks([Babble]) == []


def test_it_is_stored_thinned_and_read_again(workspace, settings) -> None:
    run = workspace.create(settings)
    kept = filled(range(0, 400, 10))
    for shorter in (kept, kept.until(100), Film()):
        with create_or_open(run.path) as connection, transaction(connection):
            film.write_film(connection, shorter)
        assert run.film().frames == shorter.frames
    connection.close()


@pytest.mark.parametrize("method", ["simclr", "wav2vec2", "causal_lm"])
def test_a_run_that_nobody_watched_has_a_film_and_so_has_its_fork(
    method, workspace, rich_images, rich_speech, everyday_text
) -> None:
    """From the untrained model to the last step; what a run is resumed from is what it shows."""
    from ssllab.methods.registry import method_class

    small = {
        "simclr": {"batch_size": 16, "dimension": 8, "head_width": 16},
        "wav2vec2": {"batch_seconds": 4.0, "crop_seconds": 1.5, "codebook_size": 16, "distractors": 10},
        "causal_lm": {"batch_size": 4},
    }[method]
    data = {"simclr": rich_images, "wav2vec2": rich_speech, "causal_lm": everyday_text}[method]
    settings = RunSettings(method=method, config=small, data=data.name, steps=4)
    run = workspace.create(settings)
    session = Session(settings, data, run)
    session.start()
    assert session.wait(120)
    assert session.failure is None
    steps = [frame.step for frame in run.film().frames]
    assert (steps[0], steps[-1]) == (0, 4)
    first, *_, last = run.film().looks(method_class(method).parts)
    assert first.parts
    assert last.parts
    fork = fork_run(workspace, run.id, data, step=4, steps=5)
    fork.start()
    assert fork.wait(120)
    assert [frame.step for frame in fork.run.film().frames] == [*steps, 5]


def test_a_resumed_run_has_one_film(workspace, rich_images) -> None:
    settings = RunSettings(method="simclr", config={"batch_size": 16}, data=rich_images.name, steps=2)
    run = workspace.create(settings)
    first = Session(settings, rich_images, run)
    first.start()
    assert first.wait(60)
    again = resume_run(workspace, run.id, rich_images, steps=4)
    again.start()
    assert again.wait(60)
    steps = [frame.step for frame in run.film().frames]
    assert steps == sorted(set(steps))
    assert {0, 2, 4} <= set(steps)
