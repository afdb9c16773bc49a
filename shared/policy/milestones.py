"""[pure] What a milestone is: one row for each, which routing and the clocks interpret.

A row says when a clock of the milestone starts, what fulfils it, whether it starts again, what reopening the case does
to it, which statuses usually pause it, and whether a decision has it also where nothing is promised. `closed` and
`withdrawn` cancel every clock, so no row says so.
docs/clocks.md explains the rows to people.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from shared.contracts.vocabulary import ActivityType, Milestone, ReopenMode

SUBMITTED: Literal["submitted"] = "submitted"

Start = Literal["submitted"] | ActivityType
Again = Literal["never", "at_fulfilment", "at_next_start"]
Reopened = Literal["never"] | ReopenMode
CountsFrom = Literal["case", "last_public_update", "first_unanswered"]


class MilestoneRule(NamedTuple):
    """One row.

    - `starts`: the submission, or the type of the activity that starts a clock.
    - `fulfilled_by`: the types of activity that fulfil it.
    - `again`: when a new instance begins once one was fulfilled: never, at that very fulfilment, or when what starts it
      happens the next time.
    - `reopened`: what reopening the case does to a clock that had stopped: nothing (never), or what its terms say
      (`MilestoneTerms.reopen`); the row's mode is the usual one.
    - `counts_from`: from when a clock counts that is promised only later: the submission of the case (or its
      reopening), the last public reply, or the customer's first message that nobody has answered.
    - `paused_by`: the statuses that pause it, unless the terms say otherwise.
    - `always_stated`: whether a decision has it also without a target, with the reason for having none.
    """

    starts: Start
    fulfilled_by: tuple[ActivityType, ...]
    again: Again = "never"
    reopened: Reopened = "never"
    counts_from: CountsFrom = "case"
    paused_by: tuple[str, ...] = ()
    always_stated: bool = False

    @property
    def starts_at_submission(self) -> bool:
        """Whether the first clock of every case starts when the request is received."""
        return self.starts == SUBMITTED


class MilestoneTable(dict[Milestone, MilestoneRule]):
    """The rows by milestone, in the order in which clocks are listed, and which milestones an activity concerns.

    `started_by` and `fulfilled_by` are indexes of the rows, so a table is not changed once it is made. `only_start` has
    the types of activity that start a milestone and fulfil none: at equal instants they are folded first.
    """

    def __init__(self, rows: Mapping[Milestone, MilestoneRule]) -> None:
        super().__init__(rows)
        self.started_by: dict[str, list[Milestone]] = {}
        self.fulfilled_by: dict[str, list[Milestone]] = {}
        for milestone, rule in rows.items():
            self.started_by.setdefault(rule.starts, []).append(milestone)
            for kind in rule.fulfilled_by:
                self.fulfilled_by.setdefault(kind, []).append(milestone)
        self.only_start = frozenset(self.started_by.keys() - self.fulfilled_by.keys() - {SUBMITTED})


_ROWS: dict[Milestone, MilestoneRule] = {
    "first_response": MilestoneRule(starts="submitted", fulfilled_by=("agent_replied",), always_stated=True),
    "next_response": MilestoneRule(
        starts="customer_replied",
        fulfilled_by=("agent_replied",),
        again="at_next_start",
        counts_from="first_unanswered",
    ),
    "periodic_update": MilestoneRule(
        starts="submitted",
        fulfilled_by=("agent_replied",),
        again="at_fulfilment",
        counts_from="last_public_update",
        paused_by=("resolved",),  # nobody waits for news of a resolved case
    ),
    "restoration": MilestoneRule(
        starts="submitted",
        fulfilled_by=("restored", "resolved"),
        reopened="resume",
        paused_by=("waiting_on_customer", "resolved"),
        always_stated=True,
    ),
    "resolution": MilestoneRule(
        starts="submitted",
        fulfilled_by=("resolved",),
        reopened="resume",
        paused_by=("waiting_on_customer", "resolved"),
    ),
}

MILESTONE_TABLE = MilestoneTable(_ROWS)


def activity_in(table: MilestoneTable) -> Iterator[ActivityType]:
    """The types of activity that start or fulfil a milestone of `table`."""
    for rule in table.values():
        if rule.starts != SUBMITTED:
            yield rule.starts
        yield from rule.fulfilled_by
