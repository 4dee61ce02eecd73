"""Packages are found, not listed; what ships beside them lies in ``resources/`` and installs as ``ssllab.resources``."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["ssllab", "ssllab.*"]), "ssllab.resources"])
