"""The forms of a page as a reader without scripts sends them: its fields as they are, and the button pressed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """A form: what its fields have, which of them nobody can type into, the choices of each `select`, and its buttons.

    A button is its name and value.
    """

    fields: dict[str, str] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def pressed(self, kind: str, **typed: str) -> Iterator[dict[str, str]]:
        """What is sent by each button that reports `kind`. `typed` are fields, and the value of a named button.

        Nobody types into a hidden field: what `typed` has for it says which form is meant.
        """
        if any(typed[name] != self.fields[name] for name in typed.keys() & self.hidden):
            return
        for name, value in self.buttons:
            sent = {**self.fields, **({name: value} if name else {})}
            if (sent.get("type") if name != "take" else "take") != kind:
                continue
            if name in typed and typed[name] != value:
                continue
            unknown = typed.keys() - sent.keys()
            assert not unknown, f"the form has no {unknown}"
            assert all(typed[each] in self.choices[each] for each in typed.keys() & self.choices.keys())
            yield sent | typed


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.named: dict[str, Form] = {}
        self._form: Form | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, value = given.get("name", ""), given.get("value", "")
        if tag == "form":
            self._form = self.named.setdefault(given.get("id", f"form {len(self.forms)}"), Form())
            self.forms.append(self._form)
        elif tag == "button":
            form = self.named.setdefault(given["form"], Form()) if "form" in given else self._form
            if form is not None:
                form.buttons.append((name, value))
        elif self._form is None:
            return
        elif tag == "input" and name:
            kind = given.get("type")
            if kind not in ("radio", "checkbox") or "checked" in given:
                self._form.fields[name] = value
            if kind == "hidden":
                self._form.hidden.add(name)
        elif tag == "textarea":
            self._textarea, self._form.fields[name] = name, ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._form.choices.setdefault(self._select, []).append(value)
            if "selected" in given:
                self._form.fields[self._select] = value
            else:
                self._form.fields.setdefault(self._select, value)

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.fields[self._textarea] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


def forms_of(page: str) -> list[Form]:
    """The forms of that HTML; a button that names the form of another place belongs to it."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def kinds_of(page: str) -> set[str]:
    """What the buttons of the page report; `take` is the one that takes a case."""
    return {
        name if name == "take" else {**form.fields, name: value}.get("type", "")
        for form in forms_of(page)
        for name, value in form.buttons
    }


def pressed(page: str, kind: str, **typed: str) -> dict[str, str]:
    """What the button of the page that reports `kind` sends, with what was typed. Fails unless it is the one."""
    found = [sent for form in forms_of(page) for sent in form.pressed(kind, **typed)]
    assert len(found) == 1, f"the page has {len(found)} buttons for {kind}"
    return found[0]
