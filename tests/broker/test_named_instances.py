"""Two processes of one service with the same FRONTLINE_INSTANCE: the older one ends, and says why."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.harness.service_process import service_process


async def test_a_process_that_is_replaced_ends_with_exit_code_1_and_names_the_setting(
    bootstrap: str, tmp_path: Path
) -> None:
    """A supervisor sees the exit code, and a person the one line; the newer process keeps all partitions.

    With code 0 it would look as if somebody had stopped it. It ends by itself, its tasks running until then.
    """
    settings: dict[str, Any] = {
        "FRONTLINE_KAFKA_BOOTSTRAP": bootstrap,
        "FRONTLINE_NAMESPACE": f"same-{uuid4().hex[:8]}",
        "FRONTLINE_PARTITIONS": "2",
        "FRONTLINE_INSTANCE": "same",
    }
    async with (
        service_process("router", tmp_path / "older.log", **settings) as older,
        service_process("router", tmp_path / "newer.log", **settings) as newer,
    ):
        await older.start()
        await older.until("/readyz", 200)
        await newer.start()
        assert await older.ended() == 1
        lines = [json.loads(line) for line in older.log.read_text(encoding="utf-8").splitlines()]
        last = lines[-1]
        assert (last["level"], last["action"], "exception" in last) == ("error", "instance.replaced", False)
        assert last["event"].startswith("FRONTLINE_INSTANCE=same: another process has joined with this name")
        assert last["event"].endswith("Give each instance a name of its own")
        assert [line["action"] for line in lines if line["level"] == "error"] == ["instance.replaced"]
        checks = (await newer.until("/readyz", 200)).json()["checks"]
        assert checks["group"]["detail"] == "2 partitions assigned"
        assert newer.running
        assert "instance.replaced" not in newer.log.read_text(encoding="utf-8")
