"""The command line: the engine's contract, the same calls as the window's (docs/design.md: exit codes 0, 1, 2).

Only the standard library is imported at first, so that ``--help`` answers and the window opens at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ssllab import __version__
from ssllab.assets import SEQUENCE_MODELS
from ssllab.commands import streams
from ssllab.commands.usage import BAD_INPUT, OUR_FAILURE, UsageError
from ssllab.data.catalogue import exists, kind_of, parts, source, sources
from ssllab.data.catalogue import options as data_options
from ssllab.data.kind import LARGEST_SEED
from ssllab.labs import lab_for, lab_of, labs, labs_of, methods_of
from ssllab.storage.one_line import one_line

MOST_STEPS = 10**12  # the names of checkpoints have room for it


class Parser(argparse.ArgumentParser):
    """Reports a mistake in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        """Exit code 2 with what is wrong and where to look."""
        self.exit(BAD_INPUT, f"{self.prog}: {message}. See '{self.prog} --help'.\n")


def parser() -> Parser:
    """Every command and option."""
    top = Parser(prog="ssllab", description="A desktop laboratory for self-supervised learning.")
    top.add_argument("--version", action="version", version=f"ssllab {__version__}")
    top.add_argument("--lab", choices=(*labs(), "runs"), help="the tab to open")
    top.add_argument(
        "--method", dest="own", type=_word, help="the method to open with: its name, or your own FILE.py"
    )
    top.add_argument("--data", help="a data set's name or a folder of your own, of what the lab learns from")
    top.add_argument("--workspace", type=_path, help="where runs are kept")
    top.add_argument("--device", help="auto, cpu, cuda or mps")
    top.set_defaults(json=False)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)

    train = commands.add_parser("train", help="train without a window")
    train.add_argument("method", help="a method's name, see 'ssllab methods', or your own FILE.py")
    train.add_argument(
        "--data",
        default=argparse.SUPPRESS,
        help="a data set's name, your own folder or archive, or several of speech joined by +",
    )
    for name, option in data_options().items():
        about = f"{option.title} in {option.unit}, {option.low} to {option.high}"
        train.add_argument(option.flag, type=_integer, dest=name, metavar="N", help=about)
    train.add_argument("--steps", type=_positive, default=300)
    train.add_argument("--seed", type=_seed, default=0)
    train.add_argument("--precision", default="auto", help="auto, float32 or bfloat16")
    train.add_argument("--set", action="append", nargs="+", default=[], metavar="KEY=VALUE", dest="sets")
    train.add_argument(
        "--at",
        action="append",
        nargs="+",
        default=[],
        metavar=("STEP", "KEY=VALUE"),
        help="a live change at that step",
    )
    train.add_argument("--run", type=_path, help="keep the run in this folder instead of the workspace")
    _own_file(train)
    _common(train)
    _json(train)

    resume = commands.add_parser("resume", help="go on with a run from its last checkpoint")
    resume.add_argument("run", type=_word, help="a run's id or folder")
    resume.add_argument("--steps", type=_positive, help="the new total of steps")
    _moved_data(resume)
    _own_file(resume)
    _common(resume)
    _json(resume)

    fork = commands.add_parser("fork", help="branch from an earlier step of a run")
    fork.add_argument("run", type=_word, help="a run's id or folder")
    fork.add_argument("--at", type=_natural, required=True, metavar="STEP", dest="step")
    fork.add_argument("--steps", type=_positive, help="the total of steps")
    fork.add_argument("--set", action="append", nargs="+", default=[], metavar="KEY=VALUE", dest="sets")
    _moved_data(fork)
    _own_file(fork)
    _common(fork)
    _json(fork)

    for name, words in (
        ("quantize", "the codes of a recording, one for every 20 ms and group"),
        ("transcribe", "the text of a recording, from a fine-tuned model"),
    ):
        sub = commands.add_parser(name, help=words)
        sub.add_argument("audio", type=_path, help="a WAV, FLAC, OGG, MP3 or M4A file of any length")
        sub.add_argument(
            "--model",
            type=_word,
            help="a run's id or folder, one of Hugging Face's format, or owner/name[@revision] on huggingface.co; without "
            "it the one that ships",
        )
        _workspace(sub)
        _json(sub)

    complete = commands.add_parser("complete", help="what may come next in a text, and how surprising it was")
    complete.add_argument("text", help="the text; ___ in it asks what stands there")
    complete.add_argument("--top", type=_positive, default=10, metavar="N", help="how many candidates")
    complete.add_argument("--generate", type=_natural, default=0, metavar="N", help="write N symbols more")
    complete.add_argument(
        "--temperature",
        type=_temperature,
        default=1.0,
        metavar="T",
        help="of what is written; 0: the likeliest",
    )
    complete.add_argument("--seed", type=_seed, default=0)
    complete.add_argument(
        "--out", type=_path, metavar="FILE.wav", help="of units of sound: what they sound like"
    )
    score = commands.add_parser("score", help="which sentence of minimal pairs a model prefers")
    score.add_argument("pairs", type=_path, help="a .jsonl file as BLiMP's, a folder or a zip of them")
    for sub in (complete, score):
        sub.add_argument(
            "--model",
            type=_word,
            help=f"{', '.join(SEQUENCE_MODELS)}, a run's id or folder, one of Hugging Face's format (GPT-2's or BERT's), or "
            "owner/name[@revision] on huggingface.co",
        )
        _workspace(sub)
        _json(sub)
    evaluate = commands.add_parser("evaluate", help="what a run's model knows on data it never saw")
    evaluate.add_argument("run", type=_word, help="a run's id or folder")
    evaluate.add_argument(
        "--data",
        type=_word,
        default=argparse.SUPPRESS,
        help="other data, all of it; without it the run's held-out part",
    )
    evaluate.add_argument(
        "--stride", type=_positive, metavar="N", help="symbols between windows; half a context is usual"
    )
    _workspace(evaluate)
    _json(evaluate)

    runs = commands.add_parser("runs", help="the run store")
    _workspace(runs)
    _json(runs)
    verbs = runs.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    verbs.required = True
    for verb, words in (
        ("list", "every run"),
        ("show", "one run: settings, last values, changes, checkpoints"),
        ("compare", "how runs differ"),
        ("export", "tables, pictures, a film, weights, a script that repeats the run"),
        ("delete", "move runs to the trash"),
    ):
        sub = verbs.add_parser(verb, help=words)
        if verb in ("compare", "delete"):
            sub.add_argument("runs", type=_word, nargs="+", metavar="RUN")
        elif verb != "list":
            sub.add_argument("run", type=_word)
        if verb == "export":
            for kind in ("csv", "png", "svg", "script"):
                sub.add_argument(f"--{kind}", type=_path, metavar="FILE")
            sub.add_argument(
                "--gif", type=_path, metavar="FILE", help="a film: what its lab shows first, over training"
            )
            sub.add_argument(
                "--weights",
                type=_path,
                metavar="PATH",
                help="FILE.safetensors; of a run of speech or language also a folder in Hugging Face's format, which is any "
                "other name",
            )
        _workspace(sub)
        _json(sub)

    for name, words in (("methods", "the methods and their controls"), ("data", "the data sets")):
        _json(commands.add_parser(name, help=words))
    new = commands.add_parser(
        "new-method", help="write a commented template of a method of your own; it trains"
    )
    new.add_argument(
        "file", type=_path, metavar="FILE.py", help="a file that is not there yet; it names the method"
    )
    tour = commands.add_parser("tour", help="walk through the real window and photograph it")
    tour.add_argument("--seconds", type=_seconds, default=15.0, help="how long each lab trains")
    tour.add_argument("--out", type=_path, default=Path("ssllab-tour"))
    return top


def _check_place(top: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse an option before a command that does not have it: to pass it over would be to do another thing."""
    commands = next(
        action for action in top._actions if isinstance(action.choices, dict) and action.dest == "command"
    )
    own = {action.dest for action in commands.choices[options.command]._actions}  # type: ignore[index]
    for action in top._actions:
        if (
            action.option_strings
            and action.dest not in own
            and getattr(options, action.dest, None) is not None
        ):
            name = f"ssllab {options.command}"
            top.error(f"{action.option_strings[0]}: '{name}' has no such option; put it where it belongs")


# An option that may stand before the command too has no default here: it would take away what stands there.


def _common(sub: argparse.ArgumentParser) -> None:
    _workspace(sub)
    sub.add_argument("--device", default=argparse.SUPPRESS, help="auto, cpu, cuda or mps")


def _workspace(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--workspace", type=_path, default=argparse.SUPPRESS, help="where runs are kept")


def _moved_data(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--data", default=argparse.SUPPRESS, help="where the run's data is now, if it has moved")


def _own_file(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--method",
        dest="own",
        type=_word,
        default=argparse.SUPPRESS,
        metavar="FILE.py",
        help="a file with methods of your own",
    )


def _json(sub: argparse.ArgumentParser) -> None:
    about = "exactly one JSON object on standard output"
    sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=about)


def _word(text: str) -> str:
    """As a variable of the shell that was never set gives: taken for a path it would mean the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("expected a name or a path, not an empty word")
    return text


def _path(text: str) -> Path:
    return Path(_word(text))


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"'{text}': expected a whole number") from None


def _positive(text: str) -> int:
    return _whole(text, 1)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number of seconds from 0 to 86400")
    return value


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"'{text}': expected a number from 0 to 100")
    return value


def _natural(text: str) -> int:
    return _whole(text, 0)


def _seed(text: str) -> int:
    return _whole(text, 0, LARGEST_SEED)


def _whole(text: str, least: int, most: int = MOST_STEPS) -> int:
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if value < least:
        raise argparse.ArgumentTypeError(f"'{text}': expected a whole number of at least {least}")
    if value > most:
        raise argparse.ArgumentTypeError(f"'{text}': expected a whole number from {least} to {most}")
    return value


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    streams.prepare()
    code = _run(arguments)
    return code if streams.finish() else max(code, OUR_FAILURE)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        top = parser()
        options = top.parse_args(arguments)
        if options.command is not None:
            _check_place(top, options)
    except SystemExit as end:
        return int(end.code or 0)
    try:
        return _dispatch(options)
    except KeyboardInterrupt:
        print("ssllab: stopped", file=sys.stderr)
        return 130
    except ValueError as error:
        if not _is_bad_input(error):
            raise
        if os.environ.get("SSLLAB_TRACEBACK"):
            print(getattr(error, "detail", ""), file=sys.stderr)
        print(f"ssllab: {_one_line(error)}", file=sys.stderr)
        return BAD_INPUT


def _dispatch(options: argparse.Namespace) -> int:
    if options.command is None:
        return _window(options)
    if options.command == "tour":
        return _tour(options.seconds, options.out)
    from ssllab.commands import evaluate, language, runs, speech, train

    if getattr(options, "own", None) is not None:
        train.use_own_file(Path(options.own))
    return {
        "train": train.train,
        "resume": train.resume,
        "fork": train.fork,
        "quantize": speech.quantize,
        "transcribe": speech.transcribe,
        "complete": language.complete,
        "score": language.score,
        "evaluate": evaluate.evaluate,
        "new-method": train.new_method,
        "runs": runs.runs,
        "methods": runs.methods,
        "data": runs.data,
    }[options.command](options)


def _window(options: argparse.Namespace) -> int:
    lab, method = options.lab, None
    if options.own is not None:
        lab, method = _lab_of_method(options.own, options.lab)
    if options.data is not None:
        lab = _lab_of_data(options.data, lab)
    if not _has_display():
        print(
            "ssllab: no display here, so the tour runs offscreen: pictures in ./ssllab-tour/", file=sys.stderr
        )
        return _tour(15.0, Path("ssllab-tour"))
    from ssllab.training.run_store import Workspace
    from ssllab.ui.app import open_window

    workspace = options.workspace or Workspace.default_path()
    Workspace(workspace).check_writable()
    return open_window(workspace, lab=lab, method=method, data=options.data, device=options.device)


def _tour(seconds: float, out: Path) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--out {out}: pictures cannot go there ({error.strerror or error}): expected a folder."
        ) from None
    if not os.access(out, os.W_OK):
        raise UsageError(f"--out {out} may not be written: allow it, or choose another folder.")
    _offscreen_without_display()
    from ssllab.ui.tour import tour

    return tour(seconds, out)


def _lab_of_method(word: str, wanted: str | None) -> tuple[str, str]:
    """The lab of a method and its name. Its file is read before the window opens: an error in it is a line here."""
    from ssllab.methods.registry import method_class, named

    name = named(word)
    there = [lab.name for lab in labs_of(method_class(name))] or [lab_of(method_class(name)).name]
    if wanted is not None and wanted not in there:
        raise UsageError(f"--lab {wanted} has no method '{name}': it is of the lab {' or '.join(there)}.")
    return wanted or there[0], name


def _lab_of_data(name: str, wanted: str | None) -> str:
    """The lab that learns from this data; a path of the user's own goes to the one wanted, or to the first.

    Refuses a misspelt name, or one of another lab, before the window opens.
    """
    info = source(parts(name)[0])
    first = next(iter(labs().values()))
    lab = labs().get(wanted) if wanted else lab_for(kind_of(name).name) if info else first
    if lab is None:
        raise UsageError(f"--lab {wanted} learns from no data: leave --data out, or name a lab.")
    kinds = [lab.kind]
    if info is not None and info.kind not in kinds:
        # Its methods may learn from other kinds too; to ask them takes seconds.
        from ssllab.methods.registry import methods

        kinds = [kind for method in methods_of(lab, methods()).values() for kind in method.kinds]
    names = ", ".join(other.name for other in sources(*kinds))
    if not exists(name):
        raise UsageError(f"no data called '{name}' and no such path: expected one of {names}, or a folder.")
    if info is not None and info.kind not in kinds:
        raise UsageError(f"'{name}' is not for the {lab.title} lab: expected one of {names}, or a folder.")
    return lab.name


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _offscreen_without_display() -> None:
    if not _has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"


def _is_bad_input(error: ValueError) -> bool:
    """Whether the message is one line for the user; any other ValueError is a failure of ours."""
    if isinstance(error, UsageError):
        return True
    from ssllab.audio.errors import AudioError
    from ssllab.controls import ControlError
    from ssllab.methods.own import MethodError
    from ssllab.nn.model_files import ModelFileError
    from ssllab.storage.errors import DataError
    from ssllab.training.checkpoint import CheckpointError
    from ssllab.training.run_record import RunError

    ours = (AudioError, ControlError, DataError, MethodError, ModelFileError, RunError, CheckpointError)
    return isinstance(error, ours)


def _one_line(error: Exception) -> str:
    return one_line(" ".join(str(error).split()))


if __name__ == "__main__":
    sys.exit(main())
