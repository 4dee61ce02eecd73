"""The doctor's exam: real runs, healthy and made sick, and whether the doctor says so, how soon, and whether it cures.

    python tests/benchmarks/doctor_exam.py train --out DIR [--jobs 2]     trains what DIR lacks; may be interrupted
    python tests/benchmarks/doctor_exam.py cure --out DIR [--jobs 2]      applies the remedy to each sick run
    python tests/benchmarks/doctor_exam.py judge --out DIR                asks the doctor of today, prints the tables

Training keeps what the doctor reads, so its rules are judged anew in seconds. A run is sick when its probes gained
less than half of what the healthy run of that data gained, healthy above 80 %; the name comes from its construction.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from doctor_exam_cases import NOISE, PATHS, SIZES, SPEECH, Case, cases
from doctor_exam_judge import case_of, cures, judged, line_of, tables

from ssllab.data.catalogue import load
from ssllab.data.images.types import ImageData, ImageSplit
from ssllab.data.speech.types import SAMPLE_RATE, SpeechData, SpeechSplit
from ssllab.methods.registry import method_class
from ssllab.training.run_record import RunSettings
from ssllab.training.trainer import Trainer

PROBE_EVERY = {False: 50, True: 70}  # steps, of speech: its probes cost more


@functools.lru_cache(maxsize=4)
def data_of(name: str, speech: bool, seed: int) -> Any:
    """The data of a case."""
    if name == NOISE:
        return noise_of_speech(seed) if speech else noise_images(seed)
    options = {} if speech else {"image_size": SIZES[name]}
    path = PATHS.get(name)
    data = load(str(path or name), kinds=("speech" if speech else "images",), options=options, seed=seed)
    if speech:
        return data
    # Probes of the known factors cost more than training and no rule reads them.
    return replace(data, train=replace(data.train, factors=()), test=replace(data.test, factors=()))


def noise_images(seed: int, count: int = 3000, size: int = 16) -> ImageData:
    """Images whose every pixel is drawn by itself, with labels that mean nothing."""
    generator = torch.Generator().manual_seed(seed)
    splits = []
    for n in (count, 1000):
        images = torch.randint(0, 256, (n, 3, size, size), generator=generator, dtype=torch.uint8)
        splits.append(ImageSplit(images, torch.randint(0, 10, (n,), generator=generator)))
    return ImageData(NOISE, "Noise", *splits, class_names=tuple("0123456789"))


def noise_of_speech(seed: int, clips: int = 200) -> SpeechData:
    """Clips of white noise, with words that mean nothing."""
    generator = torch.Generator().manual_seed(seed)
    splits = []
    for n in (clips, 60):
        audio = (torch.randn(n * 2 * SAMPLE_RATE, generator=generator) * 3000).to(torch.int16)
        starts = torch.arange(n + 1) * 2 * SAMPLE_RATE
        names = tuple(str(i) for i in range(n))
        labels = torch.randint(0, 6, (n,), generator=generator)
        splits.append(SpeechSplit(audio, starts, names, (None,) * n, (None,) * n, labels))
    return SpeechData(NOISE, "Noise", *splits, class_names=tuple("abcdef"))


def settings_of(case: Case, config: dict[str, Any] | None = None) -> RunSettings:
    """Everything that the run repeats from."""
    chosen = {**case.base, **case.config} if config is None else config
    options = {} if case.speech else {"image_size": SIZES[case.data]}
    return RunSettings(
        method=case.method, data=case.data, options=options, config=chosen, seed=case.seed, precision="auto"
    )


def patient(case: Case, states: Path | None = None) -> dict[str, Any]:
    """Train a case from the beginning; what the doctor would have read of it."""
    torch.set_num_threads(1)
    trainer = Trainer(settings_of(case), data_of(case.data, case.speech, case.seed))
    record = trained(trainer, case.length, case.changes)
    if states is not None and case.sickness:
        states.mkdir(parents=True, exist_ok=True)
        torch.save(trainer.state(), states / f"{hash_of(case.name)}.pt")
    return {"name": case.name, "case": asdict(case), **record}


def cure(out: Path, jobs: int, only: str) -> None:
    """Apply the doctor's last remedy to every sick run that has none yet, and train as long as a healthy run."""
    known, done = trained_runs(out), records(out / "cures.jsonl")
    todo, found = [], 0
    for one in judged(known):
        if one.truth != "sick" or one.case.data == NOISE or only not in one.case.name:
            continue
        last = one.last
        remedy = {"state": last.state, "changes": last.changes, "rewind_to": last.rewind_to}
        if done.get(one.case.name, {}).get("remedy") == remedy:
            continue
        if twin := same_run(one.case, remedy, known):
            record = {"name": one.case.name, "remedy": remedy, "twin": twin["name"], **twin_of(twin)}
            with (out / "cures.jsonl").open("a") as lines:
                lines.write(json.dumps(record) + "\n")
            found += 1
        elif last.changes:
            todo.append((one.case, remedy))
    print(f"{found} cured runs are healthy runs of the exam step by step; {len(todo)} to train", flush=True)
    states = out / "states"
    work(todo, functools.partial(cured, states=states), out / "cures.jsonl", jobs)


def same_run(case: Case, remedy: dict[str, Any], known: dict[str, Any]) -> dict[str, Any] | None:
    """A run of the exam that the cured one repeats bit for bit: same seed, same settings, from the beginning on."""
    wanted = config_after(case, remedy)
    for record in known.values():
        other = case_of(record)
        if (other.data, other.method, other.seed) != (case.data, case.method, case.seed) or other.changes:
            continue
        whole = method_class(case.method).Config.make({**other.base, **other.config})
        # What was changed live before the step that the remedy goes back to would have to be the same too.
        if whole == wanted and remedy["rewind_to"] is not None and before(case, remedy) == ():
            return record
    return None


def before(case: Case, remedy: dict[str, Any]) -> tuple[tuple[int, str, Any], ...]:
    """The changes that the remedy leaves in place."""
    back = remedy["rewind_to"]
    return tuple(change for change in case.changes if back is not None and change[0] < back)


def config_after(case: Case, remedy: dict[str, Any]) -> Any:
    """The settings that the cured run goes on with."""
    config = method_class(case.method).Config.make({**case.base, **case.config})
    left = case.changes if remedy["rewind_to"] is None else before(case, remedy)
    return config.changed({**{key: value for _, key, value in left}, **remedy["changes"]})


def twin_of(record: dict[str, Any]) -> dict[str, Any]:
    """What a cured run keeps."""
    return {key: record[key] for key in ("probes", "metrics", "constants", "seconds")}


def cured(todo: tuple[Case, dict[str, Any]], states: Path, steps: int = 0) -> dict[str, Any]:
    """The run as one click makes it go on, for as many steps as a healthy run has, or ``steps``."""
    case, remedy = todo
    torch.set_num_threads(1)
    data = data_of(case.data, case.speech, case.seed)
    back = remedy["rewind_to"]
    if back == 0:
        trainer = Trainer(settings_of(case, {**case.base, **case.config, **remedy["changes"]}), data)
    else:
        trainer = Trainer(settings_of(case), data)
        if back is None:
            trainer.load(torch.load(states / f"{hash_of(case.name)}.pt", weights_only=False))
        else:
            trained(trainer, back, before(case, remedy))
        for key, value in remedy["changes"].items():
            trainer.set(key, value)
    record = trained(trainer, steps or Case(case.data, case.method).length)
    return {"name": case.name, "remedy": remedy, **record}


def hash_of(name: str) -> int:
    """The same in every process, unlike hash()."""
    import zlib

    return zlib.crc32(name.encode())


def trained(trainer: Trainer, steps: int, changes: tuple[tuple[int, str, Any], ...] = ()) -> dict[str, Any]:
    """``steps`` more steps, with a probe before the first, every 50 and after the last."""
    began, first = time.perf_counter(), trainer.step
    every = PROBE_EVERY[trainer.settings.method in SPEECH]
    metrics: list[dict[str, float]] = []
    probe = trainer.probe()
    probes = [{"step": first, **probe.scalars}]
    while trainer.step < first + steps:
        for step, key, value in changes:
            if step == trainer.step:
                trainer.set(key, value)
        metrics.append({**trainer.train_step(), "step": trainer.step})
        broken = not math.isfinite(metrics[-1]["loss"])
        if not broken and ((trainer.step - first) % every == 0 or trainer.step == first + steps):
            probe = trainer.probe()
            probes.append({"step": trainer.step, **probe.scalars})
        if broken:
            break
    return {
        "metrics": table(metrics),
        "probes": table(probes),
        "constants": probe.constants,
        "seconds": time.perf_counter() - began,
    }


def table(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    """Columns of rows that all have the same names."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: [row["step"] if name == "step" else float(f"{row.get(name, math.nan):.5g}") for row in rows]
        for name in names
    }


def records(file: Path) -> dict[str, dict[str, Any]]:
    """What is known, by name; a line that was cut off by an interruption is left out."""
    found = {}
    if file.exists():
        for line in file.read_text().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            found[record["name"]] = record
    return found


def trained_runs(out: Path) -> dict[str, dict[str, Any]]:
    """The runs of today's cases."""
    wanted = {case.name for case in cases()}
    return {name: record for name, record in records(out / "runs.jsonl").items() if name in wanted}


def train(out: Path, jobs: int, only: str) -> None:
    """Train what is not there yet."""
    known = records(out / "runs.jsonl")
    todo = [case for case in cases() if case.name not in known and only in case.name]
    print(f"{len(todo)} of {len(cases())} runs to train", flush=True)
    work(todo, functools.partial(patient, states=out / "states"), out / "runs.jsonl", jobs)


def work(todo: list[Any], do: Any, file: Path, jobs: int) -> None:
    """``do`` every case in processes of their own; each result is a line of ``file`` at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool, file.open("a") as lines:
        futures = {pool.submit(do, case): case for case in todo}
        for number, future in enumerate(as_completed(futures), 1):
            case = futures[future][0] if isinstance(futures[future], tuple) else futures[future]
            try:
                record = future.result()
            except Exception as error:
                print(f"{case.name}: {type(error).__name__}: {error}", flush=True)
                continue
            lines.write(json.dumps(record) + "\n")
            lines.flush()
            print(f"{number:>3}/{len(todo)} {record['seconds']:5.0f} s  {case.name}", flush=True)


def main() -> None:
    """See the module's text."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("what", choices=("train", "cure", "judge"))
    options.add_argument("--out", type=Path, required=True)
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("--only", default="", help="cases whose name has this")
    chosen = options.parse_args()
    if chosen.what == "train":
        train(chosen.out, chosen.jobs, chosen.only)
    elif chosen.what == "cure":
        cure(chosen.out, chosen.jobs, chosen.only)
    else:
        known = trained_runs(chosen.out)
        found = judged(known)
        print("\n".join(line_of(one) for one in found if chosen.only in one.case.name))
        print(tables(found))
        if late := [one for one in found if one.case.held_out]:
            print("\nThose trained after the lines had been drawn:\n" + tables(late))
        print(cures(found, known, records(chosen.out / "cures.jsonl")))


if __name__ == "__main__":
    main()
