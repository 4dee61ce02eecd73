"""How much text: the held-out loss over the amount of text, of counting and of a Transformer."""

# Overridden methods are documented in their base class.

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ssllab.methods.sequence_settings import UnitSettings
from ssllab.training.run_record import RunSettings
from ssllab.ui.bench import Bench
from ssllab.ui.panels.amount_chart import AmountChart, Line, Measure
from ssllab.ui.panels.sweep import Plan, Sweep

if TYPE_CHECKING:
    from ssllab.experiments.text_amount import Cell, Outcome, TextAmount

_LINES = (Line("ngram", "KN-5", "repel"), Line("causal_lm", "Transformer", "attract"))
_MEASURES = {
    "held_out_loss": Measure("Nats per symbol", unit="nats"),
    "bits_per_byte": Measure("Bits per byte", unit="bits"),
}


class TextAmountChart(AmountChart):
    """Losses over bytes of text."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(
            _LINES,
            _MEASURES,
            amount="bytes",
            amount_unit="bytes",
            x_label="text learned from (bytes)",
            y_label="held-out loss",
            tip="Nats per symbol can be compared within one unit only, bits per byte between all.",
            empty=((3_000, 1_000_000), (1, 4)),
        )

    def curve(self, results: Mapping[Cell, Outcome], key: str) -> list[Outcome]:
        from ssllab.experiments.text_amount import curve

        return curve(results, key)


def _plan(bench: Bench, settings: RunSettings, data: Any, _picture: Any) -> Plan | str:
    """With the units of the bench, and its Transformer where it has one."""
    from ssllab.experiments.text_amount import TextAmount, ladder

    if data.language == "sound":
        return "The curve is drawn over text: choose some that is read."
    if not data.test.size:
        return "The curve needs text that is held out: load the data with some."

    def begin(steps: int) -> TextAmount:
        return TextAmount(settings, data, steps, ladder(data.train.size))

    return Plan(begin, _of(bench.config))


def _of(config: Any) -> str:
    return f"unit {getattr(config, 'unit', '')}"  # one of one's own may have none


def _to_plain(results: Mapping[Cell, Outcome]) -> Any:
    from ssllab.experiments.text_amount import to_plain

    return to_plain(results)


def _from_plain(rows: Any) -> Mapping[Cell, Outcome]:
    from ssllab.experiments.text_amount import from_plain

    return from_plain(rows)


TEXT_AMOUNT = Sweep(
    id="amount",
    title="How much text",
    help="""
    <h3>How much text</h3>
    <p>Short runs on the first 3, 10, 30 … kB of the training text, up to all of it: counts of five symbols smoothed by
    Kneser and Ney (KN-5), which read the text once, and the Transformer of the controls, trained for as many steps whatever
    the text. Units and the held-out text are the same for all.</p>
    <p><b>How to read it.</b> On little text counting is ahead, and a Transformer that goes through it many times learns it
    by heart: its held-out loss is worse for it. With more text both get better; where the lines cross depends on the
    Transformer and its steps: a small one that is trained for a minute does not get there.</p>
    <p>The points are kept with the workspace; the menu saves them as CSV. From the command line:
    <code>ssllab train ngram --set text_share=0.1</code>.</p>
    """,
    picture=TextAmountChart,
    plan=_plan,
    note="Two short runs for each amount of text.",
    name="The curve",
    steps=300,
    settings=UnitSettings,
    of=_of,
    to_plain=_to_plain,
    from_plain=_from_plain,
    tip="Learn from 3, 10, 30 ... kB of the text, by counting and with a Transformer.",
)
