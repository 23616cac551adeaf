"""What can be asked and what was published, in every language that the bot speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pulse.core.baselines import Ledger
from pulse.core.items import Bank
from pulse.core.language import SOURCE, spoken


@dataclass(slots=True)
class Library:
    """The question bank and the published figures. `source` is the bank in English.

    `translations` are the same items in other languages. `edition` goes up when managers change an own
    question: everybody who holds the library then reads the new bank.
    """

    source: Bank
    ledger: Ledger
    translations: Mapping[str, Bank] = field(default_factory=dict)
    edition: int = 0

    def become(self, other: Library) -> None:
        """Takes over what another library holds."""
        self.source, self.ledger, self.translations = other.source, other.ledger, other.translations
        self.edition += 1

    @property
    def bank(self) -> Bank:
        """The bank in the language of the current reader."""
        return self.in_language(spoken())

    def in_language(self, language: str) -> Bank:
        """The bank in one language; in English if there is no translation."""
        return self.translations.get(language, self.source)

    def asked_in(self, language: str) -> Library:
        """The library for polls posted in `language`: people there answer the translation."""
        if language == SOURCE or language not in self.translations:
            return self
        translated = {item.id: item.translated for item in self.translations[language]}
        source = Bank(tuple(replace(item, translated=translated[item.id]) for item in self.source))
        return replace(self, source=source)
