"""The catalogues of sentences in each language.

They are the compiled files in pulse/locale (`make texts`). English is the source and needs none.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations, translation
from importlib import resources
from pathlib import Path

from pulse.core.language import SOURCE

DOMAIN = "pulse"


def locales() -> Path:
    """The folder of the catalogues."""
    return Path(str(resources.files("pulse"))) / "locale"


@cache
def catalogue(language: str) -> NullTranslations:
    """The catalogue of one of LANGUAGES. Raises FileNotFoundError if it is missing."""
    if language == SOURCE:
        return NullTranslations()
    return translation(DOMAIN, locales(), [language])
