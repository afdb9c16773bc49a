"""A visit of intake's pages: who looks at one, and the parts of intake."""

from services.intake.service import Service
from shared.pages import visit

Visit = visit.Visit[Service]
