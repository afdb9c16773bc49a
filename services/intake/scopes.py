"""[pure] The scopes of API keys: what a client may do."""

from typing import Literal

Scope = Literal["submit", "agent", "backfill", "admin"]
AGENT_SCOPE: Scope = "agent"  # of a desk: activity on any case, and cases that agents open
