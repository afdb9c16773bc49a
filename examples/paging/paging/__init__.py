"""An example of a consumer of Frontline's events: it pages whoever an escalation calls."""
