"""A service without HTTP of its own, as short as one can be."""

import asyncio
import os
import sys
from pathlib import Path

from shared import process
from shared.http.service_settings import ServiceSettings
from shared.observability.health import Readiness


def prepare(_settings: ServiceSettings) -> process.BackgroundService:
    """Ready at once; leaves a file when it is cancelled."""
    readiness = Readiness()

    async def run() -> None:
        readiness.set("follower", True)
        try:
            await asyncio.Event().wait()
        finally:
            Path(os.environ["FOLLOWER_FILE"]).touch()

    return process.BackgroundService(readiness, run)


if __name__ == "__main__":
    sys.exit(process.main("follower", ServiceSettings, prepare))
