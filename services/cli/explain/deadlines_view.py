"""[pure] The deadlines of an explanation as people read them: each clock, its rules, its ledger, and who is called."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.cli.explain.rule_view import rule_line
from services.cli.explain.view_line import Line
from shared.explain.ledger_reasons import because
from shared.explain.speech import Speech
from shared.policy.milestones import MILESTONE_TABLE

Data = Mapping[str, Any]

INDENT, DEEPER = "  ", "    "


def deadlines(found: Data, speech: Speech) -> Iterator[Line]:
    """The calendar, then what was not promised, then each clock; without the edition, what was promised."""
    calendar = found["calendar_rule"]
    yield rule_line(calendar, speech("rule.calendar"), speech, *_zone_data(calendar, speech))
    for milestone, terms in sorted(found["milestones"].items()):
        if terms["target_seconds"] is None:
            why = speech(f"no_target.{terms.get('reason') or 'not_promised'}")
            yield Line(speech("none", milestone=speech.name("milestone", milestone), why=why))
            if terms["decided_by"] is not None:
                yield rule_line(terms["decided_by"], speech("rule.target"), speech, indent=INDENT)
        elif found["clocks"] is None:
            promise = _promised(speech.name("milestone", milestone), terms, speech)
            yield Line(speech("promised.routed", promise=promise, at=speech.at(terms.get("due_at"))))
    for clock in found["clocks"] or ():
        yield from _clock(clock, calendar, speech)


def numbered(clock: Data, speech: Speech) -> str:
    """A clock by its milestone, and by its number from the second on."""
    name = speech.name("milestone", clock["milestone"])
    return name if clock["instance"] == 1 else f"{name} {clock['instance']}"


def _zone_data(calendar: Data, speech: Speech) -> Iterator[str]:
    if calendar["timezone"] is not None:
        here = calendar["tzdata_version_here"]
        yield speech(
            "zone_data" if here == calendar["tzdata_version"] else "zone_data.here",
            zone=calendar["timezone"],
            tzdata=calendar["tzdata_version"],
            here=here,
            holidays=calendar["holidays_version"],
        )


def _clock(clock: Data, calendar: Data, speech: Speech) -> Iterator[Line]:
    rules = clock["rules"]
    yield Line(_promised(numbered(clock, speech), clock, speech), "bold")
    yield from _life(clock, speech)
    yield rule_line(rules["target"], speech("rule.target"), speech, indent=INDENT)
    yield rule_line({**rules["paused_by"], "because": ""}, _behaviour(clock, speech), speech, indent=INDENT)
    if rules["calendar"]["rule"] != calendar["rule"]:
        yield rule_line(rules["calendar"], speech("rule.calendar"), speech, indent=INDENT)
    for entry in clock["ledger"]:
        yield _interval(entry, speech)
    yield from _calls(clock["calls"], speech)


def _behaviour(clock: Data, speech: Speech) -> str:
    """What stops a clock for a while, and what reopening the case does to it, if anything."""
    statuses = ", ".join(clock["paused_by"])
    pausing = speech("pauses", statuses=statuses) if statuses else speech("never_pauses")
    if MILESTONE_TABLE[clock["milestone"]].reopened == "never":
        return pausing
    return f"{pausing}; {speech('reopening.' + clock['reopen'])}"


def _life(clock: Data, speech: Speech) -> Iterator[Line]:
    due = speech("paused", used=speech.span(clock["used_seconds"]))
    if clock["stage"] != "paused":
        awaited = clock["stage"] == "running" and not clock["late"]
        due = speech("due" if awaited else "was_due", at=speech.at(clock["due_at"]))
    yield Line(INDENT + speech("started", at=speech.at(clock["started_at"]), due=due))
    if clock["stopped_at"] is not None:
        how = "no_longer" if clock["stage"] == "cancelled" else "too_late" if clock["late"] else "in_time"
        by, at = speech.name("activity", clock["stopped_by"]["type"]), speech.at(clock["stopped_at"])
        yield Line(INDENT + speech(clock["stage"], at=at, how=speech(how), by=by))
    if clock["breached_at"] is not None:
        breached = speech("breached", at=speech.at(clock["breached_at"]))
        yield Line(INDENT + breached, "red")
        if clock["rules"]["breached_at"] != clock["rules"]["target"]:
            yield rule_line(clock["rules"]["breached_at"], speech("rule.breached_at"), speech, indent=INDENT)


def _interval(entry: Data, speech: Speech) -> Line:
    # Said again and not quoted: an instant in it is on the wall clock here. A holiday's name is in the data alone.
    quoted = entry["reason"] != "paused" and entry.get("because")
    why = speech("counted" if entry["counted"] else "not_counted", why=quoted or because(entry, speech, {}))
    span = speech("interval", start=speech.at(entry["start"]), end=speech.at(entry["end"]))
    return Line(f"{DEEPER}{span}  {speech.span(entry['seconds']):>16}  {why}", "" if entry["counted"] else "dim")


def _calls(calls: list[Data], speech: Speech) -> Iterator[Line]:
    """Of a level that calls again and again, the next time stands for those after it."""
    shown: set[int] = set()
    for call in calls:
        made = call["state"] in ("made", "suppressed")
        if not made and call["level"] in shown:
            continue
        shown |= set() if made else {call["level"]}
        if call["called"] is None:
            nobody = call["nobody_because"]
            who = speech("call.nobody", because=nobody["because"] if nobody else call["reason"])
        else:
            who = speech(f"call.{call['state']}", called=speech.name("called", call["called"]))
        what = speech(f"call.{call['kind']}", level=call["level"])
        at = speech("call.no_time") if call["at"] is None else speech.at(call["at"])
        rule = f"{call['rule']} · {call['edition']}"
        line = speech("call", at=f"{at:19}", what=what, when=call["because"], who=who, rule=rule)
        yield Line(DEEPER + line, "" if made else "dim")


def _promised(name: str, terms: Data, speech: Speech) -> str:
    target, hours = speech.span(terms["target_seconds"]), speech(f"hours.{terms['hours']}")
    return speech(f"promised.{terms['promise']}", milestone=name, target=target, hours=hours)
