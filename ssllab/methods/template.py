"""The template of a person's own method: ``resources/templates/method.py``, named after the file it is written to."""

from __future__ import annotations

import re
from collections.abc import Container
from pathlib import Path

from ssllab.assets import asset
from ssllab.methods.own import MethodError, MethodProblem
from ssllab.storage.files import why_refused


def write_template(path: Path, taken: Container[str]) -> str:
    """Write the template to a new file; the name of its method. Never overwrites. Raises MethodError."""
    name = re.sub(r"[^a-z0-9_]+", "_", path.stem.lower()).strip("_")
    wrong = ""
    if path.suffix != ".py":
        wrong = "expected a file that ends in .py, as my_method.py."
    elif not name.isidentifier() or path.stem.startswith("_"):  # a folder of methods leaves those out
        wrong = "the file names the method: expected letters, digits and _, as my_method.py."
    elif name in taken:
        wrong = f"there is a method '{name}' already: choose another name for the file."
    elif not path.parent.is_dir():
        wrong = f"there is no folder {path.parent}: make it first, or choose another."
    if not wrong:
        title = name.replace("_", " ").capitalize()
        text = asset("templates", "method.py").read_text(encoding="utf-8")
        text = text.replace("my_method", name).replace("My method", title)
        text = text.replace("MyMethod", "".join(word.capitalize() for word in name.split("_")))
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            wrong = "there is such a file already: it is left as it is. Choose another name."
        except OSError as error:
            wrong = why_refused(error, path)
    if wrong:
        raise MethodError(MethodProblem(str(path), 0, wrong))
    return name
