"""`python -m services.intake` as a process: how it starts, what it logs, how it ends."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.harness.intake import ID_SECRET, api_keys, key_of, submission, topics_at

SECRETS = {
    "description": "Zq1 words of a customer",
    "subject": "Zq2 subject of a customer",
    "name": "Zq3 Ana Gomez",
    "email": "zq4@acme.test",
    "meeting_id": "Zq5-918-273",
    "host_key": "Zq6-557331",
    "text": "Zq7 reply of an agent",
}


def _environment(**given: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTLINE_")}
    return kept | {
        "FRONTLINE_API_KEYS": api_keys(),
        "FRONTLINE_ID_SECRET": ID_SECRET,
        "FRONTLINE_HTTP_PORT": "0",
        "FRONTLINE_LOG_FORMAT": "json",
        **given,
    }


async def _run(**given: str) -> tuple[int | None, str]:
    """Run it to its end. Returns its exit code and its output."""
    process = await _start(**given)
    _, output = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


async def _start(**given: str) -> Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.intake"), env=_environment(**given), stdout=PIPE, stderr=PIPE
    )


@asynccontextmanager
async def _running(**given: str) -> AsyncIterator[tuple[Process, str, list[str]]]:
    """A running intake: the process, its address, and the lines of its log so far."""
    process = await _start(**given)
    lines: list[str] = []
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            lines.append(line.decode())
            entry = json.loads(line)
            if entry.get("action") == "http.listening":
                listening.set_result(f"http://{entry['host']}:{entry['port']}")

    reading = asyncio.create_task(read())
    try:
        yield process, await asyncio.wait_for(listening, 60), lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading


async def _ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while (await http.get("/readyz")).status_code != 200:  # noqa: ASYNC110 - another process: nobody tells us
            await asyncio.sleep(0.05)


async def _half_a_submission(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """A call whose head has been read and whose body is awaited (100 Continue says so), and that body."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(submission()).encode()
    writer.write(
        f"POST /v1/support-requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key_of('all')}\r\n"
        f"Expect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    )
    interim = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert interim.startswith(b"HTTP/1.1 100 ")
    return reader, writer, body


async def test_wrong_settings_end_it_with_one_line_for_each(bootstrap: str) -> None:
    """Before anything is opened; exit code 2."""
    code, output = await _run(FRONTLINE_KAFKA_BOOTSTRAP=bootstrap, FRONTLINE_HTTP_PORT="x", FRONTLINE_RECENT_HOURS="-1")
    assert code == 2
    assert len(output.splitlines()) == 2
    assert "FRONTLINE_HTTP_PORT" in output
    assert "FRONTLINE_RECENT_HOURS" in output


async def test_a_policy_that_does_not_exist_ends_it(bootstrap: str) -> None:
    """Calendars and reminders come from it; guessing would be worse."""
    code, output = await _run(FRONTLINE_KAFKA_BOOTSTRAP=bootstrap, FRONTLINE_POLICIES="guidelines-1999")
    assert code == 2
    assert output.startswith("FRONTLINE_POLICIES: ")
    assert "guidelines-2021" in output


async def test_a_port_in_use_ends_it_with_one_line(bootstrap: str) -> None:
    """Exit code 1: the settings are right, the machine is busy."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, output = await _run(FRONTLINE_KAFKA_BOOTSTRAP=bootstrap, FRONTLINE_HTTP_PORT=str(port))
    assert code == 1
    assert len(output.splitlines()) == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in output


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_it_ends_cleanly_within_five_seconds(bootstrap: str, sign: signal.Signals) -> None:
    """With a call under way and an event stream open: the call is answered, the stream ends, the exit code is 0."""
    await topics_at(bootstrap)
    async with (
        _running(FRONTLINE_KAFKA_BOOTSTRAP=bootstrap) as (process, url, lines),
        httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key_of('all')}"}, timeout=20) as http,
    ):
        await _ready(http)
        request_id = (await http.post("/v1/support-requests", json=submission())).json()["request_id"]
        async with http.stream("GET", f"/v1/support-requests/{request_id}/events") as stream:
            chunks = stream.aiter_raw()
            await anext(chunks)
            reader, writer, body = await _half_a_submission(url)
            began = time.monotonic()
            process.send_signal(sign)
            rest = [chunk async for chunk in chunks]  # ends because the stream does
            writer.write(body)
            answer = await asyncio.wait_for(reader.read(), 10)
            await asyncio.wait_for(process.wait(), 10)
            took = time.monotonic() - began
            writer.close()
    assert process.returncode == 0
    assert took < 5
    assert rest == []
    assert answer.startswith(b"HTTP/1.1 202 ")
    assert json.loads(lines[-1])["action"] == "service.ended"


async def test_no_secret_and_no_text_of_a_customer_is_logged(bootstrap: str) -> None:
    """At the most verbose level, with calls that succeed, calls that are refused and calls with wrong keys."""
    await topics_at(bootstrap)
    phone = {"meeting_id": SECRETS["meeting_id"], "host_key": SECRETS["host_key"]}
    requester = {
        "requester_id": "u",
        "role": "owner",
        "licensed": True,
        "name": SECRETS["name"],
        "email": SECRETS["email"],
    }
    good = submission(requester=requester, phone=phone, subject=SECRETS["subject"], description=SECRETS["description"])
    async with _running(FRONTLINE_KAFKA_BOOTSTRAP=bootstrap, FRONTLINE_LOG_LEVEL="debug") as (process, url, lines):
        async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key_of('all')}"}) as http:
            await _ready(http)
            answers = [
                await http.post("/v1/support-requests", json=good),
                await http.post("/v1/support-requests", json={**good, "impact": SECRETS["description"]}),
                await http.post("/v1/support-requests", json={**good, "fields": {"impact": SECRETS["text"]}}),
                await http.post("/v1/support-requests", json={**good, "fields": {SECRETS["text"]: "down"}}),
                await http.post(
                    "/v1/support-requests", json={**good, SECRETS["name"]: 1, "phone": SECRETS["host_key"]}
                ),
                await http.post(
                    "/v1/support-requests", content=json.dumps(good)[:-1], headers={"Content-Type": "application/json"}
                ),
                await http.post("/v1/cases/c/activity", json={"type": "agent_replied", "text": SECRETS["text"]}),
                await http.post("/v1/cases/c/activity", json={"type": "closed", "to": SECRETS["text"]}),
                await http.post("/v1/cases/c/activity", json={"type": "acknowledged", "milestone": SECRETS["text"]}),
                await http.get("/v1/support-requests/x", headers={"Authorization": "Bearer fl_Zq8WrongKey"}),
            ]
        assert [answer.status_code for answer in answers] == [202, 422, 422, 422, 422, 400, 202, 422, 422, 401]
        process.terminate()
        await process.wait()
    assert process.stdout is not None
    output = "".join(lines) + (await process.stdout.read()).decode()
    assert "http.listening" in output
    for secret in (*SECRETS.values(), key_of("all"), "fl_Zq8WrongKey"):
        assert secret not in output
        assert not any(secret in answer.text for answer in answers)
