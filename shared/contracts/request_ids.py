"""[pure] The ids that intake makes: keyed hashes, so that nobody without a secret can derive or make one.

A request id has 56 lower-case hexadecimal digits:

    20261123 4f1c…(24) 9a0b…(12) 77de…(12)
    |        |         |         owner tag of the account
    |        |         owner tag of the client
    |        HMAC-SHA256 of the client, the account, the Idempotency-Key and the day
    UTC day of the first receipt

An owner tag is an HMAC-SHA256 of all digits before it and of the owner's name. So a tag fits no other id, and whoever
has a secret can tell an owner without any state. An anonymous request counts as one of the account "".

Secrets are an argument everywhere: the first makes ids, and an id is genuine under any of them.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

DAY, HASH, TAG = 8, 24, 12  # digits
LENGTH = DAY + HASH + TAG + TAG
MIN_SECRET = 32  # characters
_SHAPE = re.compile(r"[0-9]{8}[0-9a-f]{48}")
_BEFORE_CLIENT, _BEFORE_ACCOUNT = DAY + HASH, DAY + HASH + TAG
KEY_LIFE = timedelta(days=2)  # from the beginning of the day of the id


def keyed_hash(secret: bytes, *parts: str) -> str:
    """64 hexadecimal digits that depend on the secret, on each part and on where one part ends and the next begins."""
    message = bytearray()
    for part in parts:
        encoded = part.encode()
        message += len(encoded).to_bytes(4, "big") + encoded
    return hmac.digest(secret, message, "sha256").hex()


def request_id(secret: bytes, *, client: str, account_id: str | None, key: str, day: date) -> str:
    """The id of the request that `client` submits for an account under an Idempotency-Key, first received on `day`."""
    account = account_id or ""
    digits = day.isoformat().replace("-", "")
    digits += keyed_hash(secret, "request", client, account, key, digits)[:HASH]
    digits += _tag(secret, "client", digits, client)
    return digits + _tag(secret, "account", digits, account)


def activity_id(secret: bytes, *, client: str, case_id: str, key: str) -> str:
    """The id of what `client` reports on a case under an Idempotency-Key: 32 hexadecimal digits."""
    return keyed_hash(secret, "activity", client, case_id, key)[:32]


def is_request_id(text: str) -> bool:
    """Whether `text` looks like a request id of intake. Only a tag says that it is genuine."""
    return _SHAPE.fullmatch(text) is not None


def is_of_client(secrets: Sequence[bytes], text: str, client: str) -> bool:
    """Whether intake made this request id for `client`. False for ids of any other shape."""
    return is_request_id(text) and _verifies(secrets, "client", text[:_BEFORE_ACCOUNT], client)


def is_of_account(secrets: Sequence[bytes], text: str, account_id: str | None) -> bool:
    """Whether intake made this request id for the account; None = for no account."""
    return is_request_id(text) and _verifies(secrets, "account", text, account_id or "")


def day_of(text: str) -> date | None:
    """The UTC day of the first receipt of a request; None for ids of another shape and for days that do not exist."""
    if not is_request_id(text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:DAY]))
    except ValueError:
        return None


def key_valid_until(day: date) -> datetime:
    """The end of the day after `day`: until then, exclusive, the Idempotency-Key of an id of `day` names that id."""
    return datetime.combine(day, time(), UTC) + KEY_LIFE


def _tag(secret: bytes, owner: str, digits: str, name: str) -> str:
    return keyed_hash(secret, f"owner: {owner}", digits, name)[:TAG]


def _verifies(secrets: Sequence[bytes], owner: str, digits: str, name: str) -> bool:
    before, tag = digits[:-TAG], digits[-TAG:]
    # Every secret is tried in constant time, so the duration reveals nothing about tags.
    matches = [hmac.compare_digest(_tag(secret, owner, before, name), tag) for secret in secrets]
    return any(matches)
