"""The pages of the board."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
