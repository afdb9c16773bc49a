"""[pure] How long a target is, in words."""

from collections.abc import Mapping
from typing import Any

from shared.messages.messages import Messages


def has_target(terms: Mapping[str, Any]) -> bool:
    """Whether the terms of a milestone, as data, promise a time."""
    return terms.get("target_seconds") is not None or terms.get("target_business_days") is not None


def target_length(terms: Mapping[str, Any], messages: Messages) -> str:
    """The length of a target: 4 h, or 2 business days, until the end of the day."""
    days = terms.get("target_business_days")
    if days is not None:
        return messages(f"policy.business_days.{terms.get('until') or 'same_time'}", days=days)
    return messages.span(terms["target_seconds"])
