"""[pure] Isolated cases: the timer of one has failed, or its stored state cannot be read.

Store "isolated" has one entry for each (`shared/sla/isolated_case.py`). While a case is isolated, nothing is applied to
it; the retry ends the isolation, or moves it on.
"""

from services.escalation import early_activity
from shared.business_time.instants import from_micros
from shared.contracts.base import format_instant
from shared.kafka.faults import PoisonRecord
from shared.sla import case_state
from shared.sla.isolated_case import STORE, IsolatedCase, decode
from shared.sla.packing import unpack_id
from shared.streams.overlay import Overlay


def check(overlay: Overlay, packed_case_id: bytes) -> None:
    """Refuse a record of an isolated case. Raises PoisonRecord."""
    value = overlay.get(STORE, packed_case_id)
    if value is not None:
        raise refusal(packed_case_id, decode(value))


def refusal(packed_case_id: bytes, case: IsolatedCase) -> PoisonRecord:
    """Why records of this case are dead-lettered."""
    return PoisonRecord(
        "case_isolated",
        f"case {unpack_id(packed_case_id)} is isolated since {format_instant(from_micros(case.since))} "
        f"({case.error}); replay this dead letter once the log says that the isolation has ended",
    )


def key_of(store: str, key: bytes) -> bytes:
    """The packed id of the case whose timer is the entry `key` of `store`."""
    return key if store == case_state.STORE else key[1:]


def timer_key(store: str, packed_case_id: bytes) -> bytes:
    """The entry of `store` that has the timer of the case."""
    return packed_case_id if store == case_state.STORE else early_activity.list_key(unpack_id(packed_case_id))


def case_of(store: str, key: bytes) -> str:
    """The id of the case whose timer is the entry `key` of `store`."""
    return unpack_id(key_of(store, key))
