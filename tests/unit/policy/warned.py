"""The warnings about a small edition, for tests of what `policy check` warns of."""

from shared.messages.catalogues import messages_in
from shared.policy.document import Source
from shared.policy.loader import Checked, check
from shared.policy.mistakes import PolicyWarning
from tests.unit.policy.small_edition import FILE, DictShelf, changed

# A plan with targets has automated escalation, so that there is no warning.
QUIET = changed("plans: [premier]\n    priorities: [P3]", "plans: [premier, premier_plus]\n    priorities: [P3]")

UPDATED = changed(
    "  restoration:\n    name:",
    "  periodic_update: {name: {es: n, en: u}, starts: submitted, again: at_fulfilment, "
    "fulfilled_by: [agent_replied]}\n"
    "  restoration:\n    name:",
    QUIET,
)
BASE = changed("edition: small", "edition: base", QUIET)
CHILD = "edition: child\nextends: base\n"
LEVELS = "  - {kind: warning, level: 0, share: 0.5, called: case_tier}\n"
LEVELS += "  - {kind: escalation, level: 1, share: 1.0, called: tier2}\n"


def levels(text: str) -> str:
    """The small edition with these levels."""
    return changed(LEVELS, text, QUIET)


def checked(text: str, **others: str) -> Checked:
    """The edition and its warnings; `base` is there unless another one is given."""
    files = {f"{name}.yaml": other for name, other in {"base": BASE, **others}.items()}
    return check(Source(FILE, text), DictShelf(files))


def in_words(found: Checked) -> list[str]:
    """The warnings as `policy check` prints them, without those that a less urgent priority is better off."""
    return [_line(warning) for warning in others_than_monotony(found)]


def others_than_monotony(found: Checked) -> list[PolicyWarning]:
    """The warnings without those that a less urgent priority is better off."""
    return [warning for warning in found.warnings if not warning.reason.code.startswith("policy.warning.urgent_")]


def _line(warning: PolicyWarning) -> str:
    return warning.text(messages_in("en"))


def shown(text: str, **others: str) -> list[str]:
    """The warnings about `text`."""
    return in_words(checked(text, **others))
