"""[pure] Scopes: what a client may do, or a person with a signed token."""

from typing import Literal

Scope = Literal["submit", "agent", "view", "operate", "backfill", "admin"]
PersonScope = Literal["submit", "agent", "view", "operate"]  # the scopes that a signed token can give to a person
AGENT_SCOPE: PersonScope = "agent"  # of a desk: activity on any case, and cases that agents open
SUBMIT_SCOPE: PersonScope = "submit"
VIEW_SCOPE: PersonScope = "view"  # sees every case, and changes none
OPERATE_SCOPE: PersonScope = "operate"  # replays dead letters; to see them it needs view or agent as well

DESK_SCOPES: tuple[PersonScope, ...] = (AGENT_SCOPE, VIEW_SCOPE)  # people who see what others have
SEES_ALL: tuple[Scope, ...] = (*DESK_SCOPES, "admin")  # callers who see the requests and the cases of everybody
