"""Types of Qt's models and views, for annotations."""

from __future__ import annotations

from typing import Any, TypeAlias

from PySide6.QtCore import QModelIndex, QPersistentModelIndex

Index: TypeAlias = QModelIndex | QPersistentModelIndex
ItemOption: TypeAlias = Any  # a QStyleOptionViewItem: PySide6's stubs leave out all its fields
