"""[pure] Examples of refusals: the real ones, by names of their own. `problem.py` makes their documents."""

from collections.abc import Mapping

from services.intake import examples
from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from services.intake.errors import IdempotencyConflict, KafkaUnavailable
from services.intake.request import Submission
from shared.policy.model import Edition
from shared.web.errors import (
    BodyTooLarge,
    CatchingUp,
    FieldError,
    InternalError,
    InvalidFields,
    MalformedJson,
    MissingScope,
    NotFound,
    RateLimited,
    Refusal,
    TooManyStreams,
    Unauthenticated,
    UnsupportedMediaType,
)

WRONG_BODY = {  # the refusal of a body of this model
    Submission.__name__: "invalid_submission",
    Activity.__name__: "invalid_activity",
    EntitlementBody.__name__: "invalid_entitlement",
}
UNKNOWN = {  # what a GET of an address with this beginning does not find
    "/v1/support-requests/": "unknown_request",
    "/v1/accounts/": "unknown_entitlement",
    "/v1/editions/": "unknown_edition",
}


def refusals(edition: Edition) -> Mapping[str, Refusal]:
    """One of each kind that a well-behaved client may meet, in the words of `edition`."""
    unavailable = KafkaUnavailable("refusal.kafka_unavailable", extra={"idempotency_key": examples.KEY})
    unavailable.advice.append("refusal.repeat_with_key")
    no_role = FieldError("requester.role", "field.one_of", {"allowed": tuple(edition.roles)})
    no_plan = FieldError("plan", "field.one_of", {"allowed": tuple(edition.plans)})
    return {
        "unauthenticated": Unauthenticated("refusal.send_key"),
        "missing_scope": MissingScope("refusal.scope", scopes=["submit"]),
        "unknown_request": NotFound("refusal.no_request", limit=200_000),
        "unknown_entitlement": NotFound("refusal.no_entitlement"),
        "unknown_edition": NotFound("refusal.no_edition"),
        "malformed_json": MalformedJson("refusal.not_json", line="1", column="14"),
        "body_too_large": BodyTooLarge("refusal.body_too_large", limit=64 * 1024),
        "unsupported_media_type": UnsupportedMediaType("refusal.send_json"),
        "invalid_submission": InvalidFields([FieldError("subject", "field.empty"), no_role]),
        "invalid_activity": InvalidFields([FieldError("to", "field.required_for", {"type": "status_changed"})]),
        "invalid_entitlement": InvalidFields([no_plan]),
        "invalid_id": InvalidFields([FieldError("account_id", "field.invisible")]),
        "idempotency_conflict": IdempotencyConflict("refusal.key_of_another_request"),
        "rate_limited": RateLimited("refusal.rate", count=100, seconds=1),
        "internal_error": InternalError("refusal.crashed"),
        "kafka_unavailable": unavailable,
        "catching_up": CatchingUp("refusal.reading_keys"),
        "too_many_streams": TooManyStreams("refusal.too_many_streams"),
    }
