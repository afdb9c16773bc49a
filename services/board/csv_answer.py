"""Tables as answers of calls and pages: whether one is asked for, and the headers that it has."""

from datetime import datetime

from starlette.requests import Request

from shared.contracts.base import format_instant
from shared.web.answer_headers import AS_OF

CSV = "text/csv"


def wants_csv(request: Request) -> bool:
    """Whether CSV is what the caller names; a browser, which takes anything, gets JSON."""
    return CSV in request.headers.get("accept", "").lower()


def table_headers(name: str, as_of: datetime | None) -> dict[str, str]:
    """The headers of a table that is saved as a file of that name. It has no place for the instant of which it is
    true, so a header has it; None = nothing was ever known of what the table has.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
    return headers if as_of is None else headers | {AS_OF: format_instant(as_of)}
