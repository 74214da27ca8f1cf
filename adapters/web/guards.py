"""Before anything looks at a request: its origin and its size; and the headers of every answer. Plain ASGI."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from adapters.web.problems import problem

SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
UPLOADS: Final = re.compile(r"/api/v1/prompts(/[^/]{1,200}/versions)?")
"""Where files are sent to, and a body may be as large as one."""
SHEETS: Final = "/api/v1/lists/import"
_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def welcome(headers: Headers, origins: Collection[str]) -> bool:
    """No Origin (not a browser), our own, or a listed one. `null` and anything unreadable is foreign."""
    origin = headers.get("origin")
    if origin is None or origin in origins:
        return True
    if len(headers.getlist("origin")) != 1:
        return False
    try:
        parts = urlsplit(origin)
        own = urlsplit(f"{parts.scheme}://{headers.get('host', '')}")
        default = _PORTS.get(parts.scheme)
        same = (parts.hostname, parts.port or default) == (own.hostname, own.port or default)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and same and not parts.path


class Guards:
    def __init__(
        self, app: ASGIApp, origins: Collection[str], most_body: int, most_upload: int, most_sheet: int
    ) -> None:
        self._app = app
        self._origins = origins
        self._most_body = most_body
        self._most_upload = most_upload
        self._most_sheet = most_sheet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        headers = Headers(scope=scope)
        foreign = not welcome(headers, self._origins)
        if scope["type"] == "websocket":
            if foreign:
                refusal = problem(403, "foreign_origin", "this origin is not welcome here")
                return await WebSocket(scope, receive, send).send_denial_response(refusal)
            return await self._app(scope, receive, send)
        dressed = _dressed(send, scope["path"])
        if foreign:
            refusal = problem(403, "foreign_origin", "this origin is not welcome here")
            return await refusal(scope, receive, dressed)
        length = headers.get("content-length", "0")
        most = self._most(scope["path"])
        if length.isdecimal() and int(length) > most:
            refusal = problem(413, "too_large", f"at most {most} bytes", {"Connection": "close"})
            return await refusal(scope, receive, dressed)
        return await self._app(scope, self._measured(receive, most), dressed)

    def _most(self, path: str) -> int:
        if path == SHEETS:
            return self._most_sheet
        return self._most_upload if UPLOADS.fullmatch(path) else self._most_body

    def _measured(self, receive: Receive, most: int) -> Receive:
        seen = 0

        async def measured() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, f"at most {most} bytes")
            return message

        return measured


def _dressed(send: Send, path: str) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY.items():
                headers.setdefault(name, value)
            if path.startswith("/api/"):
                headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return dressed
