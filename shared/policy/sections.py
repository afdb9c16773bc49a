"""[pure] Validates each section of a policy document against the model."""

import json
from typing import Any, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from shared.policy.base import Named, Rule
from shared.policy.document import Tree
from shared.policy.misfits import misfits
from shared.policy.mistakes import Mistake, one_of
from shared.policy.model import Edition

RECORDED = (
    "tzdata_version",
    "holidays_version",
    "holiday_years",
    "holiday_names",
)  # by the loader alone
SECTIONS = {name: field for name, field in Edition.model_fields.items() if name not in RECORDED}

_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(field.rebuild_annotation()) for name, field in SECTIONS.items()
}


class Sections(dict[str, Any]):
    """The sections that fit the model, by name.

    `partial` has those in which some entries do not fit. Such an entry is there without content, since its word is
    defined all the same: one mistake in a section does not hide mistakes of others.
    """

    def __init__(self) -> None:
        super().__init__()
        self.partial: dict[str, Any] = {}


def read_sections(tree: Tree) -> tuple[Sections, list[Mistake]]:
    """The sections of `tree`, and the mistakes in them."""
    sections = Sections()
    mistakes = [
        tree.mistake((name,), "is not a section of a policy", one_of(SECTIONS, name))
        for name in tree.data
        if name not in SECTIONS
    ]
    languages: tuple[str, ...] = ()
    for name in sorted(SECTIONS, key=lambda section: section != "languages"):  # texts are in these
        field = SECTIONS[name]
        if name in tree.data:
            try:
                # Through JSON: strict mode then takes lists as tuples and texts as instants, and nothing else.
                sections[name] = _ADAPTERS[name].validate_json(
                    json.dumps(tree.data[name]), strict=True, context={"languages": languages}
                )
            except ValidationError as error:
                mistakes += misfits(tree, error, field.annotation, (name,))
                if (readable := _readable(name, tree.data[name], languages)) is not None:
                    sections.partial[name] = readable
        elif field.is_required():
            mistakes.append(tree.mistake((name,), "is missing; every policy has this section"))
        else:
            sections[name] = field.get_default(call_default_factory=True)
        if name == "languages":
            languages = sections.get("languages", ())
    return sections, mistakes


def _readable(section: str, data: Any, languages: tuple[str, ...]) -> Any:
    """The words or the rules of a section: those that fit, and the others without content. None for other sections."""
    annotation = SECTIONS[section].annotation
    origin, inner = get_origin(annotation), get_args(annotation)
    kind = inner[1] if origin is dict and isinstance(data, dict) else None
    kind = inner[0] if origin is tuple and isinstance(data, list) else kind
    if not isinstance(kind, type) or not issubclass(kind, Rule):
        return None

    def entry(value: Any) -> Rule:
        try:
            return kind.model_validate_json(json.dumps(value), strict=True, context={"languages": languages})
        except ValidationError:
            return _without_content(kind)

    if isinstance(data, dict):
        return {name: entry(value) for name, value in data.items()}
    return tuple(map(entry, data))


def _without_content(kind: type[Rule]) -> Rule:
    """An entry of which only the word is known: what it must have is empty, and it is called nothing."""
    empty: dict[Any, Any] = {dict: {}, tuple: ()}
    content = {
        name: empty.get(get_origin(field.annotation), "")
        for name, field in kind.model_fields.items()
        if field.is_required()
    }
    return kind.model_construct(
        _fields_set=set(content), **content, **({"name": {}} if issubclass(kind, Named) else {})
    )
