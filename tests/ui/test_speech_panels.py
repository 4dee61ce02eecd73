"""The panels of the Speech lab on made-up runs: empty, full, restyled, and the numbers they show."""

from __future__ import annotations

import itertools
import math
import os
import re
from dataclasses import replace
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from ssllab.looks import CodeUsage, JointUsage, Look, PhoneTable
from ssllab.training.metrics import MetricsLog
from ssllab.ui import theme
from ssllab.ui.labs.speech import code_usage
from ssllab.ui.labs.speech.code_usage import CodeUsagePanel, usage_level
from ssllab.ui.labs.speech.joint_usage import (
    JointUsagePanel,
    independent_perplexity,
    order,
    perplexity,
    pooled,
)
from ssllab.ui.labs.speech.phone_table import PhoneTablePanel
from ssllab.ui.plots.axis import value_text
from ssllab.ui.plots.heat_map import OFF, HeatMap, off_shade, shade
from ssllab.ui.scene import Overlay, Scene

PANELS = [
    CodeUsagePanel,
    JointUsagePanel,
    PhoneTablePanel,
]
GROUPS, CODES = 2, 40
METRICS = [
    *("loss", "contrastive_loss", "chance_loss", "contrastive_top1", "code_perplexity", "prob_perplexity"),
    *("code_perplexity_1", "code_perplexity_2", "prob_perplexity_1", "prob_perplexity_2"),
    *("diversity_loss", "feature_penalty", "gumbel_temperature", "masked_share", "dead_codes"),
    *("joint_perplexity", "gradient_norm", "items_per_second"),
]
CONSTANTS = {
    "code_floor": 2.0,
    "code_ceiling": 80.0,
    "groups": 2.0,
    "codes": 40.0,
    "joint_ceiling": 1600.0,
    "distractors": 100.0,
    "chance_phone": 0.2,
    "chance_word": 0.1,
    "chance_speaker": 0.25,
}


def metrics(n=100):
    log = MetricsLog()
    log.extend(
        np.arange(n),
        {name: np.linspace(0.2, 0.8, n) for name in METRICS} | {"chance_loss": np.full(n, 4.615)},
    )
    return log


def probes():
    log = MetricsLog()
    for step, score in ((0, 0.3), (50, 0.4), (100, 0.45)):
        names = ("phone_top1", "word_top1", "speaker_top1", "purity", "pnmi", "pnmi_volume", "rankme_context")
        log.append(
            step,
            dict.fromkeys(names, score)
            | {"heldout_contrastive_loss": 4 - score, "heldout_code_perplexity": 30},
        )
    return log


@pytest.fixture
def full_scene(real_looks):
    """The looks are those of a real run of wav2vec 2.0 with two groups of forty codes."""

    def make():
        other = Overlay("seed 1", metrics(50), probes(), "#e69f00")
        logs = {"metrics": metrics(), "probes": probes(), "constants": CONSTANTS}
        return real_looks("wav2vec2").scene(overlays=[other], **logs)

    return make


@pytest.fixture
def show(qtbot):
    def make(panel_class, width=640, height=420):
        panel = panel_class(SimpleNamespace())
        qtbot.addWidget(panel)
        panel.resize(width, height)
        panel.show()
        qtbot.waitExposed(panel)
        return panel

    yield make
    theme.apply("light")


def hover(chart: HeatMap, row: int, column: int) -> str:
    """Put the mouse on a cell; what the readout says."""
    chart._mouse_moved(chart.view.mapViewToScene(QPointF(column + 0.5, row + 0.5)))
    return chart.notes.cross_text


def test_every_panel_has_its_own_id_a_title_and_help_with_a_source():
    assert [panel.id for panel in PANELS] == ["usage", "joint", "phones"]
    for panel in PANELS:
        assert panel.title
        assert "How to read it" in panel.help
        assert "20" in panel.help.rsplit("<p>", 1)[1]  # the last paragraph names the paper and its year


@pytest.mark.parametrize("panel_class", PANELS)
@pytest.mark.parametrize(("width", "height"), [(300, 220), (900, 620)])
def test_a_panel_invites_draws_restyles_and_forgets(show, panel_class, width, height, full_scene):
    panel = show(panel_class, width, height)
    panel.draw(Scene("ready"))
    assert all(chart.notes.hint.startswith("Press Start") for chart in panel.charts())
    panel.grab()
    panel.draw(full_scene())
    shown = [chart for chart in panel.charts() if chart.isVisible()]
    assert shown
    assert all(chart.notes.hint == "" for chart in shown)
    assert all(chart.columns() for chart in shown)
    for name in ("dark", "light"):
        theme.apply(name, 18)
        panel.restyle()
        panel.grab()
    panel.draw(Scene("running"))
    panel.reset()
    assert all(chart.notes.hint.startswith("Press Start") for chart in panel.charts())


@pytest.mark.parametrize("panel_class", PANELS)
def test_axes_may_be_switched_and_crosshairs_read_everywhere(show, panel_class, full_scene):
    panel = show(panel_class)
    panel.draw(full_scene())
    for chart in panel.charts():
        for log in (True, False):
            if chart.can_log[1]:
                chart.set_log(y=log)
            low, high = chart.view.viewRange()[0]
            for share in (-0.1, 0.0, 0.4, 1.0, 1.1):
                chart._mouse_x = low + share * (high - low)
                chart.show_values()
            chart.mouse_left()
        panel.grab()


def test_every_code_has_a_tile_that_tells_its_share(show, full_scene):
    panel = show(CodeUsagePanel, 900, 620)
    scene = full_scene()
    panel.draw(scene)
    hard = scene.part(CodeUsage).hard
    code = int(hard[0].argmax())
    tiles = panel.tiles
    seen = [
        tiles.code_at(row, column)
        for row, column in zip(*np.nonzero(np.isfinite(tiles._levels)), strict=True)
    ]
    assert sorted(seen) == [(g, c) for g in range(GROUPS) for c in range(CODES)]
    row, column = next(
        (r, c)
        for r, c in np.ndindex(tiles._levels.shape)
        if tiles._levels[r, c] >= 0 and tiles.code_at(r, c) == (0, code)
    )
    share, times = value_text(100 * float(hard[0, code])), CODES * hard[0, code]
    assert hover(tiles, row, column) == f"group 1, code {code}: {share}%, {times:.1f}× the even share"
    seconds = scene.part(CodeUsage).window_seconds
    assert f"{int((hard > 0).sum())} of 80 used in the last {seconds:.0f} s" in tiles.scale.caption


def test_a_click_on_a_tile_asks_for_the_code_s_occurrences(show, full_scene):
    asked = []
    panel = show(CodeUsagePanel, 900, 620)
    panel.code_picked.connect(asked.append)
    panel.draw(full_scene())
    last_row = panel.tiles._levels.shape[0] - 1
    hover(panel.tiles, last_row, 0)
    panel.tiles.view.clicked.emit()
    assert asked == [panel.tiles.code_at(last_row, 0)]
    assert asked[0][0] == 1
    panel.tiles.mouse_left()
    panel.tiles.view.clicked.emit()
    assert len(asked) == 1


def test_tiles_breathe_towards_the_newest_usage_and_a_code_that_dies_turns_reddish(show, full_scene):
    panel = show(CodeUsagePanel, 900, 620)
    scene = full_scene()
    panel.draw(scene)
    now = scene.part(CodeUsage)
    code = int(now.hard[0].argmax())
    later = replace(now, hard=now.hard * (np.arange(CODES) != code))
    values = []
    scene = Scene("running", look=Look(99, (later,)))
    for _ in range(30):
        panel.draw(scene)
        values.append(panel.tiles._shown[0, code])
    assert all(a >= b for a, b in itertools.pairwise(values))
    assert values[0] > 0.3  # not at once
    assert values[-1] == pytest.approx(0.0, abs=0.01)
    dead = np.count_nonzero(panel.tiles._levels == OFF)
    assert dead == int((later.hard == 0).sum())


def test_after_a_break_the_tiles_show_what_is_and_do_not_fade_out_of_the_past(show, full_scene, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(code_usage, "time", SimpleNamespace(monotonic=lambda: now[0]))
    panel = show(CodeUsagePanel, 900, 620)
    scene = full_scene()
    panel.draw(scene)
    part = scene.part(CodeUsage)
    code = int(part.hard[0].argmax())
    later = Scene("running", look=Look(99, (replace(part, hard=part.hard * (np.arange(CODES) != code)),)))
    now[0] += 60.0
    panel.draw(later)
    assert panel.tiles._shown[0, code] == 0
    assert np.count_nonzero(panel.tiles._levels == OFF) == int((later.part(CodeUsage).hard == 0).sum())


def test_the_even_share_lies_in_the_light_part_of_the_scale():
    assert usage_level(np.array([0.0, 1 / 40, 8 / 40, 1.0]), 40) == pytest.approx(
        [0.0, math.log(2) / math.log(9), 1.0, 1.0]
    )


def test_sorted_usage_counts_the_living_and_draws_both_kinds(show, full_scene):
    panel = show(CodeUsagePanel, 900, 620)
    scene = full_scene()
    panel.draw(scene)
    hard = scene.part(CodeUsage).hard
    names = [entry.name for entry in panel.sorted.legend.entries()]
    used = [int((row > 0).sum()) for row in hard]
    assert names == [f"group 1: {used[0]} used", "soft", f"group 2: {used[1]} used", "soft", "all alike"]
    table = panel.sorted.columns()
    assert table["hard_1_percent"].sum() == pytest.approx(100 * hard[0].sum(), rel=1e-5)
    assert np.all(np.diff(table["hard_2_percent"]) <= 0)


def test_groups_that_say_the_same_lie_on_the_diagonal_whatever_their_codes_are_called():
    rng = np.random.default_rng(1)
    same = np.diag(rng.integers(1, 100, 30)).astype(float)[:, rng.permutation(30)]
    rows, columns = order(same)
    straight = same[np.ix_(rows, columns)]
    assert np.count_nonzero(straight - np.diag(np.diag(straight))) == 0
    assert np.all(np.diff(np.diag(straight)) <= 0)


def test_large_codebooks_are_added_up_without_losing_a_frame():
    counts = np.random.default_rng(2).poisson(1.0, (320, 320)).astype(float)
    for block in (1, 3, 7):
        small = pooled(counts, block)
        assert small.shape == (math.ceil(320 / block),) * 2
        assert small.sum() == counts.sum()
    assert pooled(counts, 3)[0, 106] == counts[:3, 318:].sum()


def test_the_joint_map_says_how_many_pairs_independent_groups_would_have_in_as_many_frames(show):
    rng = np.random.default_rng(1)
    frames = rng.integers(0, 100, (2, 3000))  # 10,000 pairs, of which 3,000 frames cannot fill a third
    counts = np.zeros((100, 100))
    np.add.at(counts, tuple(frames), 1.0)
    panel = show(JointUsagePanel, 900, 620)
    panel.draw(Scene("running", look=Look(0, (JointUsage(counts),))))
    pairs, independent = (float(n.replace(",", "")) for n in re.findall(r"[\d,]*\d", panel.map.scale.caption))
    assert pairs == pytest.approx(perplexity(counts), abs=1)
    assert pairs == pytest.approx(independent, rel=0.02)
    assert independent_perplexity(np.diag(np.full(40, 100.0))) > 1000  # 40 pairs: both groups say the same
    assert perplexity(np.zeros((3, 3))) == independent_perplexity(np.zeros((3, 3))) == 0
    assert "frames" in hover(panel.map, 0, 0)


def test_a_caption_that_has_no_room_beside_the_colours_stands_below_them_whole(show, full_scene):
    panel = show(PhoneTablePanel, 330, 300)
    panel.draw(full_scene())
    scale = panel.map.scale
    scale.say("PNMI 0.26 (chance 0.00), purity 0.39 (chance 0.12), 2,863 frames, 960 codes", "0", "1")
    QApplication.processEvents()
    beside, rows = scale._rows(scale.width())
    assert (beside, " ".join(rows)) == ("", scale.caption)
    assert scale.height() >= scale.heightForWidth(scale.width()) > scale.fontMetrics().height() * 2
    scale.say("40 of 80", "0", "1")
    assert scale._rows(scale.width()) == ("40 of 80", [])


def test_what_is_read_off_a_tile_has_room_where_no_axis_is_below(show, full_scene):
    panel = show(CodeUsagePanel, 380, 150)
    panel.draw(full_scene())
    tiles = panel.tiles
    tiles.grab()
    area = tiles.notes._area()
    for y in (area.top() + 3, area.bottom() - 3):
        point = tiles.notes.mapToScene(QPointF(area.center().x(), y))
        tiles._mouse_moved(point)
        box = tiles.notes.tag_box(area)
        assert tiles.notes.boundingRect().contains(box)
        assert not box.contains(QPointF(area.center().x(), y))


def test_one_group_has_no_pairs_and_unknown_phones_no_table(show, real_looks):
    lonely = real_looks("wav2vec2", groups=1).scene()
    panel = show(JointUsagePanel)
    panel.draw(lonely)
    assert "two codebook groups" in panel.map.notes.hint
    panel = show(PhoneTablePanel)
    panel.draw(replace(lonely, look=Look(3, (lonely.part(CodeUsage),))))
    assert "not known" in panel.map.notes.hint


def test_the_phone_table_names_phones_codes_and_scores(show, full_scene):
    panel = show(PhoneTablePanel, 900, 620)
    scene = full_scene()
    panel.draw(scene)
    part = scene.part(PhoneTable)
    assert panel.map.scale.caption == "PNMI 0.45, purity 0.45"  # of a run before chance was measured
    shown = f"P(b | {part.code_names[2]}) = {part.table[1, 2]:.2f}, {part.code_counts[2]} frames"
    assert hover(panel.map, 1, 2) == shown
    assert [text for _, text in panel.map.axes[1]._tickLevels[0]] == ["a", "b", "c", "sil"]
    assert tuple(panel.map.columns()["code"]) == part.code_names


def test_the_phone_table_says_what_shuffled_phones_give_and_what_it_stands_on(show, full_scene):
    panel = show(PhoneTablePanel, 900, 620)
    log = probes()
    chance = {
        "chance_purity": 0.24,
        "chance_pnmi": -0.001,
        "labelled_frames": 5938,
        "code_combinations": 1236,
    }
    log.append(150, {"purity": 0.446, "pnmi": 0.319} | chance)
    panel.draw(replace(full_scene(), probes=log))
    assert panel.map.scale.caption == (
        "PNMI 0.32 (chance 0.00), purity 0.45 (chance 0.24), 5,938 frames, 1,236 codes"
    )


def test_where_room_is_short_fewer_names_are_written(show):
    names = tuple(f"p{i}" for i in range(60))
    many = PhoneTable(np.eye(60), names, names, np.ones(60))
    panel = show(PhoneTablePanel, 420, 230)
    panel.draw(Scene("running", look=Look(0, (many,))))
    small = len(panel.map.axes[1]._tickLevels[0])
    panel.resize(900, 1200)
    panel.grab()
    assert small < len(panel.map.axes[1]._tickLevels[0]) <= 60
    assert small * panel.fontMetrics().height() < 230


def test_colours_run_from_the_ground_to_the_ink_and_mark_what_is_off():
    theme.apply("dark")
    try:
        rgba = shade(np.array([0.0, 0.5, 1.0, 2.0, OFF, np.nan]))
        now = theme.current()
        assert [QColor(*c).name() for c in rgba[:4].tolist()] == [
            now.raised,
            now.accent,
            now.text,
            now.text,
        ]
        assert tuple(rgba[4]) == off_shade().getRgb()
        assert rgba[5, 3] == 0
    finally:
        theme.apply("light")
