"""ARI, for the objects of phones and trunks and nothing else: its login may do anything, so it is kept in here.

Every question has a deadline, no redirect is followed, no proxy is asked, and no answer goes into a log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

import httpx
import msgspec

from adapters.asterisk.sip_objects import SipObject

SECONDS: Final = 3.0
_OBJECTS: Final = "/asterisk/config/dynamic/res_pjsip"


class AriDown(Exception):
    """Nobody answers, or not in time, or not as Asterisk does: what was asked may have been done."""


class AriRefused(Exception):
    """Asterisk's own no, with its HTTP status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(f"{status}: {why}")
        self.status = status
        self.why = why


class Ari:
    def __init__(self, url: str, user: str, secret: str, seconds: float = SECONDS) -> None:
        self._client = httpx.AsyncClient(
            base_url=url, auth=(user, secret), timeout=seconds, follow_redirects=False, trust_env=False
        )

    async def started(self) -> str:
        """When this Asterisk began: what was pushed to an earlier one is forgotten."""
        told = await self._ask("GET", "/asterisk/info?filter=status")
        try:
            return str(told["status"]["startup_time"])
        except (KeyError, TypeError):
            raise AriDown("what answers is not Asterisk's ARI") from None

    async def look(self, kind: str, name: str) -> Mapping[str, str] | None:
        """The fields of an object, None when there is none."""
        try:
            told = await self._ask("GET", _path(kind, name))
        except AriRefused as refusal:
            if refusal.status == httpx.codes.NOT_FOUND:
                return None
            raise
        try:
            return {str(one["attribute"]): str(one["value"]) for one in told}
        except (KeyError, TypeError):
            raise AriDown("what answers is not Asterisk's ARI") from None

    async def put(self, name: str, one: SipObject) -> None:
        """Make an object, or change it."""
        fields = [{"attribute": key, "value": value} for key, value in one.fields.items()]
        await self._ask("PUT", _path(one.kind, name), {"fields": fields})

    async def take(self, kind: str, name: str) -> bool:
        """Take an object away; False when it was not there."""
        try:
            await self._ask("DELETE", _path(kind, name))
        except AriRefused as refusal:
            if refusal.status == httpx.codes.NOT_FOUND:
                return False
            raise
        return True

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        try:
            answer = await self._client.request(method, path, json=body)
            if answer.status_code >= 400:
                raise AriRefused(answer.status_code, _why(answer))
            if answer.status_code >= 300:
                raise AriDown("what answers is not Asterisk's ARI")
            return msgspec.json.decode(answer.content) if answer.content else None
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as fault:
            raise AriDown(type(fault).__name__) from None


def _path(kind: str, name: str) -> str:
    return f"{_OBJECTS}/{kind}/{quote(name, safe='')}"


def _why(answer: httpx.Response) -> str:
    try:
        return str(msgspec.json.decode(answer.content)["message"])[:200]
    except (msgspec.MsgspecError, KeyError, TypeError):
        return answer.reason_phrase
