"""The names in Kafka: a prefix and its inverse, as a setting that is refused unless it is part of a legal name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.topics import TOPICS
from shared.kafka.namespace import PATTERN, Namespace
from shared.kafka.settings import BadSettings, KafkaSettings, load

NAMESPACES = st.from_regex(PATTERN.removesuffix("$") + r"\Z")
NAMES = st.sampled_from([topic.name for topic in TOPICS])


@given(NAMESPACES, NAMES)
def test_the_logical_name_is_the_inverse_of_the_physical_one(namespace: str, name: str) -> None:
    """Whatever a client returns is found again under the name that it was asked for."""
    names = Namespace(namespace)
    assert names.logical(names.physical(name)) == name
    assert len(names.physical(name)) <= 249, "Kafka's limit for a topic"


def test_a_namespace_precedes_the_name_with_a_dot() -> None:
    """So that an ACL on the prefix `acme.` covers a system, and nothing of `acme2`."""
    assert Namespace("acme").physical("support.requests.v1") == "acme.support.requests.v1"
    assert Namespace().physical("support.requests.v1") == "support.requests.v1"


@given(NAMESPACES.filter(bool), NAMES)
def test_a_name_of_another_namespace_has_no_logical_name(namespace: str, name: str) -> None:
    """The topics of others are on the same cluster."""
    assert Namespace(namespace).logical(Namespace("a-quite-different-one").physical(name)) is None
    assert Namespace(namespace).logical(f"{namespace}2.{name}") is None


@pytest.mark.parametrize("wrong", ["Acme", ".acme", "acme corp", "acme/eu", "a" * 50, "ácme", "acme\n"])
def test_a_namespace_that_is_no_part_of_a_name_is_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the start, by the name of the variable, and not by the broker later."""
    monkeypatch.setenv("FRONTLINE_NAMESPACE", wrong)
    with pytest.raises(BadSettings, match="FRONTLINE_NAMESPACE="):
        load(KafkaSettings)


@pytest.mark.parametrize("right", ["", "acme", "acme.eu", "0-team_b"])
def test_a_namespace_is_a_setting(right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is no namespace: compose passes it like that."""
    monkeypatch.setenv("FRONTLINE_NAMESPACE", right)
    assert load(KafkaSettings).names == Namespace(right)
