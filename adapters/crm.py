"""What flows ask of a CRM over HTTP: a JSON object from hosts that are allowed, within a deadline, and nothing more.

A caller's digits may be in the address, so nobody is redirected and nothing but the allowed hosts is ever asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from cti.ivr.ports import LookupFailed

MOST_BYTES: Final = 64 * 2**10


class Crm:
    """`hosts`: `crm.example.com` or `10.0.0.7:8080`, as they stand in the address."""

    def __init__(self, hosts: Collection[str]) -> None:
        self._hosts = frozenset(host.strip().lower() for host in hosts if host.strip())
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False)

    async def fetch(self, url: str, seconds: float) -> Mapping[str, object] | None:
        """The JSON object at an address, None for 404; raises LookupFailed."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.netloc.lower() not in self._hosts:
            raise LookupFailed("this host is not among CTI_CRM_HOSTS")
        try:
            return await self._read(url, seconds)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as fault:
            raise LookupFailed(type(fault).__name__) from None

    async def _read(self, url: str, seconds: float) -> Mapping[str, object] | None:
        async with self._client.stream("GET", url, timeout=seconds, headers={"Accept": "application/json"}) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return None
            if answer.status_code != httpx.codes.OK:
                raise LookupFailed(f"the CRM says {answer.status_code}")
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise LookupFailed("the CRM says too much")
        found: Any = msgspec.json.decode(body)
        if not isinstance(found, dict):
            raise LookupFailed("the CRM says no JSON object")
        return found

    async def close(self) -> None:
        await self._client.aclose()
