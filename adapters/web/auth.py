"""Signing in and out. Only failed logins count towards the limit, and an unknown name takes as long as a known one."""

from __future__ import annotations

import asyncio
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import APIRouter, Depends, Request
from fastapi.security import OAuth2PasswordRequestForm
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from adapters.web import models
from adapters.web.asking import Me, PortsOf, SettingsOf, TokensOf, guarded, permitted
from adapters.web.paging import Json
from adapters.web.ports import Ports
from adapters.web.problems import BadCredentials, TooManyFailures
from cti.people import Principal
from cti.permissions import OWN_ACCOUNT

router = guarded("auth")
open_router = APIRouter(prefix="/auth", tags=["auth"])


class LoginGuard:
    """Counts failures per user and address; attempts of one pair wait for each other, so none slips past the count."""

    def __init__(self, failures_a_minute: int) -> None:
        self._most = RateLimitItemPerMinute(failures_a_minute)
        self._failures = MovingWindowRateLimiter(MemoryStorage())
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    async def admit(self, ports: Ports, username: str, password: str, address: str) -> Principal:
        """Who this is; raises `BadCredentials` or `TooManyFailures`."""
        pair = (username[:64].casefold(), address)
        async with self._turns.setdefault(pair, asyncio.Lock()):
            if not self._failures.test(self._most, *pair):
                raise TooManyFailures("too many failed sign-ins; wait a minute")
            who = ports.directory.current(username)
            known = await ports.directory.password_hash(username) if who is not None else None
            if not await ports.passwords.verify(known, password) or who is None:
                self._failures.hit(self._most, *pair)
                raise BadCredentials("username or password is wrong")
            return who


@open_router.post("/token", response_model=models.Token)
async def sign_in(
    form: Annotated[OAuth2PasswordRequestForm, Depends()],
    request: Request,
    ports: PortsOf,
    tokens: TokensOf,
    settings: SettingsOf,
) -> Json:
    """Exchange username and password for an access token."""
    guard: LoginGuard = request.app.state.logins
    address = request.client.host if request.client is not None else ""
    who = await guard.admit(ports, form.username, form.password, address)
    return Json(
        {
            "access_token": tokens.issue(who),
            "token_type": "bearer",
            "expires_in": settings.token_seconds,
            "username": who.username,
            "tenant": who.tenant,
            "role": who.role,
            "agent_no": who.agent_no,
        }
    )


@router.post("/logout", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_ACCOUNT)])
async def sign_out(me: Me, ports: PortsOf) -> Json:
    """Revoke every token of this person; their sockets are closed."""
    await ports.directory.revoke_tokens(me.tenant, me.username)
    return Json({"accepted": True}, 202)
