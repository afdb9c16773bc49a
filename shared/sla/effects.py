"""[pure] What a step of a case's clocks says to the world: one value per event of `shared/contracts/escalation.py`.

The topology adds what it alone knows (case, account, priority, when it was noticed and why) and publishes them in the
order given. Instants are microseconds since 1970 UTC.
"""

from msgspec import Struct

from shared.business_time.instants import Micros
from shared.contracts.vocabulary import Called, Milestone, Promise


class Effect(Struct, frozen=True, gc=False):
    """Something happened to one clock at `at` (event time). `due_at` is the deadline after it, None while paused."""

    milestone: Milestone
    instance: int
    generation: int
    promise: Promise
    due_at: Micros | None
    at: Micros


class Started(Effect, frozen=True, gc=False):
    """ClockStarted."""


class Paused(Effect, frozen=True, gc=False):
    """ClockPaused, because of `status`."""

    status: str


class Resumed(Effect, frozen=True, gc=False):
    """ClockResumed, because of `status`."""

    status: str


class Fulfilled(Effect, frozen=True, gc=False):
    """ClockFulfilled; `met` = the stop was not after the deadline then in force."""

    met: bool


class Cancelled(Effect, frozen=True, gc=False):
    """ClockCancelled: `because` is the type of the activity that ended the promise."""

    because: str


class Warned(Effect, frozen=True, gc=False):
    """ClockWarned. `repetition` 0 = the level itself."""

    level: int
    called: Called
    repetition: int
    share: float


class Breached(Effect, frozen=True, gc=False):
    """ClockBreached: `breached_at` is the deadline that passed. At most one for each clock instance, ever."""

    breached_at: Micros
    cause: str | None


class Restated(Effect, frozen=True, gc=False):
    """ClockRestated: what was published about the clock has changed.

    `old` and `new` are equal where the verdict is the same but the deadline (or, of a stopped clock, the stop) moved.
    `cause` is the type of the activity, "late_record" if it is older than something already taken into account, or
    "deadline_passed".
    """

    old: str
    new: str
    cause: str


class Raised(Effect, frozen=True, gc=False):
    """EscalationRaised. `repetition` 0 = the level itself."""

    level: int
    called: Called
    repetition: int


class Suppressed(Effect, frozen=True, gc=False):
    """EscalationSuppressed, because the account is not entitled to automated escalation."""

    level: int
    reason: str
