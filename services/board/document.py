"""The OpenAPI document of the board: the models of its answers, and examples in the words of the edition in force."""

from typing import Any

from fastapi import FastAPI

from services.board import examples
from services.board.answer_models import CasePage, WholeCase
from services.board.example_refusals import problems, refusals
from services.board.examples import ExamplesOfCases
from services.board.leads.answer_models import Breaches, Outcomes
from services.board.leads.examples import ExampleCase, ExamplesOfReports
from services.board.operations import examples as operations
from services.board.operations.answer_models import DeadLetterAnswer, OperationsState
from shared.policy.model import Edition
from shared.web.answer_headers import AS_OF, COMPLETE, described
from shared.web.openapi import Problem, document_of_calls
from shared.web.openapi_details import Details, complete

_ANSWERS = (CasePage, WholeCase, Outcomes, Breaches, OperationsState, DeadLetterAnswer, Problem)
_SERVERS = [
    {"url": "/", "description": "The board that serves this document"},
    {"url": "http://localhost:8081", "description": "A system on this machine: `frontline up`, or the compose stack"},
]
_TAGS = {
    "cases": ("Cases", "Cases as they are now: in pages, one by one, and as they change."),
    "outcomes": ("Reports", "What became of promises, and which were broken. For leads, as JSON and as CSV."),
    "operations": ("Operations", "How the system runs, and dead letters. For operators."),
}
_TABLES = {"cases.csv": "cases", "operations.csv": "operations"}  # no chapters of their own
_REPORTS = ("outcomes.csv", "breaches", "breaches.csv")  # chapters of them would have one call each

_OF_A_TABLE = ("Content-Disposition", AS_OF)
_HEADERS = {
    **dict.fromkeys(("getOutcomes", "listBreaches"), described(optional=_OF_A_TABLE)),
    **dict.fromkeys(("getOutcomesCsv", "listBreachesCsv"), described(_OF_A_TABLE)),
    **dict.fromkeys(("getOperations", "listCases"), described(optional=(*_OF_A_TABLE, COMPLETE))),
    "getOperationsCsv": described(("Content-Disposition", COMPLETE), optional=(AS_OF,)),
    "listCasesCsv": described((*_OF_A_TABLE, COMPLETE)),
}


def build(app: FastAPI, edition: Edition) -> dict[str, Any]:
    """The document of the calls of `app`, with examples in the words of `edition`."""
    document = document_of_calls(app, (), _ANSWERS)
    complete(document, _details(edition))
    return document


def _details(edition: Edition) -> Details:
    of_cases = ExamplesOfCases(edition)
    of_reports = ExamplesOfReports(ExampleCase(of_cases.case, of_cases.request.subject, examples.AGENT))
    return Details(
        servers=_SERVERS,
        tags=_TAGS | {name: _TAGS[of] for name, of in _TABLES.items()} | dict.fromkeys(_REPORTS, _TAGS["outcomes"]),
        parameters={
            "case_id": examples.CASE_ID,
            "place": operations.LETTER,
            "Last-Event-ID": f"{examples.CHANGE}-5c0ffee5",
            "priority": of_cases.case.priority,
        },
        answers={**of_cases.answers(), **of_reports.answers(), **operations.answers()},
        texts={
            "followCases": of_cases.event_stream(),
            **of_cases.tables(),
            **operations.tables(),
            **of_reports.tables(),
        },
        links={
            "listCases": {"case": _to_case("#/cases/0/case_id")},
            "listBreaches": {"case": _to_case("#/breaches/0/case_id")},
        },
        headers=_HEADERS,
        refusals=refusals(),
        problems=problems,
    )


def _to_case(pointer: str) -> dict[str, Any]:
    return {"operationId": "getCase", "parameters": {"case_id": f"$response.body{pointer}"}}
