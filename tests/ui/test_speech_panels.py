"""The panels of the Speech lab on made-up runs: empty, full, restyled, and the numbers they show."""

from __future__ import annotations

import itertools
import math
import os
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from ssllab.training.metrics import MetricsLog
from ssllab.ui import theme
from ssllab.ui.labs.speech.code_usage import CodeUsagePanel, usage_level
from ssllab.ui.labs.speech.joint_usage import JointUsagePanel, order, perplexity, pooled
from ssllab.ui.labs.speech.phone_table import PhoneTablePanel
from ssllab.ui.panel import Overlay, Scene
from ssllab.ui.plots.heat_map import OFF, HeatMap, off_shade, shade

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


def look(groups=GROUPS, codes=CODES):
    rng = np.random.default_rng(0)
    usage = rng.dirichlet(np.full(codes, 0.5), groups).astype(np.float32)
    usage[:, :3] = 0.0
    usage[0, 3] = 0.5
    return SimpleNamespace(
        step=99,
        groups=groups,
        codes=codes,
        temperature=1.5,
        window_seconds=600.0,
        usage=usage,
        soft_usage=rng.dirichlet(np.full(codes, 5.0), groups).astype(np.float32),
        joint=None if groups < 2 else rng.poisson(1000 * np.outer(usage[0], usage[1])).astype(np.float32),
        phone_given_code=np.array([[0.9, 0.6, 0.1], [0.1, 0.4, 0.9]], np.float32),
        phone_names=("s", "t"),
        code_names=("1·2", "3·4", "5·6"),
        code_counts=np.array([10, 20, 30]),
    )


def full_scene():
    other = Overlay("seed 1", metrics(50), probes(), "#e69f00")
    return Scene(
        "running", metrics=metrics(), probes=probes(), look=look(), constants=CONSTANTS, overlays=[other]
    )


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
def test_a_panel_invites_draws_restyles_and_forgets(show, panel_class, width, height):
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
def test_axes_may_be_switched_and_crosshairs_read_everywhere(show, panel_class):
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


def test_every_code_has_a_tile_that_tells_its_share(show):
    panel = show(CodeUsagePanel, 900, 620)
    panel.draw(full_scene())
    tiles = panel.tiles
    seen = [
        tiles.code_at(row, column)
        for row, column in zip(*np.nonzero(np.isfinite(tiles._levels)), strict=True)
    ]
    assert sorted(seen) == [(g, c) for g in range(GROUPS) for c in range(CODES)]
    row, column = next(
        (r, c)
        for r, c in np.ndindex(tiles._levels.shape)
        if tiles._levels[r, c] >= 0 and tiles.code_at(r, c) == (0, 3)
    )
    assert hover(tiles, row, column) == "group 1, code 3: 50.00%, 20.0× the even share"
    assert f"{int((look().usage > 0).sum())} of 80 used in the last 10 min" in tiles.scale.caption


def test_a_click_on_a_tile_asks_for_the_code_s_occurrences(show):
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


def test_tiles_breathe_towards_the_newest_usage_and_a_code_that_dies_turns_reddish(show):
    panel = show(CodeUsagePanel, 900, 620)
    panel.draw(full_scene())
    later = look()
    later.usage[0, 3] = 0.0
    scene = Scene("running", look=later)
    values = []
    for _ in range(30):
        panel.draw(scene)
        values.append(panel.tiles._shown[0, 3])
    assert all(a >= b for a, b in itertools.pairwise(values))
    assert values[0] > 0.3  # not at once
    assert values[-1] == pytest.approx(0.0, abs=0.01)
    dead = np.count_nonzero(panel.tiles._levels == OFF)
    assert dead == int((later.usage == 0).sum())


def test_the_even_share_lies_in_the_light_part_of_the_scale():
    assert usage_level(np.array([0.0, 1 / 40, 8 / 40, 1.0]), 40) == pytest.approx(
        [0.0, math.log(2) / math.log(9), 1.0, 1.0]
    )


def test_sorted_usage_counts_the_living_and_draws_both_kinds(show):
    panel = show(CodeUsagePanel, 900, 620)
    panel.draw(full_scene())
    names = [entry.name for entry in panel.sorted.legend.entries()]
    used = [int((row > 0).sum()) for row in look().usage]
    assert names == [f"group 1: {used[0]} used", "soft", f"group 2: {used[1]} used", "soft", "all alike"]
    table = panel.sorted.columns()
    assert table["hard_1_percent"].sum() == pytest.approx(100 * look().usage[0].sum(), rel=1e-5)
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


def test_the_joint_map_says_how_many_pairs_independent_groups_would_have(show):
    independent = np.outer(np.full(40, 3.0), np.full(40, 2.0))
    panel = show(JointUsagePanel, 900, 620)
    scene = look()
    scene.joint = independent
    panel.draw(Scene("running", look=scene))
    assert panel.map.scale.caption == "1600 pairs, 1600 if independent"
    assert hover(panel.map, 0, 0).endswith("6 frames, 0.0625%")
    assert perplexity(np.zeros((3, 3))) == 0


def test_one_group_has_no_pairs_and_unknown_phones_no_table(show):
    lonely = look(groups=1)
    lonely.phone_given_code = None
    panel = show(JointUsagePanel)
    panel.draw(Scene("running", look=lonely))
    assert "two codebook groups" in panel.map.notes.hint
    panel = show(PhoneTablePanel)
    panel.draw(Scene("running", look=lonely, probes=probes()))
    assert "not known" in panel.map.notes.hint


def test_the_phone_table_names_phones_codes_and_scores(show):
    panel = show(PhoneTablePanel, 900, 620)
    panel.draw(full_scene())
    assert panel.map.scale.caption == "purity 0.45, PNMI 0.45"
    assert hover(panel.map, 1, 2) == "P(t | 5·6) = 0.90, 30 frames"
    assert [text for _, text in panel.map.axes[1]._tickLevels[0]] == ["s", "t"]
    assert list(panel.map.columns()["code"]) == ["1·2", "3·4", "5·6"]


def test_where_room_is_short_fewer_names_are_written(show):
    scene = look()
    names = tuple(f"p{i}" for i in range(60))
    scene.phone_given_code, scene.code_counts = np.eye(60), np.ones(60)
    scene.phone_names = scene.code_names = names
    panel = show(PhoneTablePanel, 420, 230)
    panel.draw(Scene("running", look=scene))
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
