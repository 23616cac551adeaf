"""Brings the catalogues in step with the code and compiles them: `make texts`.

Sentences are taken from the code and from the columns of data files that readers meet inside our sentences.
A new one appears in pulse/locale/*/LC_MESSAGES/pulse.po with an empty translation to be filled in.
"""

from __future__ import annotations

import ast
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "pulse" / "locale"
MARKS = {"_": 1, "N_": 1, "ngettext": 2}
"""The names that mark a sentence, and how many forms of it they take."""
COLUMNS = {
    "baselines.csv": ("measure", "fieldwork", "surveyed", "scope", "caveat"),
    "conflicts.csv": ("title", "explanation"),
    "asides.csv": ("sentence",),
}
"""The columns of the files in pulse/data that are translated."""

Sentence = str | tuple[str, ...]


def sentences() -> Catalog:
    """All sentences of the code and of the data, with the files that they are in."""
    found = Catalog(project="Alignment Pulse", charset="utf-8", fuzzy=False)
    for path, sentence in sorted({*_of_code(), *_of_data()}, key=str):
        found.add(sentence, locations=[(path, None)])  # type: ignore[list-item]  # a line would change with each edit
    return found


def _of_code() -> Iterator[tuple[str, Sentence]]:
    """By the syntax tree: Babel's own extraction skips what is inside an f-string."""
    folders = ("handlers", "pulse")
    for path in [ROOT / "bot.py", *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                said = [
                    arg.value for arg in node.args[: MARKS[node.func.id]] if isinstance(arg, ast.Constant)
                ]
                if said:
                    yield str(path.relative_to(ROOT)), said[0] if len(said) == 1 else tuple(said)


def _of_data() -> Iterator[tuple[str, Sentence]]:
    """Cells of the translated columns; a year alone is the same in every language."""
    for name, columns in COLUMNS.items():
        path = Path("pulse") / "data" / name
        with (ROOT / path).open(encoding="utf-8", newline="") as file:
            cells = [row[column] for row in csv.DictReader(file) for column in columns]
        yield from ((str(path), cell) for cell in cells if cell and not cell.isdigit())


def update(path: Path, wanted: Catalog) -> tuple[int, int]:
    """Updates and compiles one catalogue; returns how many of its sentences are translated, of how many."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parent.parent.name)
    catalogue.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, sort_output=True, ignore_obsolete=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)
    said = [message for message in catalogue if message.id]
    return sum(all(message.string if message.pluralizable else [message.string]) for message in said), len(
        said
    )


def main() -> None:
    wanted = sentences()
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/pulse.po")):
        done, total = update(path, wanted)
        sys.stdout.write(f"{path.relative_to(ROOT)}: {done} of {total} translated\n")


if __name__ == "__main__":
    main()
