from ssllab.scalars import Series, as_json, from_json, is_declared, series_of

DECLARED = {
    "loss": Series("Loss", unit="nats", better="lower"),
    "factor_{factor}": Series("Factor {factor}", "How well {factor} is read.", percent=True),
    "factor_{factor}_z": Series("Factor {factor}, z", percent=True),
}


def test_a_value_is_said_with_its_unit() -> None:
    assert DECLARED["loss"].said(4.61512) == "4.615 nats"
    assert series_of(DECLARED, "factor_hue").said(0.1312) == "13.1 %"
    assert DECLARED["loss"].said(float("nan")) == DECLARED["loss"].said(None) == ""


def test_a_placeholder_declares_every_name_of_its_form() -> None:
    found = series_of(DECLARED, "factor_back_ground")
    assert (found.title, found.help, found.percent) == (
        "Factor back ground",
        "How well back ground is read.",
        True,
    )
    assert series_of(DECLARED, "factor_hue_z").title == "Factor hue, z"
    assert is_declared(DECLARED, "factor_hue")
    assert not is_declared(DECLARED, "other_thing")
    assert series_of(DECLARED, "other_thing").title == "Other thing"


def test_a_run_keeps_them_and_what_is_not_well_formed_is_left_out() -> None:
    assert from_json(as_json(DECLARED)) == DECLARED
    assert from_json({"a": 3, "b": {"title": 4}, "c": {"title": "C", "percent": "yes", "more": 1}}) == {
        "c": Series("C")
    }
    assert from_json([1]) == {}
