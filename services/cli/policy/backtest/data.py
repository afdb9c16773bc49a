"""[pure] The result of a backtest as `--json` prints it. docs/backtest.md explains the keys."""

from collections.abc import Mapping
from typing import Any

from services.cli.policy.backtest.conditions import Condition
from services.replay.backtest.backtest import (
    COUNTS,
    OF_A_MILESTONE,
    BacktestResult,
    BreachDifference,
    CallDifference,
    ClockOutcome,
    ComparedCase,
    PromiseDifference,
    complete,
)
from shared.business_time.instants import Micros, from_micros
from shared.contracts.base import format_instant
from shared.messages.messages import Messages
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition

Data = dict[str, Any]


def as_data(result: BacktestResult, failed: list[Condition], messages: Messages) -> Data:
    """The whole result; sentences are in the language of `messages`."""
    tally = result.tally
    return {
        "edition": _named(result.edition),
        "baseline": {
            "recorded": result.baseline is None,
            "editions": _baseline(result),
        },
        "since": None if result.since is None else format_instant(result.since),
        "as_of": format_instant(result.as_of),
        "events": result.events,
        "counts": result.counts,
        "by_plan": _groups(tally.by_plan),
        "by_priority": _groups(tally.by_priority),
        "by_account": _groups(tally.by_account),
        "by_milestone": {name: complete(counts, OF_A_MILESTONE) for name, counts in sorted(tally.by_milestone.items())},
        "cases": [case_data(result, each, messages) for each in result.cases],
        "more_cases": result.more_cases,
        "not_comparable": {
            "count": result.not_comparable.count,
            "by_code": dict(sorted(result.not_comparable.by_code.items())),
            "cases": [
                {
                    "case_id": each.case_id,
                    "account_id": each.account_id,
                    "reason": each.reason.as_data() | {"because": messages.reason(each.reason)},
                }
                for each in result.not_comparable.kept
            ],
        },
        "failed_on": [str(condition) for condition in failed],
    }


def case_data(result: BacktestResult, compared: ComparedCase, messages: Messages) -> Data:
    """One case that differs. Plan and priority are those of the baseline's decision."""
    found, case = compared.difference, compared.before.case
    explain = {
        "before": result.explain(compared.before, messages),
        "after": result.explain(compared.after, messages),
    }
    return {
        "case_id": case.case_id,
        "account_id": case.account_id,
        "plan": case.entitlement.plan,
        "priority": case.priority,
        "received_at": format_instant(case.received_at),
        "decision": {each.what: {"before": each.before, "after": each.after} for each in found.decisions},
        "promises": [_promise(each) for each in found.promises],
        "breaches": [_breach(each) for each in found.breaches],
        "calls": [_call(result, compared, each) for each in found.calls],
        "why": _why(compared, explain),
        "explain": explain,
    }


def _named(edition: Edition) -> Data:
    return {"edition": edition.edition, "sha256": policy_sha256(edition)}


def _baseline(result: BacktestResult) -> list[Data]:
    """The editions of the baseline, with the cases that each of them decided."""
    return [
        {"edition": name, "sha256": sha256, "cases": count} for (name, sha256), count in sorted(result.pinned.items())
    ]


def _groups(groups: Mapping[str, Mapping[str, int]]) -> Data:
    return {name: complete(counts, COUNTS) for name, counts in sorted(groups.items())}


def _promise(found: PromiseDifference) -> Data:
    return {
        "milestone": found.milestone,
        "instance": found.instance,
        "change": found.change,
        "before": _clock(found.before),
        "after": _clock(found.after),
    }


def _clock(clock: ClockOutcome | None) -> Data | None:
    if clock is None:
        return None
    return {
        "promise": clock.promise,
        "target_seconds": clock.target_seconds,
        "target_business_days": clock.target_business_days,
        "hours": clock.hours,
        "stage": clock.stage,
        "due_at": _instant(clock.due_at),
        "breached_at": _instant(clock.breached_at),
    }


def _breach(found: BreachDifference) -> Data:
    return {
        "change": _change(found.newly),
        "milestone": found.milestone,
        "instance": found.instance,
        "at": _instant(found.at),
        "promise": found.promise,
    }


def _call(result: BacktestResult, compared: ComparedCase, found: CallDifference) -> Data:
    side = compared.after if found.newly else compared.before
    return {
        "change": _change(found.newly),
        **found.call._asdict(),
        "at": _instant(found.at),
        "edition": side.case.edition,
        "rule": result.rule_of(side, found.call.level),
    }


def _change(newly: bool) -> str:
    return "newly" if newly else "no_longer"


def _why(compared: ComparedCase, explain: Mapping[str, Data]) -> list[Data]:
    """For each word of the decision and each milestone that differs: the rule of both editions."""
    found = compared.difference
    why: list[Data] = []
    for each in found.decisions:
        key = "priority" if each.what == "priority" else "channel"
        why.append({"of": each.what} | {side: _rule_of_decision(key, data) for side, data in explain.items()})
    changed = [(each.milestone, each.instance) for each in found.promises]
    changed += [(each.milestone, each.instance) for each in found.breaches]
    for milestone, instance in dict.fromkeys(changed):
        if not any(known["of"] == milestone for known in why):
            sides = {side: _rule_of_clock(milestone, instance, data) for side, data in explain.items()}
            why.append({"of": milestone} | sides)
    return why


def _rule_of_decision(key: str, explain: Data) -> Data:
    rule = explain["priority_rules"][0] if key == "priority" else explain["channel_rule"]
    return _rule(rule)


def _rule_of_clock(milestone: str, instance: int, explain: Data) -> Data | None:
    """The rule of a clock's target; where there is no such clock, the one that says why nothing is promised."""
    decided = explain["milestones"].get(milestone)
    of_the_decision = None if decided is None else decided["decided_by"]
    for clock in explain["clocks"] or ():
        if (clock["milestone"], clock["instance"]) == (milestone, instance):
            rule = clock["rules"]["breached_at"] or clock["rules"]["target"]
            return _rule(rule if rule["by"] is not None else of_the_decision or rule)
    return None if of_the_decision is None else _rule(of_the_decision)


def _rule(rule: Data) -> Data:
    return {name: rule[name] for name in ("edition", "rule", "because", "source", "note")}


def _instant(at: Micros | None) -> str | None:
    return None if at is None else format_instant(from_micros(at))
