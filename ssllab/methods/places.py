"""Where a person keeps methods of their own. Imports nothing heavy: the window asks before torch is there."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_config_path, user_data_path


def methods_folder() -> Path:
    """The person's folder of methods, whether or not it is there. No file and no option can name another.

    Never inside a workspace, which may come from somebody else: where configuration and data have one home, as on macOS
    and Windows, the default workspace is that home, so the folder is beside it.
    """
    home = user_config_path("ssllab", appauthor=False)
    if home == user_data_path("ssllab", appauthor=False):
        home = home.with_name("ssllab-config")
    return home / "methods"
