"""The label-efficiency curve: error rates over minutes of transcripts, pre-trained and from scratch."""

# Overridden methods are documented in their base class.

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ssllab.methods.ctc_settings import FineTuningSettings
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.amount_chart import AmountChart, Line, Measure
from ssllab.ui.panels.sweep import Plan, Sweep

if TYPE_CHECKING:
    from ssllab.experiments.label_efficiency import Cell, LabelEfficiency, Outcome

_LINES = (Line("pretrained", "pre-trained", "attract"), Line("scratch", "from scratch", "repel"))
_RATES = {
    "wer_beam": Measure("Word errors", 100, "%"),
    "cer_beam": Measure("Character errors", 100, "%"),
    "wer": Measure("Word errors, greedy", 100, "%"),
    "cer": Measure("Character errors, greedy", 100, "%"),
}


class EfficiencyChart(AmountChart):
    """Error rates over minutes."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            _LINES,
            _RATES,
            amount="minutes",
            amount_unit="min",
            x_label="transcribed speech (min)",
            y_label="error rate (%)",
            tip="Greedy: the most probable class of every frame. Beam search: with the n-gram.",
            from_zero=True,
            empty=((1, 20), (0, 105)),
        )

    def curve(self, results: Mapping[Cell, Outcome], key: str) -> list[Outcome]:
        from ssllab.experiments.label_efficiency import curve

        return curve(results, key == "pretrained")


def _plan(bench: Bench, settings: RunSettings, data: Any, _picture: Any) -> Plan | str:
    """Begins as the settings of fine-tuning on the bench say, else from the run on the bench if it learned."""
    from ssllab.experiments.label_efficiency import ladder, transcribed_minutes

    minutes = transcribed_minutes(data)
    if not minutes:
        return "The curve needs transcripts: choose the spoken samples, or transcribe takes."
    live, kept = bench.live_run, None
    if isinstance(bench.config, FineTuningSettings):
        words = f"from {bench.config.pretrained}"
    else:
        tuned = (m for m in bench.methods.values() if issubclass(m.Config, FineTuningSettings))
        if (method := next(tuned, None)) is None:
            return "The curve needs a method that fine-tunes; this lab has none."
        config, words = method.Config.make(), "from the shipped model"
        if live is not None and live.step and live.stored:
            config = config.changed({"pretrained": str(live.stored.path)})
            words, kept = f"from this run at step {live.step:,}", bench.keep_checkpoint()
        settings = settings.model_copy(update={"method": method.name, "config": config.model_dump()})

    def begin(steps: int) -> LabelEfficiency:
        from ssllab.experiments.label_efficiency import LabelEfficiency

        if kept is not None:
            with contextlib.suppress(RuntimeError):  # the session has ended and kept its last state itself
                kept.result()
        return LabelEfficiency(settings, data, steps, ladder(minutes))

    return Plan(begin, words)


def _to_plain(results: Mapping[Cell, Outcome]) -> Any:
    from ssllab.experiments.label_efficiency import to_plain

    return to_plain(results)


def _from_plain(rows: Any) -> Mapping[Cell, Outcome]:
    from ssllab.experiments.label_efficiency import from_plain

    return from_plain(rows)


LABEL_EFFICIENCY = Sweep(
    id="efficiency",
    title="Label efficiency",
    help="""
    <h3>Label efficiency</h3>
    <p>What pre-training is worth: short fine-tuning runs on 1, 3, 10 … minutes of transcribed speech, each from the
    pre-trained encoder and from random weights of the same shapes, all with the same steps and seed. The rate is that of
    the held-out clips. It needs data with transcripts: the shipped samples, or your own takes with theirs.</p>
    <p><b>How to read it.</b> The distance between the lines at one place is what was learned without labels; read
    sideways, it is the minutes of transcripts that it saves. The lines meet where labels are plenty. A rate above
    100&nbsp;% is possible: words put in count, too.</p>
    <p>Baevski et al. 2020, <i>wav2vec 2.0</i>, table 1: 10 minutes of labels and 53,000 hours without give 4.8 / 8.2 %
    (LARGE with a Transformer language model; LibriSpeech test clean / other). Small models on minutes of speech are far
    from that; compare within the picture.</p>
    """,
    picture=EfficiencyChart,
    plan=_plan,
    note="Two short runs for each amount of transcripts.",
    name="The curve",
    steps=300,
    to_plain=_to_plain,
    from_plain=_from_plain,
    tip="Fine-tune on 1, 3, 10 ... minutes of transcripts, pre-trained and from scratch.",
)
