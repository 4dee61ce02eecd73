"""Widgets of the Language lab and what they show, as pure functions."""
