"""mypy reads every file of ssllab, the window's too; no module is excepted, and none is to be again."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_mypy_checks_every_module() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["packages"] == ["ssllab"]
    assert settings["disallow_untyped_defs"]
    assert "exclude" not in settings
    assert not any(override.get("ignore_errors") for override in settings.get("overrides", ()))
