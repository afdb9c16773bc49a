"""The topics that a consumer reads."""

REQUESTS = "support.requests.v1"
ENTITLEMENTS = "support.entitlements.v1"
CASES = "support.cases.v1"
EDITIONS = "support.editions.v1"
ACTIVITY = "support.activity.v1"
ESCALATIONS = "support.escalations.v1"

EVENTS = (REQUESTS, ENTITLEMENTS, CASES, EDITIONS, ACTIVITY, ESCALATIONS)
DEAD_LETTERS = tuple(f"{topic}-dlt" for topic in (REQUESTS, ENTITLEMENTS, CASES, ACTIVITY))
