"""`frontline decide`: the interface that scripts rely on, run as they run it."""

import json
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.cli.decide import decide as decide_command
from services.cli.decide import decider
from services.cli.jsonl import BadInput
from shared.contracts import wire
from shared.messages.catalogues import messages_in
from shared.policy.editions import EditionLibrary
from tests.harness.command_line import frontline_text
from tests.harness.shipped import shipped_edition, shipped_library

LINE: dict[str, Any] = {
    "account": {
        "account_id": "acme",
        "plan": "premier_plus",
        "account_type": "enterprise",
        "paid": True,
        "country": "ES",
        "contacts": [],
    },
    "requester": {"requester_id": "u1", "role": "admin", "licensed": True},
    "request": {
        "channel": "phone",
        "fields": {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"},
    },
    "at": "2026-11-23T10:00:00Z",
}
Decide = Callable[[dict[str, Any]], dict[str, Any]]
Run = Callable[..., "Answered"]


def line(**changes: Any) -> dict[str, Any]:
    """The example, with `request__channel="chat"` for a field inside; None for a field that is left out: `...`."""
    changed = deepcopy(LINE)
    for path, value in changes.items():
        *outer, name = path.split("__")
        inside: Any = changed
        for step in outer:
            inside = inside[step]
        if value is ...:
            del inside[name]
        else:
            inside[name] = value
    return changed


@pytest.fixture(scope="module")
def decide() -> Decide:
    """A decision as the reader of a line of output sees it."""
    answer = decider(EditionLibrary.single(shipped_edition("guidelines-2021")))
    return lambda asked: json.loads(wire.encode(answer(asked)))


class Answered(NamedTuple):
    """What a run of the command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The answers."""
        return [json.loads(text) for text in self.out.splitlines()]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answered]:
    """The command on these lines, in this process: a new one would take seconds to load the policy."""

    def run(*given: dict[str, Any] | str, policy: str | None = None) -> Answered:
        file = tmp_path / "lines.jsonl"
        file.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in given))
        code = decide_command(file, policy=policy)
        sys.stdout.flush()
        return Answered(code, *capfd.readouterr())

    return run


def test_the_example_is_answered_as_promised(decide: Decide) -> None:
    """The interface's own example, each value of it."""
    decision = decide(LINE)
    assert list(decision)[:12] == [
        "assigned_channel",
        "assigned_tier",
        "priority",
        "needs_triage",
        "channels",
        "milestones",
        "escalation",
        "phone_numbers",
        "edition",
        "policy_sha256",
        "trace",
        "priority_rule",
    ]
    assert (decision["assigned_channel"], decision["assigned_tier"], decision["priority"]) == ("phone", "tier2", "P1")
    assert decision["needs_triage"] is False
    assert decision["channels"]["phone"] == {"eligible": True, "tier": "tier2", "rule": "premier.tier2"}
    first = decision["milestones"]["first_response"]
    assert first == {
        "target_seconds": 3600,
        "hours": "elapsed",
        "promise": "objective",
        "due_at": "2026-11-23T11:00:00Z",
    }
    restoration = decision["milestones"]["restoration"]
    assert (restoration["target_seconds"], restoration["due_at"]) == (14400, "2026-11-23T14:00:00Z")
    assert decision["escalation"] == {"automated": True, "technical_account_manager": True, "customer_requested": True}
    number = {"country": "ES", "as_printed": "+34 932207485 ext. 2", "dial": "+34932207485", "e164": "+34932207485"}
    assert decision["phone_numbers"] == [number | {"extension": "2"}]
    assert (decision["edition"], len(decision["policy_sha256"])) == ("guidelines-2021", 64)
    assert all(step.keys() - {"facts"} == {"rule", "outcome", "reason", "because"} for step in decision["trace"])


def test_a_closed_channel_and_a_missing_target_have_the_promised_shape(decide: Decide) -> None:
    """Readers tell "no" from "not there" by these keys."""
    decision = decide(line(account__plan="access", requester__licensed=False))
    keys = {"eligible", "tier", "rule", "reason", "facts", "because", "use_instead"}
    assert decision["channels"]["phone"].keys() == keys
    assert (decision["channels"]["phone"]["eligible"], decision["channels"]["phone"]["tier"]) == (False, None)
    expected = {"target_seconds": None, "reason": "no_priority_response", "due_at": None}
    assert decision["milestones"] == {"first_response": expected, "restoration": expected}


def test_no_account_is_an_unknown_account(decide: Decide) -> None:
    """`null` says that the producer named one which nobody has told us of."""
    decision = decide(line(account=None))
    assert (decision["assigned_channel"], decision["needs_triage"]) == ("help_center", True)
    assert decision["entitlement"]["standing"] == "unknown_account"


@pytest.mark.parametrize(
    ("changes", "standing"),
    [
        ({"account__plan": "gold"}, "plan_not_in_edition"),
        ({"requester__role": "boss"}, "plan_not_in_edition"),
        ({"account__valid_from": "2026-11-23T10:00:01Z"}, "not_yet_valid"),
        ({"account__valid_until": "2026-11-23T10:00:00Z"}, "expired"),
        ({"account__valid_from": "2026-11-23T10:00:00Z", "account__valid_until": "2026-11-23T10:00:01Z"}, "covered"),
    ],
)
def test_an_entitlement_that_the_edition_cannot_count_is_no_error(
    decide: Decide, changes: dict[str, Any], standing: str
) -> None:
    """The account is as it is; the requester gets self-service and somebody has to look."""
    decision = decide(line(**changes))
    assert decision["entitlement"]["standing"] == standing
    assert decision["needs_triage"] is (standing != "covered")


def test_a_case_opened_by_an_agent_owes_no_first_response(decide: Decide) -> None:
    """Whoever opens a case on a customer's behalf has spoken with them."""
    decision = decide(line(request__opened_by="agent"))
    assert decision["milestones"]["first_response"]["reason"] == "opened_by_agent"
    assert decision["milestones"]["restoration"]["target_seconds"] == 14400


def test_billing_goes_to_the_billing_team_whatever_was_asked_for(decide: Decide) -> None:
    """The trace says so in a sentence."""
    decision = decide(line(request__fields__request_type="billing"))
    assert (decision["assigned_channel"], decision["assigned_tier"]) == ("billing", "billing")
    assert {terms["reason"] for terms in decision["milestones"].values()} == {"billing_team"}
    sent = "such requests go to billing (billing), whatever channel they ask for; this one asked for phone"
    assert sent in [step["because"] for step in decision["trace"]]


def test_what_intake_takes_beside_is_taken_here(decide: Decide) -> None:
    """Contacts with e-mail, the requester's name, country, language, and what a caller has at hand."""
    contacts = [{"requester_id": "u1", "role": "member", "licensed": True, "email": "u1@example.com"}]
    request = LINE["request"] | {
        "country": "FR",
        "language": "es",
        "phone": {"meeting_id": "555 0100 000", "host_key": "000000"},
    }
    requester = LINE["requester"] | {"name": "Ann", "email": None}
    text = json.dumps(decide(line(account__contacts=contacts, request=request, requester=requester)))
    assert '"requester_from": "contact_list"' in text
    assert '"country": "FR"' in text
    assert "555 0100" not in text
    assert "host key" not in text
    assert "clave de anfitri" not in text


def test_an_instant_of_another_zone_is_the_same_instant(decide: Decide) -> None:
    """Times come with any offset and leave in UTC."""
    assert decide(line(at="2026-11-23T11:00:00+01:00")) == decide(LINE)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"account": ...}, "account", "required"),
        ({"account__plan": ""}, "account.plan", "must not be empty"),
        ({"account__account_type": None}, "account.account_type", "must be a text"),
        ({"account__paid": "yes"}, "account.paid", "true or false"),
        ({"account__paid": ...}, "account.paid", "required"),
        ({"account__account_id": ""}, "account.account_id", "must not be empty"),
        ({"account__country": "Spain"}, "account.country", "ISO 3166-1"),
        ({"account__colour": "red"}, "account.colour", "not a known field"),
        ({"account__contacts": {}}, "account.contacts", "must be a list"),
        ({"account__valid_until": "tomorrow"}, "account.valid_until", "zone"),
        (
            {"account__contacts": [{"requester_id": "u1", "role": "", "licensed": True}]},
            "account.contacts.0.role",
            "must not be empty",
        ),
        ({"requester": None}, "requester", "must be an object"),
        ({"requester__role": ""}, "requester.role", "must not be empty"),
        ({"requester__licensed": 1}, "requester.licensed", "true or false"),
        ({"request__channel": "fax"}, "request.channel", "help_center"),
        ({"request__channel": ...}, "request.channel", "required"),
        ({"request__fields__impact": "awful"}, "request.fields.impact", "must be one of down, severely_degraded"),
        ({"request__fields__workaround": True}, "request.fields.workaround", "must be a text"),
        ({"request__fields__environment": "test"}, "request.fields.environment", "production"),
        ({"request__fields__request_type": ...}, "request.fields.request_type", "one of technical, billing, other"),
        ({"request__fields__severity": "1"}, "request.fields.severity", "its fields are impact, workaround"),
        ({"request__impact": "down"}, "request.impact", "not a known field"),
        ({"request__opened_by": "robot"}, "request.opened_by", "customer, agent"),
        ({"request__priority": "P1"}, "request.priority", "not a known field"),
        ({"request__phone": {"pin": "1"}}, "request.phone.pin", "not a known field"),
        ({"at": "2026-11-23T10:00:00"}, "at", "zone"),
        ({"at": 1763892000}, "at", ""),
        ({"at": ...}, "at", "required"),
        ({"at": "0001-01-01T00:00:00Z"}, "at", "years 2 to 9998"),
        ({"at": "9998-12-31T23:59:59Z"}, "at", "9998"),
        ({"plan": "premier"}, "plan", "not a known field"),
    ],
)
def test_a_bad_line_names_its_field(decide: Decide, changes: dict[str, Any], field: str, words: str) -> None:
    """Whoever wrote the line finds the mistake by the dotted path, and is told what is allowed."""
    with pytest.raises(BadInput) as refused:
        decide(line(**changes))
    assert refused.value.field == field
    assert words in messages_in()(refused.value.reason.code, **refused.value.reason.facts)


def test_a_bad_line_does_not_stop_the_others_but_ends_in_2(run: Run) -> None:
    """One answer for each line, in order; the exit code tells a script that not all is well."""
    done = run(LINE, line(request__channel="fax"), "not json", "[]", "", line(account=None))
    kinds = [next(iter(answer)) for answer in done.lines]
    assert kinds == ["assigned_channel", "error", "error", "error", "assigned_channel"]
    assert done.lines[1]["error"]["field"] == "request.channel"
    assert (done.code, done.err) == (2, "")


def test_standard_input_is_read_without_a_file() -> None:
    """As pipes do, and as a process of its own."""
    done = frontline_text("decide", "--json", stdin=json.dumps(LINE) + "\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["priority"] == "P1"


def test_the_given_edition_decides_whatever_the_instant(run: Run) -> None:
    """`--policy` asks "what if", also for a time when another edition was in force."""
    decision = run(line(at="2021-05-03T10:00:00Z"), policy="objectives-2024").lines[0]
    assert (decision["edition"], decision["milestones"]["first_response"]["promise"]) == (
        "objectives-2024",
        "commitment",
    )


def test_without_one_the_editions_of_the_settings_decide_by_their_dates(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in the router, which has the same setting."""
    monkeypatch.setenv("FRONTLINE_POLICIES", "guidelines-2021, objectives-2024")
    start = shipped_library("objectives-2024").editions[0].effective_from
    done = run(line(at="2021-05-03T10:00:00Z"), line(at=start.isoformat()))
    assert [decision["edition"] for decision in done.lines] == ["guidelines-2021", "objectives-2024"]


LOJA = str(Path(__file__).parent / "data" / "loja.yaml")
LOJA_LINE: dict[str, Any] = {
    "account": {"account_id": "acme", "plan": "gold", "account_type": "grande", "paid": True, "country": "BR"},
    "requester": {"requester_id": "u1", "role": "usuario", "licensed": False},
    "request": {"channel": "whatsapp", "fields": {"severidade": "s1"}, "language": "pt-BR"},
    "at": "2026-11-23T10:00:00Z",
}


def test_an_edition_of_any_vendor_decides_by_its_own_words(run: Run) -> None:
    """Without a catalogue in its language, sentences are in English, with the edition's names."""
    done = run(LOJA_LINE, LOJA_LINE | {"request": {"channel": "chat", "fields": {"severidade": "s9"}}}, policy=LOJA)
    decision, wrong = done.lines
    assert (decision["assigned_channel"], decision["assigned_tier"], decision["priority"]) == (
        "whatsapp",
        "peritos",
        "S1",
    )
    assert decision["milestones"]["primeira_resposta"]["due_at"] == "2026-11-23T10:15:00Z"
    assert decision["milestones"]["solucao"] | {"due_at": None} == {
        **{"target_seconds": None, "hours": "business", "promise": "objective", "due_at": None},
        **{"target_business_days": 1, "until": "end_of_day"},
    }
    assert decision["calendar"] == "sempre"
    said = [step["because"] for step in decision["trace"]]
    assert "the account is known: plan Ouro, type grande, paid" in said
    assert "WhatsApp is open at peritos" in said
    assert "S1 because severidade is parado and the plan is Ouro" in said
    assert "S1 on plan Ouro: 1 business day, until the end of the day (objective)" in said
    assert "sempre, by rule zap" in said
    assert wrong["error"] == {
        "field": "request.channel",
        "message": "must be one of ajuda, whatsapp, correio, telefone, cobranca",
    }


@pytest.mark.parametrize(
    ("policy", "policies", "words"),
    [
        ("guidelines", None, "guidelines-2021"),
        ("no/such.yaml", None, "no/such.yaml cannot be read"),
        (None, "nix", "there is no edition 'nix'"),
        (None, "", "FRONTLINE_POLICIES"),
    ],
)
def test_a_policy_that_cannot_be_used_is_said_before_anything_is_decided(
    run: Run, monkeypatch: pytest.MonkeyPatch, policy: str | None, policies: str | None, words: str
) -> None:
    """Exit code 2, what is wrong on standard error, nothing on standard output."""
    if policies is not None:
        monkeypatch.setenv("FRONTLINE_POLICIES", policies)
    done = run(LINE, policy=policy)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_a_mistake_in_a_policy_file_names_file_line_and_field(run: Run, tmp_path: Path) -> None:
    """It is written by hand, so it is mended by hand."""
    file = tmp_path / "ours.yaml"
    file.write_text("extends: guidelines-2021\nedition: ours\nplans:\n  premier:\n    priority_response: maybe\n")
    done = run(LINE, policy=str(file))
    assert done.code == 2
    assert f"{file}:5: plans.premier.priority_response" in done.err
