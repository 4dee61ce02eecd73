"""The run browser: every run of the workspace as a table, and any number of them compared below it."""
