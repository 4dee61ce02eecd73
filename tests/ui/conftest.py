"""What tests of panels share."""

from tests.ui.real_looks import real_looks  # noqa: F401
