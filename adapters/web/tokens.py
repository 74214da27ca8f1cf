"""Access tokens: signed, good for twelve hours, and only until they are revoked. Knows nothing of passwords."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import jwt

from adapters.web.problems import NotSignedIn
from cti.people import Principal

ALGORITHM: Final = "HS256"
ISSUER: Final = "cti"


class Tokens:
    """The role in a token is for the reader; what its bearer may do is looked up anew every time."""

    def __init__(self, key: str, seconds: int, current: Callable[[str], Principal | None]) -> None:
        if len(key) < 32:
            raise ValueError("the key that signs tokens has at least 32 characters")
        self._key = key
        self.seconds = seconds
        self.current = current

    def issue(self, who: Principal) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "sub": who.username,
            "tenant": who.tenant,
            "role": who.role,
            "ver": who.token_version,
            "iat": now,
            "exp": now + self.seconds,
        }
        return jwt.encode(claims, self._key, ALGORITHM)

    def check(self, token: str) -> tuple[Principal, float]:
        """Who this token speaks for, and when it expires; raises `NotSignedIn`."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub", "tenant", "ver"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise NotSignedIn("the token is wrong or has expired") from None
        who = self.current(claims["sub"])
        if who is None or who.tenant != claims["tenant"] or who.token_version != claims["ver"]:
            raise NotSignedIn("the token has been revoked")
        return who, float(claims["exp"])
