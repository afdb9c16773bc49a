"""`frontline settings` tells what is wrong with the settings of several services, before any of them is started."""

import json
import re

from tests.harness.command_line import frontline_text
from tests.harness.intake import ID_SECRET, api_keys

RIGHT = {"FRONTLINE_API_KEYS": api_keys(), "FRONTLINE_ID_SECRET": ID_SECRET}


def test_right_settings_are_said_to_be_right() -> None:
    """Silence could also mean that nothing was looked at."""
    done = frontline_text("settings", environment=RIGHT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "the settings of intake, board, router, escalation are right\n"


def test_what_several_services_have_in_common_is_told_once() -> None:
    """One line for each mistake to mend, not for each service that would meet it."""
    wrong = RIGHT | {
        "FRONTLINE_POLICIES": "nope",
        "FRONTLINE_ID_SECRET": "short",
        "FRONTLINE_OVERDUE_ALARM_SECONDS": "0",
    }
    done = frontline_text("settings", "--json", environment=wrong)
    told = json.loads(done.stdout)
    assert (done.returncode, told["services"]) == (2, ["intake", "board", "router", "escalation"])
    assert sorted(re.split("[=:]", line)[0].removeprefix("FRONTLINE_") for line in told["wrong"]) == [
        "ID_SECRET",
        "OVERDUE_ALARM_SECONDS",
        "POLICIES",
    ]


def test_only_the_named_services_are_asked() -> None:
    """A machine of routers has no API keys."""
    done = frontline_text("settings", "router")
    assert (done.returncode, done.stdout) == (0, "the settings of router are right\n")
    assert frontline_text("settings", "nonsense").returncode == 2
