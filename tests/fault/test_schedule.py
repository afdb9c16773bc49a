"""The schedule of faults is the same for the same seed, and leaves no kind out."""

from itertools import chain

from tests.fault.schedule import FAULTS_PER_ROUND, KINDS, TOPIC_KINDS, at_the_same_time, brokers_of, round_of


def test_a_seed_gives_the_same_faults_again() -> None:
    """Otherwise a violation could not be looked for a second time."""
    assert round_of(7, 3) == round_of(7, 3)
    assert round_of(7, 3) != round_of(7, 4)
    assert round_of(7, 3) != round_of(8, 3)


def test_a_round_has_every_kind_of_fault_and_changes_a_topic_at_its_end() -> None:
    """A kind that chance leaves out is not tested."""
    for number in range(20):
        faults = round_of(1, number)
        assert len(faults) == FAULTS_PER_ROUND
        assert {fault.kind for fault in faults[:-1]} == set(KINDS)
        assert faults[-1].kind == TOPIC_KINDS[number % 2]
        assert all(fault.target in KINDS[fault.kind][0] for fault in faults[:-1])


def test_three_rounds_have_both_topic_faults_and_both_sizes_of_cluster() -> None:
    """So does the short run."""
    assert {round_of(1, number)[-1].kind for number in range(3)} == set(TOPIC_KINDS)
    assert {brokers_of(number) for number in range(3)} == {1, 3}


def test_every_service_has_every_fault_that_may_happen_to_it() -> None:
    """Targets take turns; a service that chance spares is not tested."""
    happened = {(fault.kind, fault.target) for number in range(5) for fault in round_of(1, number)[:-1]}
    assert happened == {(kind, target) for kind, (targets, _) in KINDS.items() for target in targets}


def test_some_faults_act_side_by_side_on_different_targets() -> None:
    """A link that is cut while a broker restarts finds other defects than each of them alone."""
    pairs = 0
    for number in range(10):
        faults = round_of(1, number)[:-1]
        groups = at_the_same_time(1, number, faults)
        assert list(chain(*groups)) == faults
        for group in groups:
            assert len({fault.target for fault in group}) == len(group) <= 2
            assert len(group) == 1 or all(fault.target != "system" for fault in group)
            pairs += len(group) == 2
    assert pairs >= 10
