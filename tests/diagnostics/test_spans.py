"""Edit distance and nearest spans against slow and obvious references."""

from __future__ import annotations

import itertools

import pytest
import torch

from ssllab.diagnostics.spans import code_runs, edit_distance, nearest_by_codes, nearest_by_latents


def word(text: str) -> torch.Tensor:
    return torch.tensor([[ord(letter)] for letter in text]).reshape(-1, 1)


def random_codes(n: int, groups: int, codes: int, seed: int) -> torch.Tensor:
    return torch.randint(codes, (n, groups), generator=torch.Generator().manual_seed(seed))


def plain_distance(a: torch.Tensor, b: torch.Tensor) -> float:
    """The textbook's recursion, cell by cell."""
    table = [[float(i + j) for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i, j in itertools.product(range(1, len(a) + 1), range(1, len(b) + 1)):
        exchange = float((a[i - 1] != b[j - 1]).double().mean())
        table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + exchange)
    return table[-1][-1]


@pytest.mark.parametrize(
    ("a", "b", "distance"),
    [
        ("kitten", "sitting", 3),
        ("saturday", "sunday", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("same", "same", 0),
    ],
)
def test_levenshtein_of_known_words(a: str, b: str, distance: int) -> None:
    assert edit_distance(word(a), word(b)) == distance


def test_a_frame_that_differs_in_one_of_two_groups_is_half_an_exchange() -> None:
    assert edit_distance(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 2], [3, 9]])) == 0.5


@pytest.mark.parametrize("seed", range(5))
def test_distance_equals_the_textbook(seed: int) -> None:
    a, b = random_codes(9, 2, 3, seed), random_codes(12, 2, 3, seed + 100)
    assert edit_distance(a, b) == pytest.approx(plain_distance(a, b))
    assert edit_distance(a, b) == pytest.approx(edit_distance(b, a))


@pytest.mark.parametrize("seed", range(4))
def test_the_nearest_span_is_the_best_of_all_spans_within_clips(seed: int) -> None:
    codes, query = random_codes(40, 2, 3, seed), random_codes(5, 2, 3, seed + 50)
    starts = torch.tensor([0, 13, 13, 30, 40])
    every = [
        plain_distance(query, codes[first:last])
        for a, b in itertools.pairwise(starts.tolist())
        for first, last in itertools.combinations(range(a, b + 1), 2)
    ]
    matches = nearest_by_codes(query, codes, starts, 3)
    assert matches[0].score == pytest.approx(min(every))
    for match in matches:
        assert match.score == pytest.approx(plain_distance(query, codes[match.start : match.end]))
        inside = [a <= match.start < match.end <= b for a, b in itertools.pairwise(starts.tolist())]
        assert any(inside)
    assert [m.score for m in matches] == sorted(m.score for m in matches)
    for one, two in itertools.combinations(matches, 2):
        assert one.end <= two.start or two.end <= one.start


def test_a_copy_elsewhere_is_found_and_the_query_itself_is_left_out() -> None:
    codes = random_codes(300, 2, 50, 1)
    codes[200:210] = codes[40:50]
    starts = torch.tensor([0, 150, 300])
    first = nearest_by_codes(codes[40:50], codes, starts, 1, leave_out=(40, 50))[0]
    assert (first.start, first.end, first.score) == (200, 210, 0)


def test_a_copy_that_lies_across_two_clips_is_not_found_whole() -> None:
    codes = torch.arange(20)[:, None]
    query = codes[8:12]
    whole = nearest_by_codes(query, codes, torch.tensor([0, 20]), 1)[0]
    assert (whole.start, whole.end, whole.score) == (8, 12, 0)
    assert nearest_by_codes(query, codes, torch.tensor([0, 10, 20]), 1)[0].score == 2


def test_what_agrees_in_nothing_is_no_match() -> None:
    codes = torch.zeros(30, 2, dtype=torch.long)
    assert nearest_by_codes(torch.ones(4, 2, dtype=torch.long), codes, torch.tensor([0, 30]), 5) == []
    assert nearest_by_codes(codes[:0], codes, torch.tensor([0, 30]), 5) == []


def test_nearest_by_latents_equals_cosines_of_all_windows() -> None:
    generator = torch.Generator().manual_seed(3)
    # Far from the origin, as latents are: uncentred, all cosines would be nearly 1.
    latents = torch.randn(60, 7, generator=generator).double() + 10
    starts = torch.tensor([0, 25, 60])
    query = torch.randn(6, 7, generator=generator).double() + 10
    middle = latents.mean(0)
    aim = query.mean(0) - middle
    cosines = {
        first: float(torch.cosine_similarity(aim, latents[first : first + 6].mean(0) - middle, dim=0))
        for a, b in ((0, 25), (25, 60))
        for first in range(a, b - 5)
    }
    matches = nearest_by_latents(query, latents, starts, 4)
    best = max(cosines, key=cosines.get)  # type: ignore[arg-type]
    assert (matches[0].start, matches[0].end) == (best, best + 6)
    for match in matches:
        assert match.score == pytest.approx(cosines[match.start], abs=1e-6)


def test_latents_of_half_precision_and_a_query_longer_than_the_corpus() -> None:
    latents = torch.randn(40, 5, generator=torch.Generator().manual_seed(0)).half()
    found = nearest_by_latents(latents[10:15], latents, torch.tensor([0, 40]), 1)[0]
    assert found.start == 10
    assert found.score == pytest.approx(1, abs=1e-6)
    assert nearest_by_latents(torch.ones(50, 5), latents, torch.tensor([0, 40]), 1) == []


def test_occurrences_are_whole_stretches_cut_at_the_border_of_clips() -> None:
    codes = torch.tensor([7, 7, 1, 7, 7, 7, 2, 7])
    runs = code_runs(codes, torch.tensor([0, 5, 8]), 7)
    assert runs.tolist() == [[0, 2], [3, 5], [5, 6], [7, 8]]
    assert code_runs(codes, torch.tensor([0, 5, 8]), 99).shape == (0, 2)
