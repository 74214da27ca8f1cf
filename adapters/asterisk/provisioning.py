"""Brings phones and trunks into Asterisk, takes them away, and knows what it has done to the Asterisk that runs now.

They live in Asterisk's memory: over a reload, and over our own restart, but not over Asterisk's. The last object of
each carries a mark of all of them, so what is there already is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from adapters.asterisk.ari import Ari, AriRefused
from adapters.asterisk.sip_objects import KINDS, MARK, OWNER, SipObject, mark_of
from cti.phones import REALM, digest_of
from cti.trunks import PREFIX

_OPTIONAL: Final = ("registration", "identify")
"""What a trunk may have or not."""
_READ_ONLY: Final = 403


class NameTaken(Exception):
    """Asterisk's own configuration, or somebody else, has an object of that name."""


class Provisioning:
    def __init__(self, ari: Ari) -> None:
        self._ari = ari
        self._life = ""
        self._there: dict[str, Sequence[SipObject]] = {}

    def has(self, name: str, objects: Sequence[SipObject]) -> bool:
        """Whether the Asterisk that was met last has just these under that name; none: nothing of ours."""
        return self._there.get(name) == objects

    async def meet(self) -> None:
        """See which Asterisk it is: one that has started anew has none of ours. Raises `AriDown`."""
        life = await self._ari.started()
        if life != self._life:
            self._life = life
            self._there.clear()

    async def is_taken(self, name: str) -> bool:
        """Whether somebody else has that name in Asterisk."""
        known = await self._ari.look("auth", name)
        if known is not None:
            return known.get(OWNER[0]) != OWNER[1]
        return any([await self._ari.look(kind, name) is not None for kind in ("endpoint", "aor", "identify")])

    async def browser_login(self, name: str) -> tuple[str, str] | None:
        """User and digest of a browser phone of Asterisk's own configuration; None where there is none."""
        phone = await self._ari.look("endpoint", name)
        if phone is None or phone.get("webrtc") != "yes":
            return None
        auth = await self._ari.look("auth", phone.get("auth", "").partition(",")[0])
        if auth is None or auth.get("realm", "") not in ("", REALM):
            return None
        user, password = auth.get("username", ""), auth.get("password", "")
        digest = auth.get("md5_cred") or (digest_of(user, password) if password else "")
        return (user, digest) if user and digest else None

    async def bring(self, name: str, objects: Sequence[SipObject], *, fresh: bool = False) -> None:
        """Have these there. `fresh`: whoever is registered under that name is no longer. Raises `NameTaken`."""
        before = {one.kind: one for one in self._there.pop(name, ())}
        if not before and not fresh and await self._is_marked(name, mark_of(objects)):
            self._there[name] = objects
            return
        wanted = {one.kind for one in objects}
        for kind in _OPTIONAL:
            if name.startswith(PREFIX) and kind not in wanted:
                await self._ari.take(kind, name)
        for one in objects:
            if fresh or before.get(one.kind) != one:
                await self._put_or_undo(name, one, fresh)
        self._there[name] = objects

    async def _is_marked(self, name: str, mark: str) -> bool:
        last = await self._ari.look("endpoint", name)
        return last is not None and last.get(MARK) == mark

    async def _put_or_undo(self, name: str, one: SipObject, fresh: bool) -> None:
        try:
            await self._put(name, one, fresh)
        except AriRefused as refusal:
            if refusal.status == _READ_ONLY and await self._ari.look(one.kind, name) is not None:
                await self._undo(name)
                raise NameTaken(name) from None
            raise

    async def _put(self, name: str, one: SipObject, fresh: bool) -> None:
        if fresh and one.kind == "aor":
            await self._ari.put(name, one)  # what is registered goes with an aor that is there, and only with one
            await self._ari.take("aor", name)
        elif one.kind == "identify" or "contact" in one.fields:  # an address would be added to those of before
            await self._ari.take(one.kind, name)
        await self._ari.put(name, one)

    async def _undo(self, name: str) -> None:
        """Of somebody else's name we hold nothing; what is theirs Asterisk does not give away."""
        for kind in KINDS:
            with suppress(AriRefused):
                await self._ari.take(kind, name)

    async def remove(self, name: str) -> None:
        """Have none of ours under that name any more, and nobody registered. Somebody else's stay."""
        self._there.pop(name, None)
        if not await self.is_taken(name):
            for kind in KINDS:
                await self._ari.take(kind, name)
            await self._ari.put(name, SipObject("aor", {"max_contacts": "1"}))
            await self._ari.take("aor", name)
        self._there[name] = ()
