"""Packages of Debian, Ubuntu, Alpine, PyPI and npm, and the mirrors from which the simulated machines fetch them."""
