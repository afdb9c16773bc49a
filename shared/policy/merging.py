"""[pure] Merges the fields of a file over those of its base, with the place of every field.

- A mapping is merged field by field.
- A list whose items all have an `id` that the base has is merged by id: an item is merged field by field, and the items
  of the base that the list does not name stay, all in the base's order.
- Everything else replaces the value of the base: another list, a text, a number, null, and what is empty (`{}`, `[]`).
- A section named in `replace` replaces that of the base as a whole.
"""

from collections.abc import Collection
from typing import Any

from shared.policy.document import Path, Place, Tree


def merge(base: Tree, over: Tree, replaced: Collection[str] = ()) -> Tree:
    """`base` with the fields of `over`. The sections named in `replaced` are those of `over` as a whole."""
    merging = _Merging()
    data = dict(base.data)
    for name, value in over.data.items():
        if name in data and name not in replaced:
            data[name] = merging.merged(data[name], value, (name,), (name,))
        else:
            merging.replaced.add((name,))
            data[name] = value
    return Tree(data, merging.places(base, over))


class _Merging:
    """Merges values, and notes which paths of the base were replaced and which items of the other file moved."""

    def __init__(self) -> None:
        self.replaced: set[Path] = set()
        self._moved: dict[Path, Path] = {}  # path of an item in the other file -> its path in the merged data

    def merged(self, base: Any, over: Any, path: Path, written: Path) -> Any:
        """`over`, which is at `written` in its file, merged over `base`, which is at `path` in the merged data."""
        if isinstance(base, dict) and isinstance(over, dict) and over:
            return self._mapping(base, over, path, written)
        if (places := _places_by_id(base, over)) is not None:
            items = list(base)
            for index, item in enumerate(over):
                place = places[item["id"]]
                self._moved[*written, index] = (*path, place)
                items[place] = self._mapping(items[place], item, (*path, place), (*written, index))
            return items
        self.replaced.add(path)
        return over

    def _mapping(self, base: dict[str, Any], over: dict[str, Any], path: Path, written: Path) -> dict[str, Any]:
        data = dict(base)
        for name, value in over.items():
            data[name] = self.merged(data[name], value, (*path, name), (*written, name)) if name in data else value
        return data

    def places(self, base: Tree, over: Tree) -> dict[Path, Place]:
        """The place of every path of the merged data: where its value was written last."""
        places = {path: place for path, place in base.places.items() if not self._is_replaced(path)}
        places.update({self._place_of(path): place for path, place in over.places.items()})
        return places

    def _is_replaced(self, path: Path) -> bool:
        return any(path[:end] in self.replaced for end in range(1, len(path) + 1))

    def _place_of(self, written: Path) -> Path:
        for end in range(len(written), 0, -1):
            if (moved := self._moved.get(written[:end])) is not None:
                return (*moved, *written[end:])
        return written


def _places_by_id(base: Any, over: Any) -> dict[str, int] | None:
    """The index of each item of `base` by its id, if `over` merges with it by id; else None.

    Ids that occur twice in one list do not say which item is meant, so such lists are not merged.
    """
    known, named = _ids(base), _ids(over)
    if not named or known is None or not set(named) <= set(known):
        return None
    unique = all(len(set(names)) == len(names) for names in (known, named))
    return {name: index for index, name in enumerate(known)} if unique else None


def _ids(items: Any) -> list[str] | None:
    """The ids of a list; None if it is no list or an item has none."""
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    ids = [item.get("id") for item in items]
    return ids if all(isinstance(each, str) for each in ids) else None
