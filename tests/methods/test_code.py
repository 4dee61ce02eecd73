"""What is read of a method's file: the lines of its loss, and the functions that it calls."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from ssllab.assets import asset
from ssllab.methods.code import loss_of, of_function, of_method
from ssllab.methods.own import OwnMethods
from ssllab.methods.registry import ours


def marked(method) -> list[str]:
    listing = of_method(method)
    return [listing.text.splitlines()[line - 1].strip() for line in listing.marked]


@pytest.mark.parametrize("name", list(ours()))
def test_the_loss_of_every_method_of_ours_is_marked_in_its_own_file(name: str) -> None:
    listing = of_method(ours()[name])
    assert listing.name.startswith("ssllab/methods/")
    assert listing.elsewhere is None
    lines = marked(ours()[name])
    assert any(line.startswith("loss =") for line in lines)
    assert not any(line.startswith(("return", '"')) for line in lines)


def test_the_marked_lines_are_the_loss_and_what_it_is_made_of() -> None:
    assert marked(ours()["simclr"]) == [
        "contrast = self.contrast(*z.chunk(2))",
        "loss = cross_entropy(contrast)",
    ]


def own(folder: Path, text: str) -> Iterator[type]:
    file = folder / "mine.py"
    file.write_text(text)
    methods = OwnMethods()
    methods.add(file)
    found, problems = methods.found(())
    assert not problems
    return (cls for cls, _ in found.values())


def test_a_persons_own_file_is_read_like_one_of_ours(tmp_path: Path) -> None:
    (method,) = own(tmp_path, asset("templates", "method.py").read_text())
    listing = of_method(method)
    assert listing.path == (tmp_path / "mine.py").resolve()
    lines = marked(method)
    assert lines[0] == "closeness = (z1 - z2).square().sum(1).mean()"
    assert lines[-1].startswith("loss = closeness")


def test_a_method_that_inherits_its_step_says_where_the_loss_stands(tmp_path: Path) -> None:
    text = """
        from ssllab.methods.simclr import SimCLR

        class Mine(SimCLR):
            name, title = "mine", "Mine"
        """
    (method,) = own(tmp_path, dedent(text))
    listing = of_method(method)
    assert listing.marked == ()
    step = of_function(listing.elsewhere)
    assert step.name == "ssllab/methods/simclr.py"
    assert step.marked == of_method(ours()["simclr"]).marked


def test_a_file_that_was_broken_after_it_was_read_is_shown_without_marks(tmp_path: Path) -> None:
    (method,) = own(tmp_path, asset("templates", "method.py").read_text())
    (tmp_path / "mine.py").write_text("def (")
    assert of_method(method).text == "def ("
    assert of_method(method).marked == ()


def test_a_file_that_is_gone_is_an_os_error(tmp_path: Path) -> None:
    (method,) = own(tmp_path, asset("templates", "method.py").read_text())
    (tmp_path / "mine.py").unlink()
    with pytest.raises(OSError, match="mine"):
        of_method(method)


def test_an_objective_can_be_followed_to_its_pure_function() -> None:
    listing = of_method(ours()["moco"])
    lines = listing.text.splitlines()
    named = {lines[link.line - 1][link.start : link.end]: link.to for link in listing.links}
    found = of_function(named["queue_info_nce_logits"])
    assert found.name == "ssllab/objectives/info_nce.py"
    assert found.text.splitlines()[found.marked[0] - 1].startswith("def queue_info_nce_logits")
    inside = of_function(named["_follow"])  # a method of its own
    assert inside.name == listing.name
    assert "torch" not in {name.split(".")[0] for name in named}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("loss = a(x)\nreturn StepResult(loss, {})", [1]),
        ("loss = a(x)\nif w:\n    loss += w * b(x)\nreturn StepResult(loss=loss)", [1, 3]),
        ("return StepResult(a(x), {})", [1]),
        ("return base.StepResult(a(x))", [1]),
        ("z = f(x)\npart = a(z)\nloss: T = part + 1\nlog(part)\nreturn StepResult(loss)", [2, 3]),
        ("return super().step(x)", []),
    ],
)
def test_a_loss_is_found_however_it_is_written(body: str, expected: list[int]) -> None:
    assert [node.lineno for node in loss_of(ast.parse(body))] == expected
