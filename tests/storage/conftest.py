"""What pytest leaves alone here."""

collect_ignore = ["fixtures/make_first_edition.py"]
"""Runs under the first edition's code: `--doctest-modules` would import it under today's."""
