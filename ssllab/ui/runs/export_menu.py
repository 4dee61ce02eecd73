"""Export of the selected runs: CSV, weights, a script, a film, or a picture of the plots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QMenu

from ssllab.storage.files import why_refused
from ssllab.training import export
from ssllab.training.run_record import RunError
from ssllab.ui.film import save_run_film
from ssllab.ui.runs.words import file_name, plural, run_title
from ssllab.ui.work import LongWork, Task

if TYPE_CHECKING:
    from ssllab.training.run_record import RunInfo
    from ssllab.ui.runs.page import RunsPage

# kind -> (menu text, what the dialog offers, ending)
KINDS = {
    "csv": ("Metrics as CSV…", "CSV table (*.csv)", ".csv"),
    "weights": ("Weights as safetensors…", "Weights (*.safetensors)", ".safetensors"),
    "model": ("Model in Hugging Face's format…", "", ""),  # a folder
    "script": ("Script that repeats the run…", "Python script (*.py)", ".py"),
    "gif": ("Film of its training (GIF)…", "Animated GIF (*.gif)", ".gif"),
}
PICTURES = {
    "png": ("Plots as PNG…", "PNG image (*.png)", ".png"),
    "svg": ("Plots as SVG…", "SVG drawing (*.svg)", ".svg"),
}


def export_run(
    workspace: Any, run_id: str, kind: str, path: Path, task: Task, done: float, share: float
) -> None:
    """Write one run as ``kind``, the ``share`` of the task (0..1) that begins where so much is ``done``.

    Raises ValueError (RunError, CheckpointError) with one line for the user.
    """
    run = workspace.open(run_id)
    title = f"Exporting {run_title(run.info)}"

    def report(part: float, text: str = title) -> None:
        task.report(done + share * part, text)

    report(0.0)
    try:
        if kind == "csv":
            export.export_csv(run, path, report)
        elif kind == "gif":
            export.check_place(path)
            save_run_film(workspace, run, path, report, task.in_window)
        elif kind == "weights":
            export.export_weights(run, path)
        elif kind == "model":
            export.export_model(run, path)
        else:
            export.export_script(run, path)
    except OSError as error:
        raise RunError(why_refused(error, path)) from error


class RunExporter(QObject):
    """The export menu of the page, and the thread that writes."""

    def __init__(self, page: RunsPage) -> None:
        super().__init__(page)
        self._page = page
        self.work = LongWork(self)
        self.actions: dict[str, Any] = {}

    def menu(self) -> QMenu:
        """One entry per kind."""
        menu = QMenu(self._page)
        for kind, (text, _, _) in {**KINDS, **PICTURES}.items():
            if kind == "png":
                menu.addSeparator()
            self.actions[kind] = menu.addAction(text, lambda kind=kind: self.ask(kind))
        return menu

    def ask(self, kind: str) -> None:
        """Ask where to, then write. Several runs go into a folder, each under its name."""
        infos = [
            i for run_id in self._page.selected_ids() if (i := self._page.model.info(run_id)) and i.settings
        ]
        if not infos:
            return
        title = f"Export {plural(len(infos), 'run')}" if len(infos) > 1 else f"Export {run_title(infos[0])}"
        if kind in PICTURES:
            _, offered, ending = PICTURES[kind]
            path, _ = QFileDialog.getSaveFileName(self._page, title, f"runs{ending}", offered)
            if path:
                self.export_picture(_with_ending(Path(path), ending))
            return
        _, offered, ending = KINDS[kind]
        if len(infos) == 1 and ending:
            suggested = file_name(run_title(infos[0])) + ending
            path, _ = QFileDialog.getSaveFileName(self._page, title, suggested, offered)
            targets = [_with_ending(Path(path), ending)] if path else []
        else:
            folder = QFileDialog.getExistingDirectory(self._page, f"{title} into a folder")
            targets = free_paths(Path(folder), map(run_title, infos), ending) if folder else []
        if targets:
            self.export(kind, infos, targets)

    def export(self, kind: str, infos: Sequence[RunInfo], targets: Sequence[Path]) -> None:
        """Write each run to its target in the background, with progress; Cancel keeps the runs that are whole."""
        page = self._page

        def write(task: Task) -> int:
            count = len(infos)
            for i, (info, target) in enumerate(zip(infos, targets, strict=True)):
                export_run(page.workspace, info.id, kind, target, task, i / count, 1 / count)
            return count

        def done(count: int) -> None:
            where = targets[0] if count == 1 else targets[0].parent
            page.bench.say("info", f"{plural(count, 'run')} exported to {where}.")

        def failed(error: Exception, trace: str) -> None:
            page.bench.say("error", f"The export failed: {error}", trace)

        def cancelled() -> None:
            kept = " Runs written so far are kept." if len(infos) > 1 else ""
            page.bench.say("info", f"The export was cancelled.{kept}")

        if not self.work.start(f"Exporting {plural(len(infos), 'run')}", write, done, failed, cancelled):
            page.bench.say("warning", "An export is still running. Wait for it or cancel it.")

    def export_picture(self, path: Path) -> None:
        """The plots below the table as PNG or SVG."""
        try:
            written = self._page.compare.save_picture(path)
        except OSError as error:
            self._page.bench.say("error", str(error))
            return
        self._page.bench.say("info", f"The plots were saved to {written}.")

    @property
    def busy(self) -> bool:
        """Whether anything is being written."""
        return self.work.busy

    def close_work(self) -> None:
        """Stop writing."""
        self.work.close()


def free_paths(folder: Path, titles: Iterable[str], ending: str) -> list[Path]:
    """A file of its own for each title, named after it; nothing that is there already is overwritten."""
    paths: list[Path] = []
    for title in titles:
        stem, number = file_name(title), 1
        path = folder / f"{stem}{ending}"
        while path in paths or path.exists():
            number += 1
            path = folder / f"{stem} {number}{ending}"
        paths.append(path)
    return paths


def _with_ending(path: Path, ending: str) -> Path:
    return path if path.suffix.lower() == ending else path.with_name(path.name + ending)
