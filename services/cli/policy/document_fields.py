"""[pure] The fields of an edition's document by their paths."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from shared.policy.model import Edition, Target

_NAMED_BY = {
    **dict.fromkeys(("access", "assignments", "priority_rules", "impossible_accounts"), ("id",)),
    "regional_hours.rules": ("id",),
    "escalation_levels": ("kind", "level"),
}  # lists whose items have names


def document_fields(edition: Edition) -> dict[str, Any]:
    """Every field of the document by its path, in which items of lists have their names, if any.

    Of targets, only `source` and `note`: the comparison of answers has what they promise to whom.
    """
    document = edition.model_dump(mode="json", exclude_defaults=True)
    document.pop("targets", None)
    remarks = {
        f"targets[{name}].{field}": text
        for target in edition.targets
        for name in _names(target)
        for field, text in (("source", target.source), ("note", target.note))
        if text is not None
    }
    return {**dict(_flat(document, "")), **remarks}


def _names(target: Target) -> Iterator[str]:
    """How a target is called: its id, else each plan and priority that it is for, with its milestone."""
    if target.id is not None:
        yield target.id
        return
    for words in product(target.plans or ("*",), target.priorities or ("*",)):
        yield " ".join((*words, target.milestone))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            name = " ".join(str(item[key]) for key in _NAMED_BY.get(path, ()))
            yield from _flat(item, f"{path}[{name or index}]")
    else:
        yield path, value
