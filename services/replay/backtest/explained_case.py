"""[pure] Why a case is as it is under an edition: `shared.explain`, given the case and its activity."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.replay.backtest.case_outcome import CaseOutcome
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.messages.messages import Messages
from shared.sla.pinned_edition import PinnedEdition


def explained(
    found: CaseOutcome, editions: Mapping[bytes, PinnedEdition], at: datetime, messages: Messages
) -> dict[str, Any]:
    """The data of `frontline explain` at `at`.

    It has no published events, since an edition that was not in force published none: calls are in the differences.
    """
    log = CaseLog(
        cases=[((0, 0), found.case)],
        activity=[((0, number), activity) for number, activity in enumerate(found.activities)],
    )
    data = explanation(log, found.case, editions, at, messages)
    for clock in data["clocks"] or ():
        del clock["calls"]
    for name in ("history", "dead_letters"):
        del data[name]
    return data
