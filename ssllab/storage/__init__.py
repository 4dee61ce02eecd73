"""The ground: files written beside and renamed, locks, progress and cancel, errors of one line. Knows nobody."""
