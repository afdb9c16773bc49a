"""`python testkit/record_samples.py [--all]`: records the samples of the kit from a real system.

It starts Frontline (FRONTLINE_COMMAND), has everything happen that there is an event for, and writes one record of each
type that has no sample yet; with `--all`, of every type. It exits with 1 if a type did not happen.
"""

import json
import sys
from pathlib import Path

from frontline_testkit import Event, Frontline, FrontlineCommand
from frontline_testkit.event import short_type
from frontline_testkit.events import TYPES, CaseRouted, EscalationRequested
from frontline_testkit.model import Data

SAMPLES = Path(__file__).parent / "src" / "frontline_testkit" / "samples"


def the_main_case(frontline: Frontline) -> str:
    """A case that misses its promises, escalates, and is worked on in every way; returns its id."""
    contact = {"requester_id": "ana", "role": "admin", "licensed": True, "email": "ana@acme.example"}
    account = frontline.set_entitlement("acme", contacts=[contact])
    case = frontline.submit(account, impact="down")
    routed = frontline.wait_for(CaseRouted, case=case)
    frontline.activity(case, "escalation_requested", reason="We cannot wait.")
    frontline.wait_for("escalation.refused", case=case)
    frontline.activity(case, "assigned", to="bruno")
    frontline.advance(minutes=50)
    frontline.wait_for("clock.warned", case=case)
    frontline.advance(minutes=20)
    frontline.wait_for("clock.breached", case=case)
    breach = frontline.wait_for("escalation.raised", case=case)
    frontline.activity(case, "acknowledged", milestone="first_response")
    # Sent in time, and reported late: the verdict changes.
    frontline.activity(case, "agent_replied", text="We are on it.", at=routed.data.received_at)
    frontline.wait_for("clock.restated", case=case)
    frontline.activity(case, "status_changed", to="waiting_on_customer")
    frontline.wait_for("clock.paused", case=case)
    frontline.activity(case, "customer_replied", text="It still happens.")
    frontline.activity(case, "status_changed", to="open")
    frontline.wait_for("clock.resumed", case=case)
    reply = frontline.activity(case, "agent_replied", text="Meant for somebody else.")
    frontline.activity(case, "reply_retracted", retracts=reply, reason="It was for another case.")
    _the_rest(frontline, case, routed, breach)
    return case


def _the_rest(frontline: Frontline, case: str, routed: Event[CaseRouted], breach: Event[Data]) -> None:
    """What has no effect on the clocks of that case, what changes its terms, and its end."""
    frontline.activity(case, "bot_replied", text="Here is an article about it.")
    frontline.activity(case, "internal_note", text="The same as last week.")
    frontline.activity(case, "handed_over", to="network team")
    frontline.activity(case, "milestone_reached", milestone="restoration")
    frontline.activity(case, "entitlement_refreshed", plan="premier", reason="The contract has changed.")
    frontline.activity(case, "policy_migrated", edition=routed.data.edition, policy_sha256=routed.data.policy_sha256)
    frontline.activity(case, "reprioritised", fields={"impact": "significant"}, reason="Half of it works again.")
    for accepted, answer in ((False, "escalation.rejected"), (True, "escalation.accepted")):
        frontline.advance(hours=25)
        asked = frontline.activity(case, "escalation_requested", reason="It takes too long.")
        frontline.wait_for(EscalationRequested, case=case, escalation_id=asked)
        frontline.activity(case, "escalation_reviewed", accepted=accepted)
        frontline.wait_for(answer, case=case, escalation_id=asked)
    frontline.activity(case, "restored")
    frontline.wait_for("clock.fulfilled", case=case, milestone="restoration")
    frontline.activity(case, "resolved", text="A router was replaced.")
    frontline.activity(case, "closed")
    frontline.wait_for("case.closed", case=case)
    frontline.activity(case, "customer_replied", text="Thank you!")
    frontline.wait_for("case.message_on_closed", case=case)
    frontline.activity(case, "reopened", reason="It happens again.")
    frontline.wait_for("case.reopened", case=case)
    frontline.activity(case, "withdrawn", reason="It was our own network.")


def other_cases(frontline: Frontline) -> None:
    """A case whose plan does not escalate by itself and which is closed while its clocks run; the end of a contract."""
    account = frontline.set_entitlement("globex", plan="premier", country="DE")
    case = frontline.submit(account, impact="down")
    frontline.wait_for("case.routed", case=case)
    frontline.advance(minutes=70)
    frontline.wait_for("escalation.suppressed", case=case)
    frontline.activity(case, "withdrawn")
    frontline.wait_for("clock.cancelled", case=case)
    frontline.withdraw_entitlement(account)
    frontline.wait_for("entitlement.withdrawn", account=account)


def chosen(events: list[Event[Data]], main_case: str) -> dict[str, Event[Data]]:
    """One event of each type that happened: of the main case where it has one."""
    found: dict[str, Event[Data]] = {}
    for event in events:
        if event.ce_type not in found or event.key == main_case != found[event.ce_type].key:
            found[event.ce_type] = event
    return found


def write(event: Event[Data]) -> None:
    """Write the sample of one type."""
    sample = {
        "topic": event.topic,
        "key": event.key,
        "headers": event.text_headers,
        "value": json.loads(event.value),
    }
    text = json.dumps(sample, indent=2, ensure_ascii=False) + "\n"
    (SAMPLES / f"{event.type}.json").write_text(text, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    system = FrontlineCommand()
    frontline = Frontline(system.start())
    try:
        main_case = the_main_case(frontline)
        other_cases(frontline)
        found = chosen(frontline.events(), main_case)
        for event in found.values():
            if arguments == ["--all"] or not (SAMPLES / f"{event.type}.json").exists():
                write(event)
                print(f"{event.type}.json")
    finally:
        frontline.close()
        system.stop()
    missing = [short_type(ce_type) for ce_type in TYPES if ce_type not in found]
    if missing:
        print(f"these did not happen: {', '.join(missing)}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
