"""Downloads locked jars from a Maven repository: several at once, resumable, with verified checksums."""

import hashlib
import os
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from jgo.constants import MAVEN_CENTRAL_URL

from shared.backoff import Backoff
from shared.embedded_kafka.errors import JarChecksumMismatch, JarMissing
from shared.embedded_kafka.jar import Jar, ShowStep

CONCURRENT = 4  # downloads
ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 4.0  # seconds before another attempt
CHUNK = 256 * 1024  # bytes


def repository_url() -> str:
    """The Maven repository to download from: `FRONTLINE_MAVEN_URL` for a mirror, else Maven Central."""
    return (os.environ.get("FRONTLINE_MAVEN_URL") or str(MAVEN_CENTRAL_URL)).rstrip("/")


def http_client() -> httpx.Client:
    """A client that obeys the usual proxy and certificate variables, with REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE."""
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    verify: ssl.SSLContext | bool = True
    if bundle and "SSL_CERT_FILE" not in os.environ and Path(bundle).is_file():
        verify = ssl.create_default_context(cafile=bundle)
    return httpx.Client(verify=verify, follow_redirects=True, timeout=httpx.Timeout(30, connect=10))


def download(jars: list[Jar], folder: Path, show_step: ShowStep) -> None:
    """Download `jars` to `folder`. The caller holds the folder's lock. Raises JarMissing or JarChecksumMismatch."""
    progress = _Progress(sum(jar.size for jar in jars), show_step)
    with http_client() as client, ThreadPoolExecutor(CONCURRENT) as pool:
        running = [pool.submit(_download_one, client, jar, folder, progress) for jar in jars]
        try:
            for future in running:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Progress:
    """Counts the bytes of all downloads together and shows the sum, at most ten times a second."""

    def __init__(self, total: int, show_step: ShowStep) -> None:
        self._total = total
        self._show_step = show_step
        self._done = 0
        self._shown_at = 0.0
        self._guard = threading.Lock()

    def add(self, count: int) -> None:
        with self._guard:
            self._done += count
            if time.monotonic() - self._shown_at > 0.1 or self._done >= self._total:
                self._shown_at = time.monotonic()
                self._show_step(f"downloading Kafka: {self._done / 1e6:.0f} of {self._total / 1e6:.0f} MB")


def _download_one(client: httpx.Client, jar: Jar, folder: Path, progress: _Progress) -> None:
    part = folder / f"{jar.file_name}.part"
    if part.exists():
        _fetch_with_retries(client, jar, part, progress)
        if not jar.is_at(part):  # it was a part of another file
            part.unlink()
    if not part.exists():
        _fetch_with_retries(client, jar, part, progress)
    if not jar.is_at(part):
        with part.open("rb") as file:
            actual = hashlib.file_digest(file, "sha256").hexdigest()
        part.unlink()
        raise JarChecksumMismatch(jar=jar.file_name, actual=actual, expected=jar.sha256)
    part.replace(folder / jar.file_name)


def _fetch_with_retries(client: httpx.Client, jar: Jar, part: Path, progress: _Progress) -> None:
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    for attempt in range(ATTEMPTS):
        try:
            _fetch(client, jar, part, progress)
            break
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if attempt == ATTEMPTS - 1 or not _is_transient(error):
                raise JarMissing(jar=jar.file_name, folder=part.parent, reason=_reason(error)) from error
            time.sleep(backoff.next())


def _fetch(client: httpx.Client, jar: Jar, part: Path, progress: _Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    if have >= jar.size:  # a complete file, or one of other content: the caller checks its checksum
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    with client.stream("GET", f"{repository_url()}/{jar.repository_path}", headers=headers) as response:
        response.raise_for_status()
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        progress.add(have if resumed else 0)
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes(CHUNK):
                file.write(chunk)
                progress.add(len(chunk))


def _is_transient(error: Exception) -> bool:
    """Whether another attempt may succeed: after an error of network or server, not "not found" or "forbidden"."""
    return not isinstance(error, httpx.HTTPStatusError) or error.response.status_code >= 500


def _reason(error: Exception) -> str:
    if isinstance(error, httpx.HTTPStatusError):
        return f"the repository answers {error.response.status_code}"
    return str(error) or type(error).__name__
