"""`python -m paging`: runs the consumer until Ctrl-C or SIGTERM."""

import asyncio

from paging.app import make_app
from paging.settings import Settings

if __name__ == "__main__":
    asyncio.run(make_app(Settings()).run())
