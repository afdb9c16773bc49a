"""The documents of a service as pages: `/docs` shows its OpenAPI document, `/asyncapi` topics that it reads and writes.

The pages are plain HTML, rendered from the documents. The usual viewers load scripts from other hosts, which neither an
offline machine nor a strict content security policy permits. The pages are read-only.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.responses import HTMLResponse, Response

from shared.web.openapi import ANY_SCOPE

_CSS = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-top: 1px solid #8886; padding-top: 1rem; font-size: 1.1rem; }
h2, td, a { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; }
pre { overflow-x: auto; }
small { color: light-dark(#666, #aaa); }
nav { columns: 20rem; }
nav a { display: block; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; margin: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8883; }
th:nth-child(-n+2) { width: 28%; }
@media (max-width: 40rem) {
  tr:first-child { display: none; }
  td { display: block; border: 0; padding: 0; }
  td:last-child { border-bottom: 1px solid #8883; padding-bottom: .5rem; margin-bottom: .5rem; }
}
"""
_CSS_HASH = base64.b64encode(hashlib.sha256(_CSS.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_CSS_HASH}'; base-uri 'none'; frame-ancestors 'none'"
_CODE = re.compile("`([^`]+)`")
_NOT_IN_ANCHORS = re.compile(r"[^A-Za-z0-9]+")
_DOES = {"receive": "reads", "send": "writes"}
_MOST_WORDS = 40  # of a field that a page lists

Json = Mapping[str, Any]


def add_docs(app: FastAPI) -> None:
    """Add `/docs`, the page of the calls of `app`. `/openapi.json` is FastAPI's own."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return _page(f"{app.title}: calls", _calls(app.openapi()), "/openapi.json")


def channels_page(title: str, service: str, document: Json) -> Response:
    """The page of an AsyncAPI document: the topics that `service` reads and writes."""
    return _page(f"{title}: events", _channels(service, document), "/asyncapi.json")


def _page(title: str, parts: Iterable[str], source: str) -> Response:
    body = "\n".join(parts)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_CSS}</style></head><body><main>'
        f'<h1>{escape(title)}</h1><p>The same for machines: <a href="{source}">{source}</a></p>{body}'
        "</main></body></html>",
        headers={"Content-Security-Policy": _POLICY},
    )


def _calls(document: Json) -> Iterable[str]:
    schemas: Json = document["components"]["schemas"]
    names = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]
    links = "".join(f'<a href="#{_anchor(name)}"><code>{escape(name)}</code></a>' for name in names)
    yield f"<nav>{links}</nav>"
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            name = f"{method.upper()} {path}"
            yield f'<h2 id="{_anchor(name)}"><code>{escape(name)}</code></h2>{_prose(call.get("description", ""))}'
            scope = call["x-scope"]
            by = "an API key or a signed token" if {"signedToken": []} in call["security"] else "an API key"
            yield f"<p>Needs {by}{'' if scope == ANY_SCOPE else f' with the scope {escape(scope)}'}.</p>"
            parameters = {
                p["name"]: {**p["schema"], "description": f"In the {p['in']}. {p.get('description', '')}"}
                for p in call.get("parameters", ())
            }
            required = [p["name"] for p in call.get("parameters", ()) if p.get("required")]
            yield _fields({"properties": parameters, "required": required})
            body = call.get("requestBody")
            if body:
                content = body["content"]["application/json"]
                yield "<h3>Body</h3>" + _fields(_resolve(content["schema"], schemas))
                yield from _examples(content.get("examples", {}))
            for status, answer in call["responses"].items():
                kinds = ", ".join(answer.get("content", {})) or "no body"
                yield f"<p>{status}: {escape(answer['description'])} ({escape(kinds)})</p>"
    for name, schema in schemas.items():
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>{_prose(schema.get("description", ""))}{_fields(schema)}'


def _examples(examples: Json) -> Iterable[str]:
    for example in examples.values():
        text = json.dumps(example["value"], indent=2, ensure_ascii=False)
        yield f"<details><summary>Example: {escape(example['summary'])}</summary><pre>{escape(text)}</pre></details>"


def _channels(service: str, document: Json) -> Iterable[str]:
    messages, schemas = document["components"]["messages"], document["components"]["schemas"]
    for name, channel in document["channels"].items():
        done = [_DOES[operation["action"]] for operation in document["operations"].values() if _is_of(operation, name)]
        yield f"<h2><code>{escape(channel['address'])}</code></h2><p>{escape(service)} {' and '.join(done)} it.</p>"
        yield _prose(channel["description"])
        for message in (messages[each] for each in channel["messages"]):
            place, text = escape(message["payload"]["$ref"].rpartition("/")[2]), _prose(message["description"])
            yield f'<p><a href="#{place}"><code>{escape(message["name"])}</code></a></p>{text}'
    for name, schema in schemas.items():
        yield f'<h2 id="{escape(name)}">{escape(name)}</h2>{_prose(schema.get("description", ""))}{_fields(schema)}'


def _is_of(operation: Json, channel: str) -> bool:
    reference: str = operation["channel"]["$ref"]
    return reference.rpartition("/")[2] == channel


def _anchor(name: str) -> str:
    return _NOT_IN_ANCHORS.sub("-", name).strip("-").lower()


def _prose(text: str) -> str:
    return "".join(f"<p>{_inline(part)}</p>" for part in text.split("\n\n") if part.strip())


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text))


def _fields(schema: Json) -> str:
    properties: Json = schema.get("properties", {})
    if not properties:
        return ""
    required = schema.get("required", ())
    described = any(field.get("description") for field in properties.values())
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{' <small>required</small>' if name in required else ''}</td>"
        f"<td>{_kind(field)}</td>{'<td>' + _inline(field.get('description', '')) + '</td>' if described else ''}</tr>"
        for name, field in properties.items()
    )
    meaning = "<th>Meaning</th>" if described else ""
    return f"<table><tr><th>Field</th><th>Kind</th>{meaning}</tr>{rows}</table>"


def _kind(field: Json) -> str:
    """A short description of a schema."""
    if "$ref" in field:
        name = escape(field["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if len(field.get("enum", ())) > _MOST_WORDS:
        return f"one of {len(field['enum'])} codes, such as <code>{escape(str(field['enum'][0]))}</code>"
    if "enum" in field:
        return ", ".join(f"<code>{escape(str(word))}</code>" for word in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(each) for each in field["anyOf"])
    if field.get("type") == "array":
        return "list of " + _kind(field.get("items", {}))
    if isinstance(field.get("additionalProperties"), Mapping):
        return "by name: " + _kind(field["additionalProperties"])
    limit = f", at most {field['maxLength']} characters" if "maxLength" in field else ""
    return escape(str(field.get("const", field.get("type", "anything")))) + limit


def _resolve(schema: Json, schemas: Json) -> Json:
    found: Json = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found
