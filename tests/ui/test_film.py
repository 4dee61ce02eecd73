"""A stored run becomes a film of what its lab shows first: from what is on disk, by the command and in the window."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from ssllab.cli import main
from ssllab.labs import labs, methods_of
from ssllab.methods import registry
from ssllab.storage import search_path
from ssllab.storage.progress import Cancelled
from ssllab.training import session as sessions
from ssllab.training.run_record import RunError, RunSettings
from ssllab.training.run_store import Workspace
from ssllab.training.session import Session
from ssllab.ui.bench import Bench
from ssllab.ui.film import save_run_film
from ssllab.ui.plots import export
from ssllab.ui.plots.export import save_film
from ssllab.ui.work import LongWork

STORED = Path(__file__).parents[1] / "stored" / "runs"
SMALL = {
    "simclr": {"batch_size": 16, "dimension": 8, "head_width": 16},
    "wav2vec2": {"batch_seconds": 4.0, "crop_seconds": 1.5, "codebook_size": 16, "distractors": 10},
    "causal_lm": {"batch_size": 4},
}


def shown(path: Path) -> list[np.ndarray]:
    with Image.open(path) as image:
        assert image.format == "GIF"
        frames = []
        for i in range(image.n_frames):
            image.seek(i)
            frames.append(np.asarray(image.convert("RGB")))
        return frames


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Makes a run of some steps whose every step is in its film; nobody watches it."""
    monkeypatch.setattr(sessions, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(sessions, "LOOK_SHARE", 1e9)
    monkeypatch.setattr(sessions, "MOST_FRAMES", 10**9)

    def train(method, data, steps=5):
        store = Workspace(tmp_path)
        settings = RunSettings(method=method, config=SMALL[method], data=data.name, steps=steps)
        session = Session(settings, data, store.create(settings))
        session.start()
        assert session.wait(120)
        assert session.failure is None, session.failure
        return store, store.open(session.run.id)

    return train


@pytest.mark.parametrize("method", SMALL)
def test_a_run_of_every_lab_becomes_a_film_of_its_face(
    qapp, method, trained, tmp_path, rich_images, rich_speech, everyday_text
) -> None:
    data = {"simclr": rich_images, "wav2vec2": rich_speech, "causal_lm": everyday_text}[method]
    store, run = trained(method, data)
    said = []
    path = save_run_film(store, run, tmp_path / "film.gif", lambda share, text: said.append(share))
    frames = shown(path)
    assert len(frames) == len(run.film().frames) == 6  # the untrained model, and every step
    above = [frame[:480] for frame in frames]  # the picture without its caption
    assert frames[0].shape == (frames[0].shape[0], 720, 3)
    assert (above[0] != above[-1]).any(axis=2).mean() > 0.001
    assert said == sorted(said)
    with Image.open(path) as image:
        assert image.info["loop"] == 0
        image.seek(image.n_frames - 1)
        assert image.info["duration"] == 2000


def test_a_film_that_is_cancelled_leaves_no_file_and_no_panel(qapp, trained, tmp_path, rich_images) -> None:
    store, run = trained("simclr", rich_images)
    for moment in (0.0, 0.3, 0.9):

        def stop(share: float, text: str, moment: float = moment) -> None:
            if share >= moment:
                raise Cancelled

        before = len(QApplication.topLevelWidgets())
        with pytest.raises(Cancelled):
            save_run_film(store, run, tmp_path / "film.gif", stop)
        qapp.sendPostedEvents(None, 52)  # those who are to be deleted
        assert len(QApplication.topLevelWidgets()) <= before
        assert not list(tmp_path.glob("*film*"))


@pytest.mark.parametrize("name", sorted(path.name for path in STORED.iterdir()))
def test_a_run_of_a_version_that_kept_no_looks_becomes_a_film_of_its_curves(
    qapp, name, tmp_path, capsys
) -> None:
    shutil.copytree(STORED, tmp_path / "runs")
    film = tmp_path / "film.gif"
    assert main(["runs", "export", name, "--gif", str(film), "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(film)
    frames = shown(film)
    assert len(frames) == 4
    assert (frames[0] != frames[-1]).any()


def test_ctrl_c_in_the_midst_of_a_film_leaves_no_file(qapp, tmp_path, capsys, monkeypatch) -> None:
    shutil.copytree(STORED, tmp_path / "runs")
    name = next((tmp_path / "runs").iterdir()).name

    def pressed(*given: object) -> None:
        raise KeyboardInterrupt

    for moment in ("picture", "_palette"):
        with monkeypatch.context() as now:
            now.setattr(export, moment, pressed)
            now.setattr("ssllab.ui.film.picture", export.picture)
            film = str(tmp_path / "film.gif")
            assert main(["runs", "export", name, "--gif", film, "--workspace", str(tmp_path)]) == 130
        assert "stopped" in capsys.readouterr().err
        assert not list(tmp_path.glob("*film*"))


def test_a_run_without_steps_is_a_line(qapp, tmp_path, capsys) -> None:
    store = Workspace(tmp_path)
    run = store.create(RunSettings(method="simclr", config={}, data="shapes"))
    with pytest.raises(RunError, match="has 0 steps: expected at least 2"):
        save_run_film(store, run, tmp_path / "film.gif")
    film = str(tmp_path / "film.gif")
    assert main(["runs", "export", str(run.path), "--gif", film, "--workspace", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


@pytest.mark.parametrize("lab", labs())
def test_every_lab_declares_faces_and_each_is_drawn_from_what_a_run_keeps(qtbot, lab, tmp_path) -> None:
    page = search_path.load(labs()[lab].folder / "page.py", "ssllab.ui.labs")
    there = methods_of(labs()[lab], registry.methods()).values()
    for face in page.FACES:
        panel = face(Bench(Workspace(tmp_path), lab, LongWork()))
        qtbot.addWidget(panel)
        assert panel.parts
        assert any(panel.suits(method) for method in there)


def test_the_window_goes_on_while_a_film_is_made_and_a_cancelled_one_leaves_nothing(
    qtbot, trained, tmp_path, rich_images
) -> None:
    store, run = trained("simclr", rich_images, steps=12)
    work, turns, ended = LongWork(), [], []
    clock = QTimer(interval=5)
    clock.timeout.connect(lambda: turns.append(1))
    clock.start()
    film = tmp_path / "film.gif"

    def make(task):
        return save_run_film(store, run, film, task.report, task.in_window)

    def failed(error: Exception, trace: str) -> None:
        ended.append(f"{error} {trace}")

    assert work.start("Film", make, ended.append, failed)
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert ended == [film]
    assert len(turns) > 12  # the window had its turn between the frames
    film.unlink()
    assert work.start("Film", make, ended.append, failed, lambda: ended.append("cancelled"))
    work.advanced.connect(lambda share, text: work.cancel() if share > 0.2 else None)
    qtbot.waitUntil(lambda: not work.busy, timeout=60_000)
    assert ended == [film, "cancelled"]
    assert not list(tmp_path.glob("*film*"))


def test_a_film_of_what_flickers_changes_at_most_three_times_a_second(tmp_path) -> None:
    draw = np.random.default_rng(0)
    frames = [draw.integers(0, 255, (40, 60, 3)).astype(np.uint8) for _ in range(7)]
    with Image.open(save_film(frames, tmp_path / "noise", per_second=3)) as image:
        assert image.n_frames == 7
        for i in range(6):
            image.seek(i)
            assert image.info["duration"] >= 1000 / 3


def test_a_film_is_no_wider_than_720_and_keeps_its_colours(tmp_path) -> None:
    """Grounds and lines have few colours: those stay as they are, whatever photographs stand on them."""
    photo = np.random.default_rng(0).integers(0, 255, (300, 500, 3)).astype(np.uint8)
    frames = [np.full((1000, 1440, 3), (238, 241, 245), np.uint8) for _ in range(3)]
    for i, frame in enumerate(frames):
        frame[500:800, 400:900] = photo
        frame[:100, : 400 * (i + 1)] = (29, 78, 216)
    path = save_film(frames, tmp_path / "wide.gif")
    first, *_, last = shown(path)
    assert first.shape == (500, 720, 3)
    np.testing.assert_allclose(first[480, 5], (238, 241, 245), atol=5)
    np.testing.assert_allclose([first[20, 5], last[20, 400]], [(29, 78, 216)] * 2, atol=5)


def test_a_place_that_cannot_be_written_is_a_line(tmp_path) -> None:
    with pytest.raises(OSError, match="Choose another folder"):
        save_film([np.zeros((4, 4, 3), np.uint8)], tmp_path / "missing" / "film.gif")
