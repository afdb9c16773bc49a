"""The pages of intake, for customers: the form, and the page of a request; and for agents: the chats."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
CHATS = "/agent/chats"  # of agents: services/intake/pages/agent_routes.py
