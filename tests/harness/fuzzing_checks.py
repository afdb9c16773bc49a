"""What Schemathesis asks of every answer beside its own checks. It imports this module by SCHEMATHESIS_HOOKS."""

from typing import Any

from schemathesis import Case, CheckContext, Response, check

from tests.harness.described_answers import answer_of, unknown_headers

_OTHER_METHOD = 405  # of a call that no document has


@check
def only_described_headers(_context: CheckContext, response: Response, case: Case[Any]) -> None:
    """Callers are told of every header: by the document, and pages of other origins by the answer."""
    if response.status_code != _OTHER_METHOD:
        described = answer_of(case.operation.definition.raw, response.status_code)
        unknown = unknown_headers(described, response.headers)
        if unknown:
            raise AssertionError(f"not described, or pages elsewhere cannot read it: {', '.join(unknown)}")
