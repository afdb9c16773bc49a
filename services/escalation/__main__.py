"""`python -m services.escalation`: runs escalation from its environment.

Exit codes: 0 after SIGTERM or SIGINT, 1 if it failed, 2 for bad settings or a policy that cannot be used.
"""

import sys

from services.escalation.app import escalation
from services.escalation.settings import EscalationSettings
from shared.kafka.settings import BadSettings, load
from shared.policy.files import load_library
from shared.policy.mistakes import PolicyError
from shared.streams.service import BAD_SETTINGS, run


def main() -> int:
    """Read the settings, load the policy, run until told to end."""
    try:
        settings = load(EscalationSettings)
        library = load_library(settings.policies)
    except (BadSettings, PolicyError) as error:
        print(error, file=sys.stderr)
        return BAD_SETTINGS
    return run(escalation(library, settings.partitions, settings.overdue_alarm_seconds), settings)


if __name__ == "__main__":
    sys.exit(main())
