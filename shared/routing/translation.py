"""[pure] A decision that was published, told again in another language.

The published sentences are English; which rule said what is asked again of the edition that decided, in both languages.
A sentence that the rules do not say (any more) stands as it was published.
"""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from shared.contracts.structs import CaseRouted
from shared.contracts.vocabulary import Language
from shared.policy.model import Edition
from shared.routing.calendar_choice import read_back
from shared.routing.entitlement import CoverageStatus, Profile, RequesterFrom
from shared.routing.messages import ENGLISH
from shared.routing.rulebook import Rulebook

_NOT_COVERED: tuple[CoverageStatus, ...] = ("unknown_account", "withdrawn", "no_account", "anonymous")


class TranslatedDecision:
    """The decisions of one edition, told in one language."""

    def __init__(self, edition: Edition, language: Language) -> None:
        self._language: Language = language
        self._published, self._told = Rulebook(edition), Rulebook(edition, language)

    def told(self, case: CaseRouted) -> CaseRouted:
        """`case`, which the edition decided, with its texts for people in this language."""
        known = {} if self._language == "en" else self._phrasebook(case)

        def said(part: Any) -> Any:
            """A step of the trace, or the verdict on a channel, with its reason in this language."""
            return msgspec.structs.replace(part, because=known.get(part.because, part.because))

        return msgspec.structs.replace(
            case,
            priority_because=known.get(case.priority_because, case.priority_because),
            trace=tuple(said(step) for step in case.trace),
            channels={channel: said(verdict) for channel, verdict in case.channels.items()},
            notes=tuple(self._told.phone.retold(note, self._language) for note in case.notes),
        )

    def _phrasebook(self, case: CaseRouted) -> Mapping[str | None, str | None]:
        """From each sentence that the rules say of this case, as it is published, to the same in this language."""
        return dict(zip(_sentences(case, self._published), _sentences(case, self._told), strict=True))


def profile_of(case: CaseRouted) -> Profile:
    """Whom the decision took the requester to be."""
    used = case.entitlement
    standing: CoverageStatus = "covered" if used.known else _why_not_covered(case)
    return Profile(standing, used.plan, used.account_type, used.paid, used.role, used.licensed)


def _why_not_covered(case: CaseRouted) -> CoverageStatus:
    """The event does not say it, but its trace does."""
    said = {step.because for step in case.trace}
    told = (standing for standing in _NOT_COVERED if ENGLISH(f"not_covered.{standing}") in said)
    return next(told, "unknown_account" if case.account_id else "no_account")


def _sentences(case: CaseRouted, rules: Rulebook) -> list[str | None]:
    """What `rules` say of the case, always in the same order."""
    profile, asked_by = profile_of(case), cast(RequesterFrom, case.entitlement.requester_from)
    assignment = rules.assignment(profile, asked_by, case.requested_channel, case.request_type)
    judged = rules.judged(case.impact, case.workaround, case.environment)
    promised = rules.promised(profile.plan, judged.priority, assignment.staffed)
    where = next((read_back(step.because) for step in case.trace if step.rule == "calendar"), None)
    return [
        judged.because,
        *(step.because for step in (*assignment.steps, *promised.steps)),
        *(verdict.because for verdict in assignment.channels.values()),
        None if where is None else rules.hours_at(where).step.because,
    ]
