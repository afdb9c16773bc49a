"""The load of `make bench-board`, short: what it measures is there, and nothing is missing or doubled after a kill."""

from tests.bench.board_load import PAGES, QUERIES, SUMS, UPDATE, Load, as_json, measured, table


async def test_a_board_killed_under_load_has_each_case_and_each_record_once(bootstrap: str) -> None:
    """And each update was to be seen on the stream, which went on with the last id that it had."""
    done = await measured(Load(cases=600, rate=60, seconds=5, kill=True, pause=0.01), bootstrap)
    assert done.wrong == []
    assert done.latencies.keys() == {*QUERIES, *PAGES, SUMS, UPDATE}
    assert len(done.latencies[UPDATE]) > 100
    assert "killed; ready again after" in table(done)
    assert as_json(done)["records"] > 1_200
