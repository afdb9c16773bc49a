"""[pure] What would another edition have changed? Recorded traffic is folded under it and under the baseline.

    configured = load_library(["guidelines-2021"])
    result = Backtest(load_edition("objectives-2024"), configured=configured, spool=RecordedLog.empty).run(log)

This is the entry of the package. The router's own topology decides the requests (`decisions.py`), and the functions of
the clocks that run live fold each case (`case_outcome.py`): nothing here decides anything itself. The baseline is what
the log's cases pinned, or an edition as well. Cases are independent of each other, so they are compared one by one, and
memory holds the index of one partition and the counts.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.replay.backtest.case_difference import (
    BreachDifference,
    CallDifference,
    CaseDifference,
    PromiseDifference,
    difference,
)
from services.replay.backtest.case_outcome import CannotFold, CaseOutcome, ClockOutcome, outcome
from services.replay.backtest.decisions import DecidingRouter, Report, Window
from services.replay.backtest.explained_case import explained
from services.replay.backtest.not_comparable import NotComparable, NotCompared, unknown_word
from services.replay.backtest.recorded_cases import (
    activity_of,
    case_of,
    cases,
    expired_activity,
    numbers_by_key,
    same_request,
)
from services.replay.backtest.recorded_order import RecordedOrder
from services.replay.backtest.tally import COUNTS, OF_A_MILESTONE, Tally, complete
from services.replay.editions import AvailableEditions, published_editions
from services.replay.log import FAR_FUTURE, Log, Spool
from services.replay.slice_runner import EPOCH
from shared.business_time.instants import to_micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, REQUESTS
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of

__all__ = [
    "COUNTS",
    "OF_A_MILESTONE",
    "Backtest",
    "BacktestResult",
    "BreachDifference",
    "CallDifference",
    "CaseOutcome",
    "ClockOutcome",
    "ComparedCase",
    "NotCompared",
    "Progress",
    "PromiseDifference",
    "complete",
]

Progress = Callable[[int, int], None]  # events folded so far, and how many there are


class ComparedCase(NamedTuple):
    """A case that differs, as it is under each edition."""

    before: CaseOutcome
    after: CaseOutcome
    difference: CaseDifference


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What differs between the baseline and the edition.

    `baseline` is None for the editions that the cases pinned; `pinned` counts the cases of each edition. `events` are
    the records that were folded. `cases` begin with the most serious difference; `more_cases` differ beside them.
    """

    edition: Edition
    baseline: Edition | None
    pinned: Counter[tuple[str, str]]
    since: datetime | None
    as_of: datetime
    events: int
    tally: Tally
    cases: tuple[ComparedCase, ...]
    more_cases: int
    not_comparable: NotComparable
    editions: Mapping[bytes, PinnedEdition]

    @property
    def counts(self) -> dict[str, int]:
        """All counts by name."""
        return {**complete(self.tally.total), "not_comparable": self.not_comparable.count}

    def baselines(self) -> list[Edition]:
        """The editions that decided the cases of the baseline, as far as they are known."""
        known = (self.editions.get(short_of(sha256)) for _, sha256 in sorted(self.pinned))
        return [pinned.edition for pinned in known if pinned is not None]

    def pinned_by(self, found: CaseOutcome) -> PinnedEdition:
        """The edition that decided a case that was compared."""
        return self.editions[short_of(found.case.policy_sha256)]

    def rule_of(self, found: CaseOutcome, level: int) -> str | None:
        """The place of a level of escalation in the edition that decided a case."""
        place = self.pinned_by(found).chain.place_of(level)
        return None if place is None else f"escalation_levels[{place}]"

    def explain(self, found: CaseOutcome, messages: Messages) -> dict[str, Any]:
        """Why a case is so under its edition: the data of `frontline explain`."""
        return explained(found, self.editions, self.as_of, messages)


class Backtest:
    """Compares `edition` with a baseline on recorded logs.

    `configured` editions count where the log does not have the one that a case pins. Only requests received at `since`
    or later are compared. `as_of` is the end, by default that of the log. A result has `show` cases (None = all).
    `spool` makes an empty log of so many partitions, for the cases that the editions decide.
    """

    def __init__(
        self,
        edition: Edition,
        *,
        configured: EditionLibrary,
        spool: Callable[[int], Spool],
        baseline: Edition | None = None,
        since: datetime | None = None,
        as_of: datetime | None = None,
        show: int | None = 20,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        self._edition, self._baseline, self._configured = edition, baseline, configured
        self._since, self._as_of, self._show, self._progress = since, as_of, show, progress
        self._spool = spool

    def run(self, log: Log) -> BacktestResult:
        """Compare on a log. Raises TaskMustStop if the router's topology cannot use an edition."""
        as_of = self._as_of or _end_of(log)
        count = _Counter(self._total(log), self._progress)
        window = Window(self._since or EPOCH, as_of)
        available = AvailableEditions(published_editions(log), self._configured)
        known = _pinned((*available.editions, self._edition, *([self._baseline] if self._baseline else [])))
        order = RecordedOrder(log)
        kept = _MostSerious(self._show)
        compared = _Comparison(self._edition, known, window, kept, NotComparable(self._show), self._baseline)
        with self._spool(log.partitions) as after:
            refused = DecidingRouter(log, self._edition, order, after, count.add).decide(window)
            if self._baseline is None:
                compared.run(log, log, after, {}, refused, count.add)
            else:
                with self._spool(log.partitions) as before:
                    not_decided = DecidingRouter(log, self._baseline, order, before, count.add).decide(window)
                    compared.run(log, before, after, not_decided, refused, count.add)
        return BacktestResult(
            edition=self._edition,
            baseline=self._baseline,
            pinned=compared.pinned,
            since=self._since,
            as_of=as_of,
            events=sum(_count(log, topic.name) for topic in (ENTITLEMENTS, REQUESTS, ACTIVITY)),
            tally=compared.tally,
            cases=tuple(kept.found()),
            more_cases=compared.tally.total["affected"] - len(kept.found()),
            not_comparable=compared.not_comparable,
            editions=known,
        )

    def _total(self, log: Log) -> int:
        decided = _count(log, ENTITLEMENTS.name) + _count(log, REQUESTS.name)
        return decided * (1 if self._baseline is None else 2) + _count(log, ACTIVITY.name) + _count(log, CASES.name)


class _Comparison:
    """Folds and compares the cases, partition by partition."""

    def __init__(
        self,
        edition: Edition,
        known: Mapping[bytes, PinnedEdition],
        window: Window,
        kept: "_MostSerious",
        not_comparable: NotComparable,
        baseline: Edition | None,
    ) -> None:
        self.tally = Tally()
        self.pinned: Counter[tuple[str, str]] = Counter()
        self.not_comparable = not_comparable
        self._edition, self._window, self._kept, self._known = edition, window, kept, KnownEditions(known)
        self._until = to_micros(window.until)
        self._baseline = baseline

    def run(
        self,
        log: Log,
        before: Log,
        after: Log,
        not_decided: Mapping[str, Reason],
        refused: Mapping[str, Reason],
        report: Report,
    ) -> None:
        """Compare the cases of `before` with those of `after`; `not_decided` and `refused` have no case there."""
        for partition in range(log.partitions):
            activity = numbers_by_key(log, ACTIVITY.name, partition)
            expired = expired_activity(log, partition)
            decided = numbers_by_key(after, CASES.name, partition)
            for old in cases(before, partition):
                key = old.case_id.encode()
                places = decided.pop(key, ())
                numbers = activity.pop(key, ())
                report(1 + len(numbers))
                if not self._window.since <= old.received_at <= self._window.until:
                    continue
                found = (case_of(after.record(CASES.name, partition, number)) for number in places)
                new = next((each for each in found if each is not None and same_request(each, old)), None)
                self._compare(old, new, list(activity_of(log, partition, numbers, expired)), refused)
            for places in decided.values():
                new = case_of(after.record(CASES.name, partition, places[0]))
                if new is not None and new.received_at >= self._window.since:
                    self.not_comparable.add(new.case_id, new.account_id, self._why_not_decided(new, not_decided))

    def _compare(
        self,
        old: CaseRouted,
        new: CaseRouted | None,
        activities: list[ActivityRecorded],
        refused: Mapping[str, Reason],
    ) -> None:
        self.pinned[old.edition, old.policy_sha256] += 1
        try:
            before, after = self._outcomes(old, new, activities, refused)
        except CannotFold as error:
            self.not_comparable.add(old.case_id, old.account_id, error.reason)
            return
        found = difference(before, after)
        self.tally.add(before, after, found)
        if found:
            self._kept.add(ComparedCase(before, after, found))

    def _outcomes(
        self,
        old: CaseRouted,
        new: CaseRouted | None,
        activities: list[ActivityRecorded],
        refused: Mapping[str, Reason],
    ) -> tuple[CaseOutcome, CaseOutcome]:
        """The outcomes under both editions. Raises CannotFold if one of them cannot say it."""
        if new is None:
            raise CannotFold(refused.get(old.case_id, Reason("backtest.request_deleted")))
        reason = unknown_word(old, new, self._edition)
        if reason is None and self._baseline is not None:
            reason = unknown_word(new, old, self._baseline)
        if reason is not None:
            raise CannotFold(reason)
        before = outcome(old, activities, self._known, self._until, migrates=self._baseline is None)
        after = outcome(new, activities, self._known, self._until, migrates=False)
        refused_by_one = [reason for key, reason in after.refused.items() if key not in before.refused]
        if self._baseline is not None:
            refused_by_one += [reason for key, reason in before.refused.items() if key not in after.refused]
        if refused_by_one:
            raise CannotFold(refused_by_one[0])
        return before, after

    def _why_not_decided(self, new: CaseRouted, not_decided: Mapping[str, Reason]) -> Reason:
        """Why the baseline has no decision of a request that the edition decides."""
        return not_decided.get(new.case_id, Reason("backtest.not_decided"))


class _MostSerious:
    """The `limit` cases with the most serious differences; of equal ones the earliest."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._cases: list[ComparedCase] = []

    def add(self, case: ComparedCase) -> None:
        self._cases.append(case)
        if self._limit is not None and len(self._cases) > 4 * self._limit + 100:
            self._cases = self.found()

    def found(self) -> list[ComparedCase]:
        return sorted(self._cases, key=_seriousness)[: self._limit]


def _seriousness(compared: ComparedCase) -> tuple[Any, ...]:
    found, case = compared.difference, compared.before.case
    newly = [breach for breach in found.breaches if breach.newly]
    broken = sum(breach.promise == "commitment" for breach in newly)
    calls = sum(each.newly for each in found.calls)
    return (-broken, -len(newly), -len(found.decisions), -len(found.breaches), -calls, case.received_at, case.case_id)


class _Counter:
    """Counts the events that have been folded."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._total, self._progress, self._done = total, progress, 0

    def add(self, more: int) -> None:
        self._done += more
        self._progress(self._done, self._total)


def _end_of(log: Log) -> datetime:
    """The end of the recording: the end of the millisecond of its latest record."""
    latest = log.latest_timestamp_ms
    return EPOCH if latest is None else min(EPOCH + timedelta(milliseconds=latest + 1), FAR_FUTURE)


def _count(log: Log, topic: str) -> int:
    return sum(log.count(topic, partition) for partition in range(log.partitions))


def _pinned(editions: tuple[Edition, ...]) -> dict[bytes, PinnedEdition]:
    found: dict[bytes, PinnedEdition] = {}
    for edition in editions:
        sha256 = policy_sha256(edition)
        found.setdefault(short_of(sha256), PinnedEdition(sha256, edition))
    return found
