"""Lets calls in: who calls, whether they may, and whether they are within their rate."""

from fastapi import Request
from fastapi.requests import HTTPConnection

from shared.http.connections import client_of
from shared.identity.scopes import Scope
from shared.web.callers import Caller, Callers
from shared.web.errors import MissingScope, Unauthenticated
from shared.web.limits import LimitsOfMany, RateLimits, UnauthenticatedCalls


class Gate:
    """Lets `callers` in. Others may try at `unauthenticated_rate`, such as 100/minute, from each address."""

    def __init__(self, callers: Callers, unauthenticated_rate: str) -> None:
        self.callers = callers
        self._limits_of_keys, self._limits_of_many = RateLimits(), LimitsOfMany()
        self._unauthenticated = UnauthenticatedCalls(unauthenticated_rate)

    async def admit(self, request: Request, *any_of: Scope) -> Caller:
        """The caller, if it has one of these scopes and is within its rate. Raises the refusal.

        Without scopes every caller is admitted. Only a call without a known key or a valid token counts against its
        address.
        """
        caller = await self.identify(request, request.headers.get("authorization"))
        await self.count(caller)
        if any_of and not set(any_of) & set(caller.scopes):
            raise MissingScope("refusal.scope", scopes=list(any_of))
        return caller

    async def identify(self, connection: HTTPConnection, authorization: str | None) -> Caller:
        """The caller with that Authorization header. Raises Unauthenticated; beyond the rate TooManyUnauthenticated."""
        try:
            return self.callers.identify(authorization)
        except Unauthenticated:
            await self.count_unauthenticated(connection)
            raise

    async def count_unauthenticated(self, connection: HTTPConnection) -> None:
        """Count a call without a known key or a valid token against its address. Raises TooManyUnauthenticated."""
        await self._unauthenticated.count(client_of(connection.client.host if connection.client else None))

    async def count(self, caller: Caller) -> None:
        """Count a call of `caller` against its rate. Raises RateLimited."""
        limits = self._limits_of_keys if caller.authenticated_by == "api_key" else self._limits_of_many
        await limits.count(caller.limited_as, caller.rate)

    async def count_as(self, name: str, rate: str) -> None:
        """Count something else, such as a message of a chat, under a name of its own. Raises RateLimited."""
        await self._limits_of_many.count(name, rate)
