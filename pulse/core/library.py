"""What can be asked and what was published, in every language that the bot speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pulse.core.baselines import Ledger
from pulse.core.items import Bank
from pulse.core.language import SOURCE, spoken


@dataclass(frozen=True, slots=True)
class Library:
    """The question bank and the published figures. `source` is the bank in English.

    `translations` are the same items in other languages.
    """

    source: Bank
    ledger: Ledger
    translations: Mapping[str, Bank] = field(default_factory=dict)

    @property
    def bank(self) -> Bank:
        """The bank in the language of the current reader."""
        return self.in_language(spoken())

    def in_language(self, language: str) -> Bank:
        """The bank in one language; in English if there is no translation."""
        return self.translations.get(language, self.source)

    def asked_in(self, language: str) -> Library:
        """The library for polls posted in `language`: their answers are answers to the translation."""
        if language == SOURCE or language not in self.translations:
            return self
        translated = {item.id: item.translated for item in self.translations[language]}
        source = Bank(tuple(replace(item, translated=translated[item.id]) for item in self.source))
        return replace(self, source=source)
