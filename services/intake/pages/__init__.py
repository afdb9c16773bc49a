"""The pages of intake, for customers: the form, and the page of a request."""

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
