"""[pure] What every value from outside has: an identifier, and the error of a value that a field does not accept."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from shared.contracts.identifiers import LONGEST, PATTERN, identifier_fault


class WrongValue(ValueError):
    """A value that a field does not accept: a code with facts, and never the value itself."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def identifier(text: str) -> str:
    """`text`, if it is a valid identifier. Raises WrongValue, which does not repeat the text."""
    fault = identifier_fault(text)
    if fault is not None:
        raise WrongValue(fault)
    return text


Id = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST, json_schema_extra={"pattern": PATTERN}),
    AfterValidator(identifier),
]
