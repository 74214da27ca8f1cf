"""Password hashes: argon2id as OWASP advises (19 MiB, two passes, one lane), in threads, few at a time."""

from __future__ import annotations

import asyncio
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE: Final = 2  # a wave of sign-ins must not take the processor from ringing phones
NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$zXiA5MOGAQ5rZJ6gLgQK7Q$9p624nTY3fb2ASB6gwP0r0jQJnGej96+pHujUmKx078"
"""What an unknown user's password is compared with, so that a refusal takes as long as for a known one."""


class Passwords:
    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1, type=Type.ID)
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        async with self._places:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether this is the password; None, for an unknown user, takes just as long and is never right."""
        async with self._places:
            right = await asyncio.to_thread(self._verify, hashed or NOBODY, password)
        return right and hashed is not None

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False
