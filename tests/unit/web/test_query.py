"""Parameters of an address: those of a list, and every wrong one at once."""

import pytest
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from shared.web.errors import InvalidFields
from shared.web.query import read_query


class Query(BaseModel):
    """What a call asks for."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    state: list[str] = []
    first: str | None = Field(None, alias="from")
    limit: int = Field(50, ge=1)


@pytest.mark.parametrize("text", ["state=open,closed", "state=open&state=closed"])
def test_a_list_is_separated_by_commas_or_repeated(text: str) -> None:
    """Generated clients send the one or the other."""
    assert read_query(Query, QueryParams(text)).state == ["open", "closed"]
    assert read_query(Query, {"state": "open,closed"}).state == ["open", "closed"]


def test_a_comma_in_any_other_parameter_is_a_comma() -> None:
    """People search for what they like. Of one that is repeated, the last counts."""
    assert read_query(Query, QueryParams("from=a,b&from=c,d&limit=2")) == Query(first="c,d", limit=2)


def test_every_wrong_parameter_is_named_at_once() -> None:
    """By the name that the caller used; one that does not exist is wrong, too."""
    with pytest.raises(InvalidFields) as refused:
        read_query(Query, QueryParams("limit=0&colour=red"))
    assert {error.field for error in refused.value.errors} == {"limit", "colour"}
