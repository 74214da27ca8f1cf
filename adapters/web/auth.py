"""Signing in and out. Only failed logins count towards the limit, and an unknown name takes as long as a known one."""

from __future__ import annotations

import asyncio
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Depends, Request
from fastapi.security import OAuth2PasswordRequestForm
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from adapters.web import models
from adapters.web.asking import PREFIX, Me, PortsOf, SettingsOf, TokensOf, guarded, origin_of, permitted, unguarded
from adapters.web.paging import Json
from adapters.web.ports import Ports, Shape
from adapters.web.problems import BadCredentials, TooManyFailures
from adapters.web.settings import WebSettings
from adapters.web.tokens import Tokens
from cti.people import Principal
from cti.permissions import OWN_ACCOUNT

router = guarded("auth")
open_router = unguarded(f"{PREFIX}/auth", "auth")


class LoginGuard:
    """Counts failures per user and address; attempts of one pair wait for each other, so none slips past the count.

    A lock-out is for one address, so that nobody can shut a colleague out from elsewhere.
    """

    def __init__(self, failures_a_minute: int) -> None:
        self._most = RateLimitItemPerMinute(failures_a_minute)
        self._failures = MovingWindowRateLimiter(MemoryStorage())
        self._turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._locked: dict[str, set[str]] = {}  # user -> addresses

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
                if who is not None and not self._failures.test(self._most, *pair):
                    self._lock_out(ports, who, address)
                raise BadCredentials("username or password is wrong")
            return who

    def _lock_out(self, ports: Ports, who: Principal, address: str) -> None:
        self._locked.setdefault(who.username.casefold(), set()).add(address)
        ports.audit.note(who.tenant, who.username, "auth.locked_out", f"users/{who.username}", origin=address)

    def is_locked(self, username: str) -> bool:
        """Whether this user is refused somewhere now."""
        name = username.casefold()
        still = {one for one in self._locked.get(name, ()) if not self._failures.test(self._most, name[:64], one)}
        if still:
            self._locked[name] = still
        else:
            self._locked.pop(name, None)
        return bool(still)

    def release(self, username: str) -> None:
        """Forget this user's failures, wherever they were."""
        name = username.casefold()
        for address in self._locked.pop(name, ()):
            self._failures.clear(self._most, name[:64], address)


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
    who = await guard.admit(ports, form.username, form.password, origin_of(request))
    ports.audit.note(who.tenant, who.username, "auth.sign_in", f"users/{who.username}", origin=origin_of(request))
    return Json(issued(tokens, settings, who))


def issued(tokens: Tokens, settings: WebSettings, who: Principal) -> Shape:
    """A fresh token, and whose it is."""
    return {
        "access_token": tokens.issue(who),
        "token_type": "bearer",
        "expires_in": settings.token_seconds,
        "username": who.username,
        "tenant": who.tenant,
        "role": who.role,
        "agent_no": who.agent_no,
    }


@router.post("/logout", status_code=202, response_model=models.Accepted, dependencies=[permitted(OWN_ACCOUNT)])
async def sign_out(me: Me, ports: PortsOf) -> Json:
    """Revoke every token of this person; their sockets are closed."""
    await ports.directory.revoke_tokens(me.tenant, me.username)
    return Json({"accepted": True}, 202)
