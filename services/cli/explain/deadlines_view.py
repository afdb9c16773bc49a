"""[pure] The deadlines of an explanation as people read them: each clock, its rules, its ledger, and who is called."""

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from services.cli.explain.rule_view import rule_line
from services.cli.explain.view_line import Line
from shared.explain.ledger_reasons import because
from shared.messages.messages import Messages
from shared.policy.start_name import start_name
from shared.policy.target_length import has_target, target_length

Data = Mapping[str, Any]

INDENT, DEEPER = "  ", "    "


def deadlines(found: Data, messages: Messages) -> Iterator[Line]:
    """The calendar, then what was not promised, then each clock; without the edition, what was promised."""
    calendar = found["calendar_rule"]
    if calendar["rule"] is not None:
        yield rule_line(calendar, messages("explain.rule.calendar"), messages, *_zone_data(calendar, messages))
    for milestone, terms in sorted(found["milestones"].items()):
        if not has_target(terms) and terms.get("reason") is None:
            yield Line(_routed_without_edition(messages.name("milestone", milestone), terms["due_at"], messages))
        elif not has_target(terms):
            facts = {"plan": found["entitlement"]["plan"], "priority": found["priority_when_routed"]}
            reason = terms.get("reason") or "not_promised"  # without its edition, that of a tier has no sentence
            why = messages(f"no_target.{reason}", **facts) if messages.knows(f"no_target.{reason}") else reason
            yield Line(messages("explain.none", milestone=messages.name("milestone", milestone), why=why))
            if terms["decided_by"] is not None:
                yield rule_line(terms["decided_by"], messages("explain.rule.target"), messages, indent=INDENT)
        elif found["clocks"] is None:
            promise = _promised(messages.name("milestone", milestone), terms, messages)
            yield Line(messages("explain.promised.routed", promise=promise, at=messages.at(terms.get("due_at"))))
    for clock in found["clocks"] or ():
        yield from _clock(clock, calendar, messages)


def _routed_without_edition(name: str, due_at: str | None, messages: Messages) -> str:
    """The target is the edition's; the deadline of a clock that starts at the submission is known all the same."""
    if due_at is None:
        return messages("explain.promised_later", milestone=name)
    return messages("explain.due_when_routed", milestone=name, at=messages.at(due_at))


def numbered(clock: Data, messages: Messages) -> str:
    """A clock by its milestone, and by its number from the second on."""
    name = messages.name("milestone", clock["milestone"])
    return name if clock["instance"] == 1 else f"{name} {clock['instance']}"


def _zone_data(calendar: Data, messages: Messages) -> Iterator[str]:
    if calendar["timezone"] is not None:
        here = calendar["tzdata_version_here"]
        yield messages(
            "explain.zone_data" if here == calendar["tzdata_version"] else "explain.zone_data.here",
            zone=calendar["timezone"],
            tzdata=calendar["tzdata_version"],
            here=here,
            holidays=calendar["holidays_version"],
        )


def _clock(clock: Data, calendar: Data, messages: Messages) -> Iterator[Line]:
    rules = clock["rules"]
    yield Line(_promised(numbered(clock, messages), clock, messages), "bold")
    yield from _life(clock, messages)
    yield rule_line(rules["target"], messages("explain.rule.target"), messages, indent=INDENT)
    yield rule_line({**rules["paused_by"], "because": ""}, _behaviour(clock, messages), messages, indent=INDENT)
    if rules["counts_from"] is not None:
        yield rule_line({**rules["counts_from"], "because": ""}, _counting(clock, messages), messages, indent=INDENT)
    if rules["calendar"]["rule"] != calendar["rule"]:
        more = (*_zone_data(rules["calendar"], messages), *_deadline_there(clock, calendar, messages))
        yield rule_line(rules["calendar"], messages("explain.rule.calendar"), messages, *more, indent=INDENT)
    for entry in clock["ledger"]:
        yield _interval(entry, messages)
    for span in clock["acknowledged"]:
        start, end = messages.at(span["start"]), messages.at(span["end"])
        waits = messages("explain.call.waits", start=start, end=end)
        yield rule_line(rules["acknowledged"], waits, messages, indent=DEEPER)
    yield from _calls(clock["calls"], messages)


def _deadline_there(clock: Data, calendar: Data, messages: Messages) -> Iterator[str]:
    """The deadline on the wall clock of the target's own calendar: its day may end there in the night of here."""
    zone = clock["rules"]["calendar"]["timezone"]
    if clock["due_at"] is not None and zone not in (None, calendar["timezone"]):
        yield messages("explain.deadline_there", at=messages.in_zone(ZoneInfo(zone)).at(clock["due_at"]))


def _behaviour(clock: Data, messages: Messages) -> str:
    """What stops a clock for a while, and what reopening the case does to it, if anything."""
    statuses = clock["paused_by"]
    pausing = messages("explain.pauses", statuses=statuses) if statuses else messages("explain.never_pauses")
    if clock["reopened"] == "never":
        return pausing
    reopening = messages(f"explain.reopening.{clock['reopened']}")
    return f"{pausing}; {reopening}"


def _counting(clock: Data, messages: Messages) -> str:
    """When another instance begins, and from when one counts that is promised only later."""
    starts = start_name(clock["starts"], messages)
    codes = [f"explain.{key}.{clock[key]}" for key in ("again", "counts_from")]
    return "; ".join(messages(code, starts=starts) for code in codes if messages.knows(code))


def _life(clock: Data, messages: Messages) -> Iterator[Line]:
    due = messages("explain.paused", used=messages.span(clock["used_seconds"]))
    if clock["stage"] != "paused":
        awaited = clock["stage"] == "running" and not clock["late"]
        due = messages("explain.due" if awaited else "explain.was_due", at=messages.at(clock["due_at"]))
    yield Line(INDENT + messages("explain.started", at=messages.at(clock["started_at"]), due=due))
    if clock["stopped_at"] is not None:
        late = "explain.too_late" if clock["late"] else "explain.in_time"
        how = "explain.no_longer" if clock["stage"] == "cancelled" else late
        by, at = messages.name("activity", clock["stopped_by"]["type"]), messages.at(clock["stopped_at"])
        yield Line(INDENT + messages(f"explain.{clock['stage']}", at=at, how=messages(how), by=by))
    if clock["breached_at"] is not None:
        breached = messages("explain.breached", at=messages.at(clock["breached_at"]))
        yield Line(INDENT + breached, "red")
        if clock["rules"]["breached_at"] != clock["rules"]["target"]:
            yield rule_line(
                clock["rules"]["breached_at"], messages("explain.rule.breached_at"), messages, indent=INDENT
            )


def _interval(entry: Data, messages: Messages) -> Line:
    # Said again and not quoted: an instant in it is on the wall clock here. A holiday's name is in the data alone.
    quoted = entry["reason"] != "paused" and entry.get("because")
    why = messages(
        "explain.counted" if entry["counted"] else "explain.not_counted", why=quoted or because(entry, messages, {})
    )
    span = messages("explain.interval", start=messages.at(entry["start"]), end=messages.at(entry["end"]))
    return Line(f"{DEEPER}{span}  {messages.span(entry['seconds']):>16}  {why}", "" if entry["counted"] else "dim")


def _calls(calls: list[Data], messages: Messages) -> Iterator[Line]:
    """Of a level that calls again and again, the next time stands for those after it."""
    shown: set[int] = set()
    for call in calls:
        made = call["state"] in ("made", "suppressed")
        if not made and call["level"] in shown:
            continue
        shown |= set() if made else {call["level"]}
        if call["called"] is None:
            nobody = call["nobody_because"]
            who = messages("explain.call.nobody", because=nobody["because"] if nobody else call["reason"])
        else:
            who = messages(f"explain.call.{call['state']}", called=messages.name("called", call["called"]))
        what = messages(f"explain.call.{call['kind']}", level=call["level"])
        at = messages("explain.call.no_time") if call["at"] is None else messages.at(call["at"])
        rule = f"{call['rule']} · {call['edition']}"
        line = messages("explain.call", at=f"{at:19}", what=what, when=call["because"], who=who, rule=rule)
        yield Line(DEEPER + line, "" if made else "dim")


def _promised(name: str, terms: Data, messages: Messages) -> str:
    target, hours = target_length(terms, messages), messages.name("hours", terms["hours"])
    if terms.get("open_at_least") is not None:
        hours = messages("explain.open_at_least", hours=hours, span=messages.span(terms["open_at_least"]))
    return messages(f"explain.promised.{terms['promise']}", milestone=name, target=target, hours=hours)
