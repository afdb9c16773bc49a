"""The editions that ship, each loaded once in a process: resolving the holidays of many years takes a while."""

from functools import cache

from shared.policy.case_rules import CaseRules, case_rules
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.milestones import MilestoneRow
from shared.policy.model import Edition, Target


@cache
def shipped_edition(name: str) -> Edition:
    """The edition with this name; it is the same object for all tests, which nobody can change."""
    return load_edition(name)


@cache
def shipped_library(*names: str) -> EditionLibrary:
    """The library of these editions."""
    return EditionLibrary(map(shipped_edition, names))


def guidelines() -> Edition:
    """The edition that is the default."""
    return shipped_edition("guidelines-2021")


def with_report() -> Edition:
    """The same edition with a milestone of its own: a report that is due two days after the resolution."""
    edition = guidelines()
    report = MilestoneRow.model_validate(
        {"name": {"es": "informe", "en": "report"}, "starts": "resolved", "fulfilled_by": ["milestone_reached"]}
    )
    target = Target(milestone="report", target_seconds=2 * 86_400, hours="elapsed", promise="commitment")
    return edition.model_copy(
        update={
            "edition": "with-report",
            "milestones": {**edition.milestones, "report": report},
            "targets": (*edition.targets, target),
        }
    )


def shipped_rules() -> CaseRules:
    """What its milestones and statuses are."""
    return case_rules(guidelines())
