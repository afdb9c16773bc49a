"""What the router takes from its environment, read once at the start."""

from shared.policy.settings import PolicySettings
from shared.streams.service_settings import TaskServiceSettings


class RouterSettings(TaskServiceSettings, PolicySettings):
    """Every setting is the variable FRONTLINE_… of the same name in capitals; `.env.example` explains them."""
