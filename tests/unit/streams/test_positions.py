"""Where a task continues: an offset counts only in the topic that it belongs to."""

import pytest

from shared.streams.errors import ChangelogLost, OffsetLost, TopicRecreated
from shared.streams.positions import Committed, Offsets, Source, accepted_start, check_changelogs, start_of

SOURCE = Source("t", 3, first=2, end=50, topic_id="new")
BY_TASK = Committed(20, "new")
BY_HAND = Committed(20)
ACCEPTED = Committed(2, "new", accepted=True)
OF_DELETED = Committed(20, "old")


@pytest.mark.parametrize(
    ("carried", "stale", "committed", "start"),
    [
        pytest.param(None, None, None, 2, id="nothing known: the beginning"),
        pytest.param(10, None, BY_TASK, 20, id="the later of two"),
        pytest.param(30, None, BY_TASK, 30, id="the later of two, the other way round"),
        pytest.param(30, None, None, 30, id="the changelog outlives the group"),
        pytest.param(None, None, BY_TASK, 20, id="no stores: the group's"),
        pytest.param(None, "old", BY_HAND, 20, id="set by hand after it was created again"),
        pytest.param(None, "old", ACCEPTED, 2, id="accepted"),
        pytest.param(10, "old", ACCEPTED, 10, id="accepted, and gone on since"),
        pytest.param(10, "old", OF_DELETED, 10, id="gone on since, the group's offset is of the deleted topic"),
    ],
)
def test_a_task_continues_at_the_latest_position_that_belongs_to_the_topic(
    carried: int | None, stale: str | None, committed: Committed | None, start: int
) -> None:
    """No record is processed twice, and none is skipped."""
    assert start_of(SOURCE, carried, stale, committed) == start


@pytest.mark.parametrize(
    ("stale", "committed"), [("old", None), (None, OF_DELETED), ("old", OF_DELETED)], ids=["changelog", "group", "both"]
)
def test_a_position_in_a_deleted_topic_stops_the_task(stale: str | None, committed: Committed | None) -> None:
    """At the old offset it would skip the new topic's first records; the message says what to do."""
    with pytest.raises(TopicRecreated, match=r"t\[3\].*old.*new.*frontline topics accept t"):
        start_of(SOURCE, None, stale, committed)


@pytest.mark.parametrize("offset", [1, 51])
def test_a_position_outside_the_log_stops_the_task(offset: int) -> None:
    """Records were deleted before they were read."""
    with pytest.raises(
        OffsetLost, match=rf"t\[3\]: the position is {offset}, but its log has 2 to 50.*topics accept t`"
    ):
        start_of(SOURCE, offset, None, None)


@pytest.mark.parametrize(
    ("carried", "stale", "committed", "accepted"),
    [
        (1, None, None, (1, 2)),
        (1, None, Committed(0), (1, 2)),
        (51, None, Committed(7), (51, 50)),
        (7, None, Committed(51), (51, 50)),
        (None, "old", OF_DELETED, (None, 2)),
        (7, None, None, None),
        (None, None, None, None),
    ],
)
def test_an_accepted_loss_continues_where_nothing_more_is_lost(
    carried: int | None, stale: str | None, committed: Committed | None, accepted: tuple[int | None, int] | None
) -> None:
    """At the log's start if records were deleted, at its end if it is shorter; a task that can continue stays."""
    assert accepted_start(SOURCE, carried, stale, committed) == accepted


@pytest.mark.parametrize("committed", [BY_TASK, BY_HAND, ACCEPTED], ids=["task", "by hand", "accepted"])
def test_metadata_keeps_the_topic_id_of_an_offset(committed: Committed) -> None:
    """Kafka stores it as a string with the offset."""
    assert Committed.parse(committed.offset, committed.metadata) == committed


def test_metadata_of_other_tools_is_an_offset_set_by_hand() -> None:
    """Kafka's tools write none, others any text."""
    assert Committed.parse(7, None) == Committed.parse(7, "reset by somebody") == Committed(7)


def test_positions_are_restored_from_the_changelog_with_their_topics() -> None:
    """Otherwise a restart would not notice that a topic was created again."""
    offsets = Offsets({"t": 5}, {"t": "new"})
    assert Offsets.decode(offsets.encode()) == offsets


@pytest.mark.parametrize("carried", [{}, {"t": 19}], ids=["empty", "behind"])
def test_changelogs_behind_the_group_have_lost_state(carried: dict[str, int]) -> None:
    """Both are written in one transaction."""
    with pytest.raises(ChangelogLost, match=r"t\[3\]: the group has committed 20"):
        check_changelogs(3, carried, {"t": BY_TASK}, {"t": "new"})


@pytest.mark.parametrize("committed", [BY_HAND, ACCEPTED, OF_DELETED, Committed(19, "new")])
def test_other_offsets_are_not_compared_with_the_changelogs(committed: Committed) -> None:
    """An operator may set any offset, and a changelog may be ahead of an offset."""
    check_changelogs(3, {"t": 19}, {"t": committed}, {"t": "new"})
