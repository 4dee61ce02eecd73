"""What the contributors' pages say of the tree is so."""

import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "README.md", "docs/design.md", "docs/papers.md", "docs/your-own-method.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"`((?:ssllab|tests|docs|resources|tools)/[\w/.-]+)`", text)
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if "://" not in link]
    missing = [path for path in named if not (ROOT / path).exists()]
    missing += [link for link in links if not ((ROOT / page).parent / link).exists()]
    assert missing == []


def test_the_rooms_of_the_design_are_the_layers_that_are_checked() -> None:
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    table = text[text.index("| room |") :].split("\n\n")[0]
    rooms = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()[2:]]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for contract in contracts for layer in contract.get("layers", ())]
    assert [room for row in rooms for room in row] == [room for layer in layers for room in layer]


def test_nothing_cites_a_page_that_is_not_in_the_repository() -> None:
    code = [
        *(ROOT / "ssllab").rglob("*.py"),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "tools").rglob("*.py"),
    ]
    citing = [
        str(path.relative_to(ROOT))
        for path in code
        if path != Path(__file__) and re.search(r"\b(DESIGN|PAPERS)\b", path.read_text(encoding="utf-8"))
    ]
    assert citing == []


def test_nine_of_ten_public_things_of_the_panels_say_what_they_are_for() -> None:
    """Classes, functions and methods of ``ui/panels`` and of the labs; overrides of Qt and of a base are not counted."""
    modules = [
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for folder in ("panels", "labs")
        for path in sorted((ROOT / "ssllab/ui" / folder).rglob("*.py"))
        if path.stem not in ("__init__", "declaration")
    ]
    silent, count = [], 0
    for module in modules:
        for where, thing in _public(module):
            count += 1
            if not (thing.__doc__ or "").strip():
                silent.append(where)
    assert count > 100
    assert len(silent) <= 0.1 * count, silent


def _public(module) -> Iterator[tuple[str, object]]:
    for name, member in vars(module).items():
        if name.startswith("_") or getattr(member, "__module__", None) != module.__name__:
            continue
        if inspect.isclass(member):
            yield f"{module.__name__}.{name}", member
            for key, value in vars(member).items():
                inherited = any(hasattr(base, key) for base in member.__mro__[1:])
                if not key.startswith("_") and not inherited and inspect.isfunction(value):
                    yield f"{module.__name__}.{name}.{key}", value
        elif inspect.isfunction(member):
            yield f"{module.__name__}.{name}", member
