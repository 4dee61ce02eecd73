"""The doctor of the Speech lab: the same panel, with what it reads there."""

from __future__ import annotations

from ssllab.ui.panels.doctor import DoctorPanel


class SpeechDoctorPanel(DoctorPanel):
    """A coloured state, the evidence, the remedy."""

    help = (
        "<p>Reads the loss, the codes, the probes and how loud the frames are, and names the state of the run: healthy, "
        "codebook collapse, soft but not hard, stuck at chance, shortcut, diverged.</p>"
        "<p>A low loss alone proves nothing: a distractor equal to the true code does not count (wav2vec 2.0, section "
        "3.2), so a codebook with one code left has a loss of 0 and an accuracy of 100 %. Collapse is told from loss, hard "
        "perplexity and dead codes together; undecided frames from a soft perplexity far above the hard one; the "
        "shortcut through volume from codes that know no more about the phone than the loudness does.</p>"
    )
