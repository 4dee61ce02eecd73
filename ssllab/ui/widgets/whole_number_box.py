"""A box for a whole number that takes what is typed as a whole or not at all: ``0,2`` is not 2."""

from __future__ import annotations

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QSpinBox


class WholeNumberBox(QSpinBox):
    """What is no whole number within the range is put back to what stood there before."""

    def __init__(self) -> None:
        super().__init__()
        self.setKeyboardTracking(False)  # the 0 of "0,2" is no value yet

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Every key is taken while somebody types; whether it is a number shows in the end."""
        bare = text.removeprefix(self.prefix()).removesuffix(self.suffix()).strip()
        good = bare.isascii() and bare.isdigit() and self.minimum() <= int(bare) <= self.maximum()
        return (QValidator.State.Acceptable if good else QValidator.State.Intermediate), text, position

    def fixup(self, text: str) -> str:
        """The number of before."""
        return f"{self.prefix()}{self.value()}{self.suffix()}"
