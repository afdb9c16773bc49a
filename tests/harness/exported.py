"""What `/metrics` of this process shows."""

from prometheus_client import REGISTRY


def of_a_partition(service: str) -> set[tuple[str, str]]:
    """The metrics of `service` that have the label `task`: each by its name and the partition."""
    return {
        (metric.name, sample.labels["task"])
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.labels.get("service") == service and "task" in sample.labels
    }
