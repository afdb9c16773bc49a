"""[pure] The result of a backtest as lines of text for people."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from services.cli.policy.backtest.conditions import Condition
from services.cli.policy.backtest.data import case_data
from services.cli.policy.backtest.table import WIDTH, table
from services.cli.printable import printable
from services.replay.backtest.backtest import BacktestResult, CaseOutcome
from shared.messages.messages import Messages
from shared.routing.rendering import in_words_of

Data = Mapping[str, Any]
_OF_DECISIONS = ("cases", "decided_otherwise")  # which are no counts of a milestone


def lines(result: BacktestResult, failed: Iterable[Condition], messages: Messages, *, accounts: int) -> Iterator[str]:
    """The lines; at most so many `accounts` are shown, those with the most differences first."""
    words = _in_words_of_all(result, messages)
    yield from _head(result, words)
    if result.counts["affected"]:
        yield from _tables(result, words, accounts)
        if result.cases:
            yield ""
            yield messages("backtest.most_serious")
        for compared in result.cases:
            yield ""
            sides = _Sides(*(_in_words_of_case(result, side, messages) for side in (compared.before, compared.after)))
            yield from _case(case_data(result, compared, messages), sides)
        if result.more_cases:
            yield ""
            yield messages("backtest.more_cases", count=result.more_cases)
    yield from _not_comparable(result, words)
    for condition in failed:
        yield ""
        facts = {"condition": str(condition), "name": condition.name, "number": result.counts[condition.name]}
        yield messages("backtest.condition.holds", **facts)


class _Sides(NamedTuple):
    """Sentences with the words of the edition that decided a case under the baseline, and of the other one."""

    before: Messages
    after: Messages

    def of(self, change: str) -> Messages:
        """The words of the edition that has what differs."""
        return self.before if change in ("gone", "no_longer") else self.after


def _in_words_of_all(result: BacktestResult, messages: Messages) -> Messages:
    """A word that several editions name is called as the baseline calls it: plans and priorities are its own."""
    for edition in (result.edition, *result.baselines()):
        messages = in_words_of(messages, edition)
    return messages


def _in_words_of_case(result: BacktestResult, found: CaseOutcome, messages: Messages) -> Messages:
    return in_words_of(messages, result.pinned_by(found).edition)


def _head(result: BacktestResult, messages: Messages) -> Iterator[str]:
    counts = result.counts
    names = sorted({name for name, _ in result.pinned})
    code = "backtest.title.recorded" if result.baseline is None else "backtest.title.named"
    yield from _wrapped(messages(code, after=result.edition.edition, before=names or ["-"]))
    if result.since is not None:
        yield messages("backtest.since", at=result.since)
    yield from _wrapped(messages("backtest.as_of", at=messages.at(result.as_of), count=result.events))
    yield ""
    if not counts["affected"]:
        yield from _wrapped(messages("backtest.nothing", count=counts["cases"]))
        return
    yield from _wrapped(messages("backtest.compared", count=counts["cases"], affected=counts["affected"]))
    yield from _wrapped(
        messages(
            "backtest.decided",
            **_of(counts, "decided_otherwise", "channel_changed", "tier_changed", "priority_changed"),
        )
    )
    commitments = {"commitments": counts["newly_breached_commitments"]}
    yield from _wrapped(
        messages(
            "backtest.breached", **_of(counts, "breached_before", "breached_after", "newly_breached"), **commitments
        )
    )
    yield from _wrapped(messages("backtest.open", **_of(counts, "open_before", "open_after")))


def _of(counts: Mapping[str, int], *names: str) -> dict[str, int]:
    return {name: counts[name] for name in names}


def _tables(result: BacktestResult, messages: Messages, accounts: int) -> Iterator[str]:
    tally = result.tally
    kinds: tuple[tuple[str, Mapping[str, Mapping[str, int]]], ...] = (
        ("plan", tally.by_plan),
        ("priority", tally.by_priority),
        ("milestone", tally.by_milestone),
    )
    for kind, groups in kinds:
        rows = [(printable(messages.name(kind, name)), counts) for name, counts in sorted(groups.items())]
        without = _OF_DECISIONS if kind == "milestone" else ()
        yield ""
        yield from table(messages(f"backtest.by.{kind}"), rows, messages, without)
    affected = sorted(
        ((name, counts) for name, counts in tally.by_account.items() if counts["affected"]),
        key=lambda each: (-each[1]["newly_breached"], -each[1]["affected"], each[0]),
    )
    shown = [(printable(name or messages("explain.nobodys_account")), counts) for name, counts in affected[:accounts]]
    yield ""
    if shown:
        yield from table(messages("backtest.by.account"), shown, messages)
    if more := len(affected) - len(shown):
        yield messages("backtest.more_accounts", count=more)


def _case(case: Data, words: _Sides) -> Iterator[str]:
    account = case["account_id"] or words.before("explain.nobodys_account")
    facts = {"case": case["case_id"], "account": account, "at": case["received_at"]}
    yield from _wrapped(words.before("backtest.case", **facts, plan=case["plan"], priority=case["priority"]))
    why = {each["of"]: each for each in case["why"]}
    for what, change in case["decision"].items():
        names = {side: getattr(words, side).name(what, word) for side, word in change.items()}
        yield from _wrapped(words.after(f"backtest.decision.{what}", **names), 2)
        if what != "tier" or "channel" not in case["decision"]:
            yield from _because(why.pop(what, None), words.after)
    for promise in case["promises"]:
        yield from _wrapped(_promise(promise, words.of(promise["change"])), 2)
        yield from _because(why.pop(promise["milestone"], None), words.after)
    for breach in case["breaches"]:
        messages = words.of(breach["change"])
        facts = {"clock": _clock(breach, messages), "promise": breach["promise"], "at": breach["at"]}
        yield from _wrapped(messages(f"backtest.breach.{breach['change']}", **facts), 2)
        yield from _because(why.pop(breach["milestone"], None), messages)
    for call in case["calls"]:
        messages = words.of(call["change"])
        facts = {"clock": _clock(call, messages), "called": call["called"], "at": call["at"]}
        place = {"edition": call["edition"], "rule": call["rule"] or "?"}
        yield from _wrapped(messages(f"backtest.call.{call['change']}.{call['kind']}", **facts, **place), 2)


def _promise(promise: Data, messages: Messages) -> str:
    due = {side: clock["due_at"] for side in ("before", "after") if (clock := promise[side]) is not None}
    return messages(f"backtest.promise.{promise['change']}", clock=_clock(promise, messages), **due)


def _clock(found: Data, messages: Messages) -> str:
    name = messages.name("milestone", found["milestone"])
    return name if found["instance"] == 1 else f"{name} {found['instance']}"


def _because(why: Data | None, messages: Messages) -> Iterator[str]:
    """The rule of each edition that has one, with its reason, the baseline first."""
    if why is None:
        return
    for rule in (why["before"], why["after"]):
        if rule is not None:
            place = {"edition": rule["edition"] or "-", "rule": rule["rule"] or "-"}
            yield from _wrapped(messages("backtest.because", **place, because=rule["because"]), 6)


def _not_comparable(result: BacktestResult, messages: Messages) -> Iterator[str]:
    found = result.not_comparable
    if not found.count:
        return
    yield ""
    yield messages("backtest.not_comparable", count=found.count)
    for each in found.kept:
        facts = {"case": each.case_id, "account": each.account_id or messages("explain.nobodys_account")}
        yield from _wrapped(messages("backtest.not_comparable.case", **facts, why=each.reason), 2)
    if more := found.count - len(found.kept):
        yield messages("backtest.more_cases", count=more)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """Lines of at most WIDTH characters, unless a word alone is longer; continued lines are indented further."""
    more = " " * (indent + 2) if indent else ""
    return textwrap.wrap(
        printable(text),
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=more,
        break_long_words=False,
        break_on_hyphens=False,
    )
