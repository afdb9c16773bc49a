"""What Frontline answers to a fact about a case: its clocks, and the levels that are reached as time goes on."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.cli import clocks
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.instants import from_micros, to_micros
from shared.policy.chain import Chain
from shared.policy.editions import EditionLibrary
from shared.policy.model import EscalationLevel
from shared.sla.clock import Activity, CasePolicy
from shared.sla.effects import ClockWarned, EscalationRaised
from shared.sla.sla_clock import Step, advance, apply_activity, open_case
from tests.contract.peers.facts import Case, Clocks, Levels, duration, instant, wanted
from tests.harness.shipped import guidelines, shipped_rules


def of_case(fact: Case, config: Mapping[str, Any]) -> Any:
    """The product's answer to a fact about a case, as much of it as the fact asks."""
    timezone = config.get("timezone", "UTC")
    if isinstance(fact, Clocks):
        answer = clocks.answerer(EditionLibrary.single(guidelines()))(_question(fact, config, timezone))
        found = {(clock["milestone"], clock["instance"]): clock for clock in answer["clocks"]}
        asked = {name: _as_asked(found.get(_key(name)), clock) for name, clock in wanted(fact).items()}
        if "next_due" in asked:
            asked["next_due"] = answer["next_due"] and {"due": datetime.fromisoformat(answer["next_due"])}
        return asked
    assert isinstance(fact, Levels), fact
    return _levels(fact, config, timezone)


def _key(name: str) -> tuple[str, int]:
    milestone, _, instance = name.partition(" ")
    return milestone, int(instance or 1)


def _question(fact: Case, config: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """The fact as a line of `frontline clocks`."""
    return {
        "calendar": dict(config) or None,
        "opened_at": _utc(fact.opened_at, timezone),
        "status": fact.status,
        "milestones": _terms(fact.milestones),
        "events": [
            event
            | {"at": _utc(event["at"], timezone)}
            | ({"milestones": _terms(event["milestones"])} if "milestones" in event else {})
            for event in fact.events
        ],
        "at": _utc(fact.at, timezone),
    }


def _terms(milestones: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {key: value for key, value in given.items() if key != "target"}
        | {"target_seconds": None if given["target"] is None else duration(given["target"]) // timedelta(seconds=1)}
        for name, given in milestones.items()
    }


def _utc(text: str, timezone: str) -> str:
    return instant(text, timezone).isoformat().replace("+00:00", "Z")


# What a fact calls it, and what `frontline clocks` does.
_INSTANTS = {"due": "due_at", "breached": "breached_at", "stopped": "stopped_at", "started": "started_at"}
_LENGTHS = {"used": "elapsed_seconds", "left": "remaining_seconds"}


def _as_asked(clock: Mapping[str, Any] | None, asked: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the fact asks of a clock; of one that it says does not exist, all that there is, so that it is seen."""
    if clock is None or asked is None:
        return None if clock is None else dict(clock)
    found: dict[str, Any] = {}
    for key in asked:
        if key in _INSTANTS:
            text = clock[_INSTANTS[key]]
            found[key] = None if text is None else datetime.fromisoformat(text)
        elif key in _LENGTHS:
            found[key] = timedelta(seconds=clock[_LENGTHS[key]])
        else:
            found[key] = clock[key]
    return found


def read_clock(clock: Mapping[str, Any], timezone: str) -> dict[str, Any]:
    """What a fact says of a clock, in the values of its answer."""
    read: dict[str, Any] = {}
    for key, value in clock.items():
        if key in _INSTANTS and value is not None:
            read[key] = instant(value, timezone)
        elif key in _LENGTHS:
            read[key] = duration(value)
        else:
            read[key] = value
    return read


def _levels(fact: Levels, config: Mapping[str, Any], timezone: str) -> dict[str, datetime]:
    """Let the case live through its events, its timers firing in between."""
    question = clocks.Question.model_validate(_question(fact, config, timezone))
    rules = shipped_rules()
    terms = {
        milestone: given.over(rules.milestones[milestone], None) for milestone, given in question.milestones.items()
    }
    policy = CasePolicy(terms, BusinessCalendar.from_config(config), rules, _chain(fact), automated=True)
    step = open_case(policy, to_micros(question.opened_at), question.status)
    reached = _reached(fact, step)
    for number, event in enumerate(question.events):
        at = to_micros(event.at)
        step = advance(policy, step.case, at)
        reached |= _reached(fact, step)
        assert event.milestones is None, "levels under new terms are not asked"
        step = apply_activity(policy, step.case, Activity(at, event.type, f"{number:09}", event.to), at)
        reached |= _reached(fact, step)
    return reached | _reached(fact, advance(policy, step.case, to_micros(question.at)))


def _chain(fact: Levels) -> Chain:
    """The levels by how long before or after the deadline they come; what comes before it is a warning."""
    return Chain([_level(number, int(duration(text).total_seconds())) for number, text in enumerate(fact.levels)])


def _level(number: int, offset: int) -> EscalationLevel:
    if offset < 0:
        return EscalationLevel(kind="warning", level=number, before_deadline_seconds=-offset, called="tier2")
    return EscalationLevel(kind="escalation", level=number, after_deadline_seconds=offset, called="tier2")


def _reached(fact: Levels, step: Step) -> dict[str, datetime]:
    return {
        fact.levels[effect.level]: from_micros(effect.at)
        for effect in step.effects
        if isinstance(effect, ClockWarned | EscalationRaised)
    }
