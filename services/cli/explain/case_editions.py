"""The editions that a case names: those of the log, else as they are configured here, and what is wrong with others."""

from contextlib import suppress

from shared.business_time.errors import CalendarError
from shared.contracts.structs import CaseRouted
from shared.contracts.topics import EDITIONS
from shared.explain.case_log import CaseLog
from shared.kafka.settings import BadSettings, load
from shared.messages.messages import Messages
from shared.policy.editions import EditionLibrary
from shared.policy.mistakes import PolicyError
from shared.policy.published_edition import UnusableEdition
from shared.policy.settings import PolicySettings
from shared.routing.decision_event import whole_decision
from shared.routing.rulebook import Rulebook
from shared.sla.pinned_edition import PinnedEdition, short_of


def editions_of(log: CaseLog, messages: Messages) -> tuple[dict[bytes, PinnedEdition], list[str]]:
    """The editions that can be used, by how cases refer to them, and a sentence for each that cannot.

    One that cannot be read does not keep the others from being used.
    """
    found: dict[bytes, PinnedEdition] = {}
    problems: list[str] = []
    missing: dict[str, str] = {}
    for sha256, name in log.named_editions.items():
        try:
            pinned = log.published.find(sha256)
        except UnusableEdition as error:
            problems.append(str(error))
            continue
        if pinned is None:
            missing[sha256] = name
        else:
            _add(found, problems, pinned, log.case, messages)
    library = _configured(problems) if missing else None
    for sha256, name in missing.items():
        if library is not None and (edition := library.by_digest(sha256)) is not None:
            _add(found, problems, PinnedEdition(sha256, edition), log.case, messages)
        else:
            given = {"edition": name, "policy_sha256": sha256, "topic": EDITIONS.name}
            problems.append(messages("explain.edition_missing", **given))
    return found, problems


def _configured(problems: list[str]) -> EditionLibrary | None:
    try:
        return load(PolicySettings).editions()
    except (PolicyError, BadSettings) as error:
        problems.append(str(error))
        return None


def _add(
    found: dict[bytes, PinnedEdition],
    problems: list[str],
    pinned: PinnedEdition,
    case: CaseRouted | None,
    messages: Messages,
) -> None:
    """Add an edition, or why it cannot be used here: anybody may publish one that contradicts itself."""
    try:
        rules = Rulebook(pinned.edition, pinned.sha256)
        if case is not None and case.policy_sha256 == pinned.sha256:
            with suppress(CalendarError):  # of an event at the ends of the calendar, whatever the edition
                whole_decision(case, rules)
    except Exception as error:  # whatever such an edition makes of this code
        given = {"edition": pinned.edition.edition, "policy_sha256": pinned.sha256}
        problem = f"{type(error).__name__}: {error}"
        problems.append(messages("explain.edition_unusable", **given, problem=problem))
        return
    found[short_of(pinned.sha256)] = pinned
