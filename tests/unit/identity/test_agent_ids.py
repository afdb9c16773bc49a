"""Two agents never share an id, whatever their applications call them."""

from dataclasses import replace
from itertools import product

import pytest

from shared.identity.agent_ids import AgentIds
from shared.identity.person import Person
from shared.identity.scopes import PersonScope
from shared.identity.signed_tokens import TokenHost

AGENT: tuple[PersonScope, ...] = ("agent",)


def host(name: str, scopes: tuple[PersonScope, ...] = AGENT) -> TokenHost:
    """A host application."""
    return TokenHost(name=name, keys=({"kty": "OKP"},), scopes=scopes)


def person(application: str, sub: str) -> Person:
    """An agent of it."""
    return Person(application, sub, AGENT)


def test_the_agents_of_one_application_have_the_ids_that_it_gives_them() -> None:
    """Whatever they are: what was recorded under them stays theirs. An application of customers changes nothing."""
    ids = AgentIds([host("shop", ("submit",)), host("portal")])
    assert [ids.of(person("portal", sub)) for sub in ("desk-7", "portal/desk-7", "x/y")] == [
        "desk-7",
        "portal/desk-7",
        "x/y",
    ]


def test_of_several_applications_the_first_keeps_its_ids() -> None:
    """So a second one takes nothing away from those who have cases already."""
    ids = AgentIds([host("portal"), host("helpdesk", ("view", "submit"))])
    assert (ids.of(person("portal", "desk-7")), ids.of(person("helpdesk", "desk-7"))) == ("desk-7", "helpdesk/desk-7")


@pytest.mark.parametrize("first", ["portal", "helpdesk", "a/b", "a"])
def test_no_two_agents_share_an_id(first: str) -> None:
    """Neither by a name that looks like that of another application, nor by one that is too long for an event."""
    names = ["portal", "helpdesk", "a/b", "a"]
    ids = AgentIds([host(name) for name in sorted(names, key=lambda name: name != first)])
    subs = [
        "desk-7",
        "b/desk-7",
        "helpdesk/desk-7",
        "portal/desk-7",
        "a/b/c",
        "a%2Fb/c",
        "c",
        "b/c",
        "x" * 199,
        "x" * 200,
    ]
    found = [ids.of(person(name, sub)) for name, sub in product(names, subs)]
    assert len(set(found)) == len(found)
    assert max(map(len, found)) <= 200
    assert ids.of(replace(person(first, "desk-7"), name="Bo")) == "desk-7"
