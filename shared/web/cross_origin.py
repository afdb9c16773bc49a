"""CORS: web pages of other origins may call the API from a browser, with a token or a key; only those of a list.

Cookies are never admitted with such calls, so a page elsewhere cannot use the session of a visitor.
"""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from shared.web.answer_headers import HEADERS

_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "If-None-Match", "traceparent")
_SECONDS = 600  # that a browser may keep an answer to its preflight


def install(app: FastAPI, origins: tuple[str, ...]) -> None:
    """Let pages of `origins` call `app`. Without any, browsers let none."""
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.lower() for origin in origins],
            allow_methods=["GET", "POST"],
            allow_headers=_SENT,
            expose_headers=tuple(HEADERS),
            max_age=_SECONDS,
        )
