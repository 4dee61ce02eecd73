"""A lab lists its methods; a method knows no lab, and may stand in several."""

import subprocess
import sys

import pytest

from ssllab.data import catalogue
from ssllab.labs import lab_for, lab_of, labs, labs_of, methods_of
from ssllab.methods.registry import methods
from ssllab.storage import search_path


def method(name: str, *kinds: str) -> type:
    return type(name, (), {"name": name, "kinds": kinds})


def test_every_lab_lists_methods_that_learn_from_the_data_it_opens_with():
    registry = methods()
    for lab in labs().values():
        assert set(lab.methods) <= set(registry)
        assert catalogue.source(lab.data) is not None
        assert lab.kind in registry[lab.method].kinds
    assert set(registry) == {name for lab in labs().values() for name in lab.methods}


def test_a_persons_own_method_stands_where_its_data_is_learned_from():
    mine, both = method("mine", "speech"), method("both", "images", "speech")
    registry = {**methods(), "mine": mine, "both": both}
    assert list(methods_of(labs()["speech"], registry)) == ["wav2vec2", "ctc", "hubert", "mine", "both"]
    assert list(methods_of(labs()["contrast"], registry)) == ["simclr", "moco", "both"]
    assert [lab.name for lab in labs_of(both)] == ["contrast", "speech"]
    assert lab_of(mine).name == "speech"


def test_a_method_that_several_labs_list_stands_in_all_of_them(monkeypatch, tmp_path):
    (tmp_path / "transfer").mkdir()
    (tmp_path / "transfer" / "declaration.py").write_text(
        "from ssllab.labs import Lab\nLAB = Lab('transfer', 'Transfer', 30, ('simclr', 'ctc'), 'photos')\n"
    )
    monkeypatch.setattr(search_path, "LABS", [*search_path.LABS, tmp_path])
    assert [lab.name for lab in labs_of(methods()["ctc"])] == ["speech", "transfer"]
    assert list(methods_of(labs()["transfer"], methods())) == ["simclr", "ctc"]
    assert lab_of(methods()["simclr"]).name == "contrast"


@pytest.mark.parametrize("kind", ["images", "speech"])
def test_a_lab_is_found_for_data(kind):
    assert lab_for(kind).kind == kind


def test_labs_are_read_without_the_window_and_without_torch():
    code = (
        "import sys; from ssllab.labs import labs; labs(); print([n for n in sys.modules if n in FORBIDDEN])"
    )
    forbidden = ("torch", "PySide6", "ssllab.ui")
    done = subprocess.run(
        [sys.executable, "-c", f"FORBIDDEN = {forbidden}; {code}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
