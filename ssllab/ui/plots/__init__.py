"""Plots that every panel shares: over steps (:mod:`.time_plot`) and everything else (:mod:`.chart`)."""
