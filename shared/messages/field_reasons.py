"""[pure] Why a field is wrong, as a code of the catalogue and facts: the same in every API and command.

The facts never hold the value itself.
"""

from collections.abc import Mapping
from typing import Any


def reason_of(kind: str, context: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Our code and facts for an error of pydantic, by its type and context."""
    match kind:
        case "literal_error":
            words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return "field.one_of", {"allowed": words}
        case "string_too_short":
            return "field.empty", {}
        case "string_too_long":
            return "field.too_long", {"limit": context["max_length"]}
        case "too_short":
            return "field.too_few", {"limit": context["min_length"]}
        case "too_long":
            return "field.too_many", {"limit": context["max_length"]}
        case "string_pattern_mismatch" if context["pattern"] in _PATTERNS:
            return _PATTERNS[context["pattern"]], {}
        case "greater_than":
            return "field.more_than", {"limit": context["gt"]}
        case "greater_than_equal":
            return "field.at_least", {"limit": context["ge"]}
        case "less_than_equal":
            return "field.at_most", {"limit": context["le"]}
        case "value_error":
            error = context["error"]  # of a validator of ours, which may have a code and facts
            return getattr(error, "code", "field.instant"), getattr(error, "facts", {})
        case _:
            code = _CODES.get(kind)
            return ("field.not_valid", {"kind": kind}) if code is None else (code, {})


_PATTERNS = {
    "^[0-9a-f]{64}$": "field.sha256",
    "^[A-Z]{2}$": "field.country",
    "^[A-Za-z][A-Za-z0-9_.-]{0,39}$": "field.word",
    "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$": "field.language_tag",
}
_CODES = {
    "missing": "field.required",
    "extra_forbidden": "field.unknown",
    "bool_type": "field.not_bool",
    "int_type": "field.not_int",
    "int_from_float": "field.not_int",
    "float_type": "field.not_number",
    "string_type": "field.not_text",
    "string_unicode": "field.not_utf8",
    "model_type": "field.not_object",
    "model_attributes_type": "field.not_object",
    "dict_type": "field.not_object",
    "tuple_type": "field.not_list",
    "list_type": "field.not_list",
    "datetime_type": "field.instant",
    "timezone_aware": "field.instant",
}
