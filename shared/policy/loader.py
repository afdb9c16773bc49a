"""[pure] Turns the text of policy files into an `Edition`, or lists all of their mistakes.

The files are combined (`assembly.py`), each section must fit the model (`sections.py`), holiday sets become dates
(`calendars.py`), the sections must agree with each other (`checks.py`), and the edition must fit its topic.
"""

from typing import NamedTuple

from shared.business_time.holiday_sets import FIRST_YEAR, HOLIDAYS_VERSION, LAST_YEAR
from shared.business_time.zones import TZDATA_VERSION
from shared.policy.assembly import Assembled, Shelf, assemble
from shared.policy.calendars import resolve_calendars
from shared.policy.checks import find_contradictions
from shared.policy.document import Source
from shared.policy.mistakes import Mistake, PolicyError, PolicyWarning
from shared.policy.model import Edition
from shared.policy.published_edition import too_large
from shared.policy.sections import read_sections
from shared.policy.warnings import warnings_of_edition, warnings_of_files


class Checked(NamedTuple):
    """An edition that can be used, and the warnings about it."""

    edition: Edition
    warnings: tuple[PolicyWarning, ...]


def load(source: Source, shelf: Shelf, name: str | None = None) -> Edition:
    """The edition that `source` describes, resolved. Raises PolicyError with every mistake that could be found.

    `name` is the required name of the edition, or None if it is loaded by its file.
    """
    return _read(source, shelf, name)[0]


def check(source: Source, shelf: Shelf, name: str | None = None) -> Checked:
    """As `load`, with the warnings."""
    edition, assembled = _read(source, shelf, name)
    warnings = [*warnings_of_files(assembled), *warnings_of_edition(edition, assembled.tree)]
    return Checked(edition, tuple(sorted(warnings, key=lambda each: _reading_order(each, source))))


def _read(source: Source, shelf: Shelf, name: str | None) -> tuple[Edition, Assembled]:
    """The edition, and the document that it was read from."""
    assembled = assemble(source, shelf)
    tree, mistakes = assembled.tree, list(assembled.mistakes)
    if name is not None and tree.data.get("edition", name) != name:
        mistakes.append(tree.mistake(("edition",), f"must be {name!r}, since that is the name of the file"))
    sections, misfits = read_sections(tree)
    mistakes += misfits
    if "calendars" in sections:
        resolved = resolve_calendars(
            sections["calendars"],
            lambda path, name: shelf.holidays(name, tree.place(path).file),
            sections.get("languages", ()),
        )
        sections["calendars"] = resolved.calendars
        sections["holiday_names"] = resolved.holiday_names
        mistakes += [tree.mistake(path, message) for path, message in resolved.mistakes]
    mistakes += [tree.mistake(*contradiction) for contradiction in find_contradictions(sections)]
    if mistakes:
        in_order = sorted(mistakes, key=lambda mistake: _reading_order(mistake, source))
        # What the edition leaves out of its base is often why the rest is wrong.
        raise PolicyError(in_order, sorted(warnings_of_files(assembled), key=lambda each: _reading_order(each, source)))
    edition = Edition(
        **sections,
        tzdata_version=TZDATA_VERSION,
        holidays_version=HOLIDAYS_VERSION,
        holiday_years=(FIRST_YEAR, LAST_YEAR),
    )
    if (message := too_large(edition)) is not None:
        raise PolicyError([tree.mistake((), message)])
    return edition, assembled


def _reading_order(finding: Mistake | PolicyWarning, source: Source) -> tuple[bool, str, int]:
    return finding.file != source.file, finding.file, finding.line or 0
