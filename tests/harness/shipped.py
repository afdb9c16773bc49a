"""The edition that ships as the default, loaded once: resolving the holidays of many years takes a while."""

from functools import cache

from shared.policy.case_rules import CaseRules, case_rules
from shared.policy.files import load_edition
from shared.policy.milestones import MilestoneRow
from shared.policy.model import Edition, Target


@cache
def guidelines() -> Edition:
    """The edition."""
    return load_edition("guidelines-2021")


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
