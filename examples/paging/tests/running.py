"""The two programs that the tests run: a service that takes pages, and the consumer."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from frontline_testkit import Frontline

PATIENCE = 30.0  # seconds


def eventually(holds: Callable[[], object]) -> None:
    """Return when it holds; fail if it does not in time."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class PagingService:
    """Takes pages over HTTP. While `status` is not 204, it answers with that and takes nothing."""

    def __init__(self) -> None:
        self.status = 204
        self.refusals = 0
        self._taken: list[dict[str, Any]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                page = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                service.take(page, self)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def take(self, page: dict[str, Any], answer: BaseHTTPRequestHandler) -> None:
        """Note a page and answer."""
        if self.status == 204:
            self._taken.append(page)
        else:
            self.refusals += 1
        answer.send_response(self.status)
        answer.send_header("Content-Length", "0")
        answer.end_headers()

    def pages(self, case: str) -> list[dict[str, Any]]:
        """The pages of a case, in the order in which they came."""
        return [page for page in self._taken if page["case_id"] == case]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class Consumer:
    """The consumer in a process of its own, with a group and a journal that outlive it."""

    def __init__(self, folder: Path, frontline: Frontline, url: str) -> None:
        self.journal = folder / "paging.db"
        self._log = (folder / "consumer.log").open("ab")
        self._environment = {
            **os.environ,
            "PAGING_KAFKA": frontline.kafka,
            "PAGING_URL": url,
            "PAGING_GROUP": f"paging-{uuid.uuid4().hex}",
            "PAGING_INSTANCE": "1",
            "PAGING_JOURNAL": str(self.journal),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **settings: str) -> None:
        """Start it; it goes on where its group is."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "paging"], cwd=Path(__file__).parents[1],
            env=self._environment | settings, stdout=self._log, stderr=self._log,
        )  # fmt: skip

    def end(self, signal_number: int) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(signal_number)
            self._process.wait(PATIENCE)

    def close(self) -> None:
        """End it, if it runs."""
        self.end(signal.SIGKILL)
        self._log.close()
