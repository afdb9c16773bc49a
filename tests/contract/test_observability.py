"""The alerts and the dashboard ask for metrics that exist, with labels that they have, in expressions that Prometheus
can read.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import prometheus_client
import promql_parser
import pytest
from ruamel.yaml import YAML

from tests.contract.test_metrics import KINDS, exported
from tests.contract.tree import ROOT

FOLDER = ROOT / "deploy" / "observability"
ALERTS = [rule for group in YAML(typ="safe").load(FOLDER / "alerts.yml")["groups"] for rule in group["rules"]]
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana/dashboards/frontline.json").read_text(encoding="utf-8"))
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = {
    **{f"alert {rule['alert']}": [rule["expr"]] for rule in ALERTS},
    **{f"panel {panel['title']}": [target["expr"] for target in panel["targets"]] for panel in PANELS},
}
OF_PROMETHEUS = {"job", "instance", "le"}  # labels that a scrape adds, and that of the buckets
SUFFIXES = re.compile("_(bucket|sum|count)$")


@cache
def known() -> set[str]:
    """Metrics of the services, those of every Python process, and the one that Prometheus makes of a scrape."""
    of_processes = {sample.name for each in prometheus_client.REGISTRY.collect() for sample in each.samples}
    return exported() | of_processes | {"up"}


@cache
def labels() -> set[str]:
    """The labels that metrics of the services are defined with."""
    files = [file for folder in ("services", "shared") for file in (ROOT / folder).rglob("*.py")]
    calls = (node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    metrics = (
        call for call in calls
        if isinstance(call, ast.Call) and (getattr(call.func, "id", "") or getattr(call.func, "attr", "")) in KINDS
    )  # fmt: skip
    lists = (argument for call in metrics for argument in call.args if isinstance(argument, ast.List))
    return {str(name.value) for each in lists for name in each.elts if isinstance(name, ast.Constant)} | OF_PROMETHEUS


def parsed(expression: str) -> Any:
    """The tree of an expression; Grafana's variable is an interval."""
    return promql_parser.parse(expression.replace("$__rate_interval", "1m"))


def nodes(node: Any) -> Iterator[Any]:
    """A node and all below it."""
    yield node
    below = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param", "vector_selector")]
    for each in (*below, *getattr(node, "args", ())):
        if each is not None and type(each).__module__ == type(node).__module__:
            yield from nodes(each)


def selectors(expression: str) -> list[Any]:
    """What an expression selects: a metric with its matchers."""
    return [node for node in nodes(parsed(expression)) if isinstance(node, promql_parser.VectorSelector)]


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_an_expression_asks_for_metrics_and_labels_that_exist(where: str) -> None:
    """An alarm on a metric that is not there never rings, and a panel of it is empty: both look like a quiet system."""
    for expression in EXPRESSIONS[where]:
        found = selectors(expression)
        assert found, "it selects nothing"
        for selector in found:
            assert {selector.name, SUFFIXES.sub("", selector.name)} & known(), selector.name
        named = re.findall(r"(?:by|on|without|ignoring) \(([^)]*)\)|\{([^}]*)\}", expression)
        for grouped, matched in named:
            asked = [*re.split(", *", grouped), *re.findall(r"(\w+) *[=!]", matched)]
            assert set(filter(None, asked)) <= labels(), expression


def test_an_unknown_metric_is_found_wherever_it_stands() -> None:
    """Else the test above is content with what it does not see."""
    expression = "sum by (service) (rate(a[5m])) > 1 and on (job) histogram_quantile(0.9, b_bucket) or absent(c)"
    assert [each.name for each in selectors(expression)] == ["a", "b_bucket", "c"]
    with pytest.raises(ValueError, match="parenthesis"):
        parsed("sum by (service (a)")


def test_every_alert_says_whom_it_wakes_and_what_to_do() -> None:
    """A page at night without a sentence is a riddle."""
    names = [rule["alert"] for rule in ALERTS]
    assert len(set(names)) == len(names)
    for rule in ALERTS:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"].keys() == {"summary", "description"}
        shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert shown <= labels()


def test_the_page_for_operators_has_every_alert_with_its_severity() -> None:
    """Whoever is woken looks there."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (page|ticket) \|", page, re.MULTILINE))
    assert rows == {rule["alert"]: rule["labels"]["severity"] for rule in ALERTS}


def test_every_metric_that_is_worth_an_alarm_has_an_alert_or_a_panel() -> None:
    """The page says that they are worth it."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    worth = page.partition("\nWorth an alarm:\n")[2].partition("\n### ")[0]
    asked = {SUFFIXES.sub("", each.name) for found in EXPRESSIONS.values() for one in found for each in selectors(one)}
    wanted = {
        name for row in re.findall(r"^\| ([^|]+?) \|", worth, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert wanted - asked == set()


def test_every_service_with_metrics_is_scraped() -> None:
    """One that is added to the stack and not here is watched by nobody."""
    compose = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    serving = {
        name for name, service in compose.items() if service["image"] == "frontline:local" and service.get("ports")
    }
    scraped = YAML(typ="safe").load(FOLDER / "prometheus.yml")["scrape_configs"]
    assert {job["job_name"] for job in scraped} == serving
    assert all(job["dns_sd_configs"][0]["names"] == [job["job_name"]] for job in scraped)


def test_panels_have_places_of_their_own() -> None:
    """Grafana moves panels that overlap, and two of one id are one."""
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    cells = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24
