"""What the methods of speech measure, declared once, and the charts where it stands."""

from __future__ import annotations

from typing import Any

from ssllab.scalars import Chart, Series

LOSS_HELP = """
<h3>Loss and task</h3>
<p>The model sees speech with spans masked out and has to say, for every masked frame, which of K + 1 codes was
there: the true one or one of K distractors from other masked frames of the same recording. <b>Loss</b>:
−log [ exp(sim(c, q)/κ) / Σ exp(sim(c, q̃)/κ) ], in nats, with the dashed line ln(1 + K) of a guess. <b>Accuracy</b>:
how often the true code is the most similar. <b>Terms</b>: the diversity loss (GV − Σ perplexity)/GV, 0 where all
codes are used alike, and the feature penalty, the mean square of what the feature encoder gives. <b>τ</b>: the
temperature of the Gumbel softmax that chooses codes; high tries many, low decides. <b>Mask</b>: the share of frames
hidden, 49 % with the paper's setting. <b>Speed</b>: seconds of audio learned from per second.</p>
<p><b>How to read it.</b> On the dashed line nothing has been learned yet; a small model stays there for some hundred
steps. A lower loss is not a better model: a distractor equal to the true code does not count, so where all frames get
one code the loss is 0 and the accuracy 100 %. Read it beside the perplexity. The gradient norm of a small model is
healthy between about 0.5 and 2.</p>
<p>Baevski et al. 2020, <i>wav2vec 2.0</i>, section 3.2, equations 3 and 4; section 4.2 (mask, temperature). Hsu et al.
2021, <i>HuBERT</i>, equation 1: there the loss is the cross-entropy of units, and a guess costs ln C.</p>
"""

CTC_HELP = """
<h3>Loss</h3>
<p>−log P(transcript | audio), summed over all timings of the transcript and divided by its characters, in nats. The
dashed line is the best that a model can do that ignores the sound.</p>
<p><b>How to read it.</b> The loss first falls to the dashed line, while nearly every frame is blank, and stays there for
a while; below it the model hears. Word errors fall long after.</p>
<p>Graves et al. 2006, <i>Connectionist Temporal Classification</i>, section 4.</p>
"""

PERPLEXITY_HELP = """
<h3>Code perplexity</h3>
<p>exp of the entropy of the use of a codebook: as many codes as would give that entropy if all were used alike. It is
1 where one code takes every frame (the floor) and V where all codes are used alike (the ceiling). <b>Hard</b> counts
the code each frame got. <b>Soft</b> takes the mean of the softmax over codes. Both are taken over the last 80 seconds
of hidden sound, not over a batch whose size would change them. <b>In all</b>: the sum over the G groups, from G to
GV, as fairseq logs it. <b>Together</b>: combinations of the groups' codes; up to V<sup>G</sup>, and no more than one
group has where the groups say the same. <b>Dead</b>: codes that no frame of the last pass over the data has
chosen.</p>
<p><b>How to read it.</b> Look at hard. It often dips in the first steps and then climbs while the loss falls. Hard at
the floor is codebook collapse, however low the loss. Soft high with hard low: every frame finds every code equally
probable, which satisfies the diversity loss and decides nothing.</p>
<p>Baevski et al. 2020, <i>wav2vec 2.0</i>, equation 4 and section 4.2 (G = 2, V = 320); Hugging Face reports soft in
training and hard in evaluation.</p>
"""

PROBES_HELP = """
<h3>Probes</h3>
<p>What can be read from the frozen model on held-out speech; labels are used here and nowhere else. <b>Probes</b>:
logistic regression on the context vectors of a minute of speech, for the phone of every frame, the word and the speaker
of every recording, where these are known; dashed in the same colour is what guessing the most frequent one gives. A
minute may be some fifteen recordings: then one of them is seven percent, and words and speakers go up and down by chance.
<b>Codes</b>: purity and PNMI of the codes against phones, for all groups together and for each, and the PNMI of loudness
alone, cut as finely as the codes. The table of codes and phones is made of one half of the clips and read on the other,
and the other way round; dashed is what the same formula gives when the phones are shuffled.
<b>Held out</b>: loss and perplexity on speech that was never trained on.</p>
<p><b>How to read it.</b> This is the goal, the loss only the means. The first point is the untrained model: even random
filters tell sounds apart, so only what is above it has been learned. PNMI that does not rise above that of loudness:
the codes are a volume meter. Phones should climb; that speakers become unreadable in the codes is wanted.</p>
<p>Baevski et al. 2020, <i>wav2vec 2.0</i>, appendix D; Hsu et al. 2021, <i>HuBERT</i>, section IV (purity, PNMI);
Garrido et al. 2023 (RankMe).</p>
"""

ERRORS_HELP = """
<h3>Errors</h3>
<p>Words and characters put in, left out or confused on held-out recordings, as a share of those that were said: of the
most probable class of every frame, and of a beam search with the n-gram.</p>
<p><b>How to read it.</b> Lower is better; above 100&nbsp;% is possible, as words put in count too. Characters fall first,
words long after.</p>
<p>Graves et al. 2006; Baevski et al. 2020, <i>wav2vec 2.0</i>, section 4.3.</p>
"""


def _chart(name: str, panel: str, label: str, hint: str, **more: Any) -> Chart:
    return Chart(name, panel, label=label, hint=f"Press Start: {hint}", **more)


_PERCENT: dict[str, Any] = {"always": (0.0,), "empty": (0.0, 105.0)}

SPEECH_CHARTS: tuple[Chart, ...] = (
    _chart("Loss", "loss", "loss", "the loss of the task appears here", help=LOSS_HELP, empty=(0.0, 5.0)),
    _chart(
        "Accuracy", "loss", "accuracy", "how often the true code is found among the distractors", **_PERCENT
    ),
    _chart(
        "Terms", "loss", "value", "what is added to the loss, before its weights", log=True, empty=(1e-2, 2.0)
    ),
    _chart("τ", "loss", "temperature", "how random the choice of codes is", always=(0.0,), empty=(0.0, 2.2)),
    _chart("Gradient", "loss", "norm", "how large the steps want to be", log=True, empty=(1e-2, 10.0)),
    _chart("Mask", "loss", "masked", "how much of the speech is hidden", always=(0.0,), empty=(0.0, 60.0)),
    _chart("Speed", "loss", "speed", "seconds of audio per second", always=(0.0,), empty=(0.0, 20.0)),
    _chart(
        "By group",
        "perplexity",
        "codes",
        "how many codes of each group are in use",
        empty=(0.0, 42.0),
    ),
    _chart(
        "In all",
        "perplexity",
        "codes",
        "how many codes are in use in all",
        help=PERPLEXITY_HELP,
        empty=(0.0, 85.0),
    ),
    _chart(
        "Together",
        "perplexity",
        "combinations",
        "how many combinations of the groups are in use",
        log=True,
        empty=(1.0, 2000.0),
    ),
    _chart(
        "Dead",
        "perplexity",
        "dead codes",
        "how many codes nothing chooses",
        always=(0.0, 100.0),
        empty=(0.0, 105.0),
    ),
    _chart(
        "Probes",
        "probes",
        "accuracy",
        "every few seconds linear probes say what has been learned",
        help=PROBES_HELP,
        empty=(0.0, 105.0),
    ),
    _chart(
        "Codes",
        "probes",
        "0 to 1",
        "whether the codes follow the phones, where these are known",
        always=(0.0,),
    ),
    _chart("Held-out loss", "probes", "loss", "the loss on speech that is not trained on", empty=(0.0, 5.0)),
    _chart(
        "Held-out codes",
        "probes",
        "codes",
        "how many codes speech gets that is not trained on",
        empty=(0.0, 85.0),
    ),
    _chart(
        "Rank",
        "probes",
        "dimensions",
        "how many dimensions the context vectors use",
        always=(0.0,),
        empty=(0.0, 50.0),
    ),
)

CTC_CHARTS: tuple[Chart, ...] = (
    _chart(
        "Loss", "loss", "loss", "the loss of the transcripts appears here", help=CTC_HELP, empty=(0.0, 5.0)
    ),
    _chart(
        "Frames", "loss", "share", "how many frames are blank, and how much is wrong on the batch", **_PERCENT
    ),
    _chart(
        "Errors", "probes", "error rate", "how much is wrong in held-out speech", help=ERRORS_HELP, **_PERCENT
    ),
)


def reference(title: str, about: str, chart: str, short: str, role: str = "muted", **more: Any) -> Series:
    """A line that others are held against."""
    return Series(title, about, chart=chart, short=short, line="reference", role=role, **more)


def constant(
    title: str, about: str = "", chart: str = "", short: str = "", role: str = "muted", **more: Any
) -> Series:
    """A number that a run has once: a line where it has a chart."""
    return Series(
        title, about, measured="once", chart=chart, short=short, line="reference", role=role, **more
    )


def _probe(title: str, about: str, **more: Any) -> Series:
    return Series(title, about, measured="probe", **more)


def _read(kind: str, about: str, role: str, headline: int = 0) -> dict[str, Series]:
    """A linear probe and what a guess gives."""
    return {
        f"{kind}_top1": _probe(
            f"Linear {kind} probe",
            about,
            better="higher",
            percent=True,
            chart="Probes",
            short=kind,
            headline=headline,
            when=f"{kind}s",
            role=role,
            overlay=kind == "phone",
        ),
        f"chance_{kind}": constant(
            f"Chance of the {kind} probe",
            "Always naming the most frequent one.",
            "Probes",
            "chance",
            role,
            percent=True,
            when=f"{kind}s",
        ),
    }


# Of every method of speech.
SPEECH_SERIES = {
    "gradient_norm": Series(
        "Gradient norm",
        "Of all weights; 0.5 to 2 in healthy small runs.",
        chart="Gradient",
        short="gradient norm",
        role="4",
    ),
    "masked_share": Series(
        "Masked",
        "Share of the frames hidden from the context.",
        percent=True,
        chart="Mask",
        short="masked",
        role="5",
    ),
    "items_per_second": Series(
        "Seconds of audio per second",
        "How fast it learns.",
        "s/s",
        "higher",
        chart="Speed",
        short="audio per second",
        role="6",
        overlay=False,
    ),
}

# Of pre-training: the loss but for the task's own, codes, and what probes find.
PRETRAINING_SERIES = {
    "loss": Series(
        "Loss",
        "With the diversity loss and the feature penalty: what is minimised.",
        "nats",
        "lower",
        chart="Loss",
        short="in all",
        role="7",
        overlay=False,
    ),
    "feature_penalty": Series(
        "Feature penalty",
        "Mean square of the encoder's output.",
        better="lower",
        chart="Terms",
        short="feature penalty",
        role="1",
    ),
    "published_masked_share": constant(
        "Masked in the published setting",
        "Starts 0.065, spans of 10: 49 % of the frames (section 4.2).",
        "Mask",
        "published setting",
        percent=True,
    ),
    "code_perplexity": Series(
        "Hard code perplexity",
        "Codes chosen, summed over the groups.",
        better="higher",
        chart="In all",
        short="hard",
    ),
    "code_floor": constant(
        "Fewest codes", "One code in every group.", "In all, Held-out codes", "floor G", "bad"
    ),
    "code_ceiling": constant(
        "All codes", "All codes used alike.", "In all, Held-out codes", "ceiling GV", "good"
    ),
    "groups": constant("Groups", "Of the codebook."),
    "codes": constant(
        "Codes of a group", "All codes of the group used alike.", "By group", "ceiling V", "good"
    ),
    **_read("phone", "Which phone a frame belongs to.", "0", headline=80),
    **_read("word", "Which word is said.", "2"),
    **_read("speaker", "Who speaks. The task does not ask for it, and later layers lose it.", "1"),
    "pnmi": _probe(
        "Phone-normalised mutual information",
        "I(phone; code) / H(phone) of all groups together, on clips that the table was not made of; 0 for noise.",
        better="higher",
        chart="Codes",
        short="PNMI",
        when="phones",
    ),
    "chance_pnmi": _probe(
        "PNMI of shuffled phones",
        "The same where the phones are turned against the codes: what noise gives.",
        chart="Codes",
        short="PNMI, shuffled",
        when="phones",
        line="reference",
        role="0",
    ),
    "purity": _probe(
        "Phone purity of the codes",
        "The code's most probable phone is right, on clips that the table was not made of.",
        better="higher",
        chart="Codes",
        short="purity",
        when="phones",
        role="3",
        overlay=False,
    ),
    "chance_purity": _probe(
        "Purity of shuffled phones",
        "The same where the phones are turned against the codes: about the share of the most frequent phone.",
        chart="Codes",
        short="purity, shuffled",
        when="phones",
        line="reference",
        role="3",
    ),
    "labelled_frames": _probe("Frames with a phone", "What PNMI and purity stand on.", when="phones"),
    "code_combinations": _probe(
        "Combinations of codes met",
        "On the frames with a phone: what PNMI and purity stand on.",
        when="phones",
    ),
    "pnmi_volume": _probe(
        "PNMI of loudness",
        "What the level of a frame alone says about its phone.",
        chart="Codes",
        when="phones",
        role="warn",
        dash=True,
        overlay=False,
    ),
    "volume_share": _probe(
        "Loudness in the codes",
        "I(code; loudness) / H(code), on clips that the table was not made of: 1 is a volume meter, 0 noise.",
        percent=True,
    ),
    "silence_codes": _probe(
        "Codes of silence", "Of the codes in use, most of whose frames are silent.", percent=True
    ),
    "chance_silence_codes": _probe(
        "Codes of silence by chance", "The same where silence falls anywhere.", percent=True, line="reference"
    ),
    "silent_frames": _probe("Silent frames", "Share of the held-out frames.", percent=True),
    "heldout_top1": _probe(
        "Held-out accuracy of the task", "On speech it never saw.", better="higher", percent=True, headline=60
    ),
    "chance_heldout_top1": constant(
        "Chance of the held-out accuracy",
        "A guess among the distractors that count, or the most frequent unit.",
        percent=True,
    ),
    "heldout_chance_loss": constant(
        "Chance of the held-out loss",
        "A guess among the distractors that count, or of units as frequent as they are.",
        "Held-out loss",
        "chance",
        unit="nats",
    ),
    "heldout_code_perplexity": _probe(
        "Held-out hard perplexity",
        "Codes that speech gets which is not trained on.",
        better="higher",
        chart="Held-out codes",
        short="held-out hard perplexity",
    ),
    "rankme_context": _probe(
        "RankMe of the context",
        "Dimensions that the context vectors use.",
        better="higher",
        chart="Rank",
        role="4",
    ),
    "noise_rankme_context": constant(
        "RankMe of noise",
        "Of as many Gaussian vectors: no representation has more, and it knows nothing.",
        "Rank",
        "noise",
    ),
    "std_context": _probe("Spread of the context", "Standard deviation of a dimension, mean."),
}

WAV2VEC2_SERIES = {
    "contrastive_loss": Series(
        "Contrastive loss", "The loss of the task alone.", "nats", "lower", chart="Loss", short="contrastive"
    ),
    "loss": PRETRAINING_SERIES["loss"],
    "chance_loss": reference(
        "Loss of a guess", "What a guess costs: ln(1 + K).", "Loss", "chance", unit="nats"
    ),
    "contrastive_top1": Series(
        "Contrastive accuracy, top-1",
        "The true code is the nearest.",
        better="higher",
        percent=True,
        chart="Accuracy",
        short="true code first",
        headline=10,
    ),
    "contrastive_chance": reference(
        "Chance of the contrastive accuracy",
        "Guessing among the distractors that count: 1/(1 + K), and 100 % where all have one code.",
        "Accuracy",
        "chance",
        percent=True,
    ),
    "diversity_loss": Series(
        "Diversity loss",
        "(GV − Σ perplexity)/GV: 0 is even use.",
        better="lower",
        chart="Terms",
        short="diversity",
        role="2",
    ),
    "gumbel_temperature": Series(
        "Gumbel temperature", "Of the softmax that chooses codes.", chart="τ", role="3", overlay=False
    ),
    "code_perplexity_{group}": Series(
        "Hard perplexity of group {group}",
        "Group {group}: codes chosen lately.",
        better="higher",
        chart="By group",
        short="hard {group}",
    ),
    "prob_perplexity_{group}": Series(
        "Soft perplexity of group {group}",
        "Group {group}: the mean softmax. Proves nothing alone.",
        chart="By group",
        short="soft {group}",
        dash=True,
        overlay=False,
    ),
    "group_floor": constant(
        "Fewest codes of a group", "One code for every frame.", "By group", "floor 1", "bad"
    ),
    "code_perplexity": PRETRAINING_SERIES["code_perplexity"],
    "prob_perplexity": Series(
        "Soft code perplexity",
        "Mean softmax, summed over the groups. Proves nothing alone.",
        chart="In all",
        short="soft",
        dash=True,
        overlay=False,
    ),
    "joint_perplexity": Series(
        "Joint perplexity",
        "Of the groups' codes; the product codebook.",
        better="higher",
        chart="Together",
        short="combinations",
        role="3",
    ),
    "joint_of_one_group": constant(
        "Combinations of one group", "What one group alone could say.", "Together", "one group", "warn"
    ),
    "joint_ceiling": constant(
        "All combinations", "All combinations used alike.", "Together", "ceiling", "good"
    ),
    "dead_codes": Series(
        "Dead codes",
        "Not chosen once in the last pass over the data.",
        better="lower",
        percent=True,
        chart="Dead",
        short="dead",
        role="bad",
    ),
    "restarted": Series("Restarted codes", "Dead codes that were moved in this step."),
    "distractors": constant("Distractors", "Wrong answers to choose from at every hidden frame."),
    "pnmi_{group}": _probe(
        "PNMI of group {group}",
        "The same of group {group} alone.",
        better="higher",
        chart="Codes",
        short="PNMI {group}",
        when="phones and groups=2,3,4,5,6,7,8",
        role="1",
        overlay=False,
    ),
    "heldout_contrastive_loss": _probe(
        "Held-out contrastive loss",
        "On speech that is not trained on.",
        unit="nats",
        better="lower",
        chart="Held-out loss",
        short="held-out loss",
    ),
    **PRETRAINING_SERIES,
}

HUBERT_SERIES = {
    "loss": PRETRAINING_SERIES["loss"],  # beneath the task's own, which it equals without a penalty
    "unit_loss": Series(
        "Unit loss", "Mean over hidden frames of −log p(unit).", "nats", "lower", chart="Loss", short="units"
    ),
    "chance_loss": reference("Loss of a guess", "What a guess costs: ln C.", "Loss", "chance", unit="nats"),
    "unit_top1": Series(
        "Accuracy of the units",
        "The unit of a masked frame is named.",
        better="higher",
        percent=True,
        chart="Accuracy",
        short="right unit",
        headline=10,
    ),
    "unit_chance": reference(
        "Chance of the units",
        "Always naming the most frequent unit of the last minutes.",
        "Accuracy",
        "chance",
        percent=True,
    ),
    "target_perplexity": Series(
        "Perplexity of the targets",
        "Units of the targets; what is predicted cannot be richer.",
        chart="In all",
        short="targets",
        role="2",
        dash=True,
        overlay=False,
    ),
    "iteration": Series("Iteration", "0: units of MFCCs; then how often they were made of a layer."),
    "heldout_unit_loss": _probe(
        "Held-out loss of the units",
        "On speech that is not trained on.",
        unit="nats",
        better="lower",
        chart="Held-out loss",
        short="held-out loss",
    ),
    **PRETRAINING_SERIES,
}


def _errors(title: str, about: str, short: str, **more: Any) -> Series:
    return _probe(
        title, about, better="lower", percent=True, chart="Errors", short=short, when="transcripts", **more
    )


def _deaf(what: str, short: str, role: str) -> Series:
    return constant(
        f"{what} error rate of a guess that hears nothing",
        "The better of writing nothing and writing a most frequent transcript everywhere.",
        "Errors",
        f"{short}, hears nothing",
        role,
        percent=True,
        when="transcripts",
    )


CTC_SERIES = {
    "loss": Series(
        "Loss", "−log P(transcript | audio), per character.", "nats", "lower", chart="Loss", short="loss"
    ),
    "chance_loss": reference(
        "Hears nothing",
        "The loss of the best guess that ignores the sound.",
        "Loss",
        "hears nothing",
        unit="nats",
    ),
    "batch_cer": Series(
        "Character error rate of the batch",
        "Of the best path, on what is learned from.",
        better="lower",
        percent=True,
        chart="Frames",
        short="CER of the batch",
    ),
    "blank_share": Series(
        "Blank frames",
        "Share of frames whose most probable class is the blank.",
        percent=True,
        chart="Frames",
        short="blank",
        role="2",
    ),
    "wer": _errors("Word error rate", "Word errors of the best path, held-out clips.", "WER", headline=70),
    "cer": _errors(
        "Character error rate", "Character errors of the best path.", "CER", headline=65, role="2"
    ),
    "wer_beam": _errors(
        "Word error rate, beam search", "Word errors with the n-gram.", "WER beam", dash=True, overlay=False
    ),
    "cer_beam": _errors(
        "Character error rate, beam search",
        "Character errors with the n-gram.",
        "CER beam",
        role="2",
        dash=True,
        overlay=False,
    ),
    "chance_wer": _deaf("Word", "WER", "0"),
    "chance_cer": _deaf("Character", "CER", "2"),
    "heldout_loss": _probe(
        "Held-out loss", "Per character.", unit="nats", better="lower", when="transcripts"
    ),
    "labelled_minutes": constant("Transcribed speech that is learned from", unit="min"),
    "transcribed_minutes": constant("Transcribed speech that there is", unit="min"),
    "heldout_minutes": constant("Held-out transcribed speech", unit="min"),
    "symbols": constant("Symbols", "Of the alphabet, with the blank."),
}
