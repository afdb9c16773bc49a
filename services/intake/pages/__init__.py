"""The pages of intake: the form, the page of a request, the chat. Agents work on the board (`services/board/pages`)."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
