"""One declaration: its kind, what it refuses and in which words, and when a run must begin anew."""

from typing import Annotated

import pytest

from ssllab.controls import Config, Control, ControlError


class Settings(Config):
    rate: Annotated[float, Control("How fast.", low=0.0, high=1.0, live=True)] = 0.5
    model: Annotated[str, Control("What to begin with.", browse="folder")] = ""
    prompt: Annotated[str, Control("What to say.", live=True)] = "hello"


def test_a_string_is_a_line_of_text():
    specs = Settings.controls()
    assert [specs[name].kind for name in ("rate", "model", "prompt")] == ["float", "text", "text"]
    assert specs["model"].expected() == "the path of a folder"
    assert specs["prompt"].expected() == "one line of text"
    assert Settings.make({"prompt": "ä = b, c"}).prompt == "ä = b, c"


@pytest.mark.parametrize("value", ["two\nlines", "a\0b", 3, None])
def test_what_is_no_line_of_text_is_refused(value):
    with pytest.raises(ControlError, match="expected one line of text"):
        Settings.make({"prompt": value})


def test_only_what_is_not_live_needs_a_restart():
    running = Settings.make()
    assert not running.changed({"rate": 0.1, "prompt": "bye"}).needs_restart(running)
    assert running.changed({"model": "elsewhere"}).needs_restart(running)


def test_a_control_matters_where_what_it_needs_is_so_and_matters_itself():
    from ssllab.methods.ngram import NGramConfig

    def matters(**settings):
        made = NGramConfig.make(settings)
        return [
            name for name in ("vocabulary", "kmer", "codes", "clusters", "speech_model") if made.matters(name)
        ]

    assert matters() == ["vocabulary"]
    assert matters(unit="kmer") == ["kmer"]
    assert matters(unit="code") == ["codes", "clusters", "speech_model"]
    assert matters(unit="code", codes="quantizer") == ["codes", "speech_model"]
