"""The pages people look at: the built ones at `/`, and the description of the interface at `/docs`; all our own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

OWN: Final = Path(__file__).parent / "static"
NOTHING: Final = "there is nothing here"
FOREVER: Final = "public, max-age=31536000, immutable"
NOT_BUILT: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Pages not built</title>
<h1>The pages have not been built</h1>
<p>The server runs; its interface is described at <a href="/docs">/docs</a>. <code>make web</code> builds the pages.</p>
<h1 lang="zh-CN">页面尚未构建</h1>
<p lang="zh-CN">服务已运行，接口说明见 <a href="/docs">/docs</a>。请执行 <code>make web</code> 构建页面。</p>
</html>
"""


def install(app: FastAPI, built: Path | None) -> None:
    """Serve the pages: what no route knows is a file of theirs, or there is no such thing."""

    async def docs(_request: Request) -> Response:
        return FileResponse(OWN / "docs.html")

    async def own(request: Request) -> Response:
        return _file(OWN, request.path_params["name"])

    async def front(_request: Request) -> Response:
        if built is None or not (built / "index.html").is_file():
            return HTMLResponse(NOT_BUILT, 503)
        return FileResponse(built / "index.html", headers={"Cache-Control": "no-cache"})

    async def otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        """Not a route: it would match every path, and unknown ones would be 405 to a POST."""
        if scope["type"] == "websocket":
            return await WebSocketClose()(scope, receive, send)
        name = scope["path"].removeprefix("/")
        if built is None or scope["method"] not in ("GET", "HEAD") or name.startswith("api/"):
            raise HTTPException(404, NOTHING)
        return await _file(built, name)(scope, receive, send)

    app.add_route("/docs", docs, ["GET"], include_in_schema=False)
    app.add_route("/docs/{name}", own, ["GET"], include_in_schema=False)
    app.add_route("/", front, ["GET"], include_in_schema=False)
    app.router.default = otherwise


def _file(folder: Path, name: str) -> Response:
    """A file of this folder and of no other."""
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        found = path.is_relative_to(root) and path.is_file()
    except (ValueError, OSError):  # NUL bytes, names too long
        found = False
    if not found:
        raise HTTPException(404, NOTHING)
    hashed = path.parent.name == "assets"
    return FileResponse(path, headers={"Cache-Control": FOREVER if hashed else "no-cache"})
