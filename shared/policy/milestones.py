"""[pure] What a milestone is: one row for each, which routing and the clocks interpret.

A row says when a clock of the milestone starts, what fulfils it, whether it starts again, what reopening the case does
to it, which statuses pause it, and whether a decision has it also where nothing is promised. `closed` and `withdrawn`
cancel every clock, so no row says so. The rows are an edition's: docs/clocks.md explains those that ship to people.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from shared.contracts.vocabulary import ACTIVITY_TYPES, ActivityType, OpenedBy, ReopenMode, Status
from shared.policy.base import Named, Some

SUBMITTED: Literal["submitted"] = "submitted"
REACHED: ActivityType = "milestone_reached"  # fulfils the milestone that it names

Again = Literal["never", "at_fulfilment", "at_next_start"]
Reopened = Literal["never"] | ReopenMode
CountsFrom = Literal["case", "last_public_update", "first_unanswered"]


class MilestoneRow(Named):
    """One row.

    - `starts`: `submitted`, or the type of the activity, or the status, that starts a clock.
    - `fulfilled_by`: the types of activity that fulfil it; `milestone_reached` does if it names this milestone.
    - `again`: when a new instance begins once one was fulfilled: never, at that very fulfilment, or when what starts it
      happens the next time.
    - `reopened`: what reopening the case does to a clock that had stopped: nothing (never), it goes on and the time
      since counts as a pause (resume), or a new instance begins (new_cycle).
    - `counts_from`: from when a clock counts that is promised only later: the submission of the case (or its
      reopening), the last public reply, or the customer's first message that nobody has answered.
    - `paused_by`: the statuses that pause it, or what they count as.
    - `opened_by`: whose submission starts it. Who opens a case on a customer's behalf has spoken with them already.
    - `always_stated`: whether a decision has it also without a target, with the reason for having none.
    """

    starts: Status
    fulfilled_by: Some[ActivityType]
    again: Again = "never"
    reopened: Reopened = "never"
    counts_from: CountsFrom = "case"
    paused_by: tuple[Status, ...] = ()
    opened_by: Some[OpenedBy] = ("customer", "agent")
    always_stated: bool = False

    @property
    def reopen_mode(self) -> ReopenMode:
        """What the terms of a target say of reopening; for a row that says never they are not asked."""
        return "resume" if self.reopened == "never" else self.reopened

    @property
    def starts_at_submission(self) -> bool:
        """Whether the first clock of a case starts when the request is received."""
        return self.starts == SUBMITTED


class MilestoneTable(dict[str, MilestoneRow]):
    """The rows by milestone, in the order in which clocks are listed, and which milestones an activity concerns.

    `order`, `started_by` (types of activity, and statuses) and `fulfilled_by` are indexes of the rows, so a table is
    not changed once it is made. `only_start` has the types of activity that start a milestone and fulfil none: at equal
    instants they are folded first.
    """

    def __init__(self, rows: Mapping[str, MilestoneRow]) -> None:
        super().__init__(rows)
        self.order = {milestone: number for number, milestone in enumerate(rows)}
        self.started_by: dict[str, list[str]] = {}
        self.fulfilled_by: dict[str, list[str]] = {}
        for milestone, row in rows.items():
            self.started_by.setdefault(row.starts, []).append(milestone)
            for kind in row.fulfilled_by:
                self.fulfilled_by.setdefault(kind, []).append(milestone)
        self.only_start = frozenset(
            (self.started_by.keys() & set(ACTIVITY_TYPES)) - self.fulfilled_by.keys() - {SUBMITTED}
        )


def activity_in(table: MilestoneTable) -> Iterator[str]:
    """The types of activity that start or fulfil a milestone of `table`."""
    for row in table.values():
        if row.starts in ACTIVITY_TYPES:
            yield row.starts
        yield from row.fulfilled_by
