"""What escalation takes from its environment, read once at the start."""

from pydantic import Field

from shared.policy.settings import PolicySettings
from shared.streams.service_settings import TaskServiceSettings


class EscalationSettings(TaskServiceSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""

    overdue_alarm_seconds: float = Field(
        10.0, gt=0, description="a timer that is due for longer is an alarm in the log"
    )
