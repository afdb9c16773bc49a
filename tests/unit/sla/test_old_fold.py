"""The fold that interprets the table of milestones gives the clocks of the fold that it replaces."""

import os

import msgspec
from hypothesis import given, settings

from shared.business_time.instants import to_micros
from shared.sla.fold import as_of, fold
from tests.harness.desk import OPENED, minute
from tests.unit.sla import old_fold
from tests.unit.sla.fold_histories import Played, played

EXAMPLES = int(os.environ.get("FOLD_EXAMPLES", "300"))


@settings(max_examples=EXAMPLES, deadline=None)
@given(played())
def test_the_table_gives_the_clocks_that_the_conditions_gave(case: Played) -> None:
    """Every field of every clock, before and after somebody looks at the time."""
    opened_at = to_micros(OPENED)
    asked = (case.policy, opened_at, case.status, case.history)
    old, new = old_fold.fold(*asked), fold(*asked)
    assert [msgspec.structs.asdict(c) for c in new] == [msgspec.structs.asdict(c) for c in old]
    now = minute(2_000)
    assert [msgspec.structs.asdict(c) for c in as_of(new, now)] == [
        msgspec.structs.asdict(c) for c in old_fold.as_of(old, now)
    ]
