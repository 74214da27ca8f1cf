"""A whole call centre for a test: the server as its own process, beside the lab's Asterisk, with people who sign in."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from adapters.geodata.known import EXTRACT, FILE
from adapters.lab.place import CHECKOUT
from tests.adapters.desktop.client import Event, StreamClient
from tests.live import nursery

if TYPE_CHECKING:
    from tests.live.conftest import Lab

START_SECONDS = 30.0
COMMAND_SECONDS = 60.0
PACE_SECONDS = 0.01
"""Between two questions of a wait: asking without a pause takes the processor from those who are to answer."""
SQLITE: Final = "sqlite+aiosqlite:///{folder}/cti.db"


class Centre:
    """One server process with a database of its own. `kill` is kill -9; `start` starts it again."""

    def __init__(self, lab: Lab, database_url: str, **settings: str) -> None:
        self.lab = lab
        self.folder = Path(tempfile.mkdtemp(prefix="cti-centre-"))
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CTI_")},
            "CTI_LAB_DIR": str(lab.place.folder),
            "CTI_DATABASE_URL": database_url.replace("{folder}", str(self.folder)),
            "CTI_STATE_DIR": str(self.folder / "state"),
            "PYTHONASYNCIODEBUG": "",
            **settings,
        }
        state = self.folder / "state"
        state.mkdir()
        os.link(_places(lab), state / FILE)
        self.http = httpx.AsyncClient(base_url=self.url, timeout=20.0)
        self.process: nursery.Child | None = None

    @property
    def url(self) -> str:
        return self.lab.place.base_url

    def cti(self, *arguments: str, words: str = "") -> str:
        """Run the command line and return what it prints."""
        done = self.run(*arguments, words=words)
        assert done.returncode == 0, f"cti {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def run(self, *arguments: str, words: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run the command line, however it ends."""
        return nursery.run(arguments, {**self.environ, **settings}, words, COMMAND_SECONDS)

    # --- the process ---

    async def start(self) -> None:
        """Start the server and return when it is ready. The first start finds an Asterisk without a past."""
        if self.process is None:
            await asyncio.to_thread(self.lab.sweep)
        self.process = self._serve()
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await self.ready():
                    assert self.process.poll() is None, self.log
                    await asyncio.to_thread(self._ended_within, 0.05)
        except BaseException:
            self.kill()  # or the next test would talk to this server
            raise

    def _serve(self) -> nursery.Child:
        return nursery.bear(["serve"], self.environ, self.folder / "server.out", self.folder / "server.log")

    def _ended_within(self, seconds: float) -> None:
        assert self.process is not None
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    @property
    def log(self) -> str:
        """The end of what the server has logged."""
        return (self.folder / "server.log").read_text(encoding="utf-8")[-6000:]

    async def ready(self) -> bool:
        try:
            return (await self.http.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(15)

    async def close(self) -> None:
        await self.http.aclose()
        if self.process is not None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- people ---

    def password(self, username: str) -> str:
        known = self.lab.credentials
        people = [known["admin"], known["supervisor"], *known["agents"], *known["robots"]]
        return str(next(one["password"] for one in people if one["username"] == username))

    async def token(self, username: str) -> str:
        return await self.signed_in(username, self.password(username))

    async def signed_in(self, username: str, password: str) -> str:
        form = {"username": username, "password": password}
        answer = await self.http.post("/api/v1/auth/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    @property
    def supervisor(self) -> str:
        return str(self.lab.credentials["supervisor"]["username"])

    @property
    def admin(self) -> str:
        return str(self.lab.credentials["admin"]["username"])

    async def get(self, path: str, token: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http.get(f"/api/v1{path}", headers=headers, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def until(self, path: str, token: str, true: Callable[[Any], object]) -> Any:
        """Ask until the answer is as wanted, and return it."""
        async with asyncio.timeout(START_SECONDS):
            while not true(found := await self.get(path, token)):
                await asyncio.sleep(PACE_SECONDS)
        return found

    async def post(self, path: str, token: str) -> None:
        answer = await self.http.post(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 202, answer.text

    async def status(self, token: str, agent: str, status: str, **more: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http.put(f"/api/v1/agents/{agent}/status", headers=headers, json={"status": status, **more})
        assert answer.status_code == 202, answer.text

    async def routable(self, token: str, agent: str) -> None:
        """Return when this agent can take a call."""
        async with asyncio.timeout(20):
            while not (await self.get(f"/agents/{agent}", token))["routable"]:
                await asyncio.sleep(PACE_SECONDS)

    @asynccontextmanager
    async def desktop(self, username: str, *topics: str) -> AsyncIterator[Desktop]:
        """Somebody's open page: a connection, signed in and subscribed."""
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(StreamClient.open(self.url))
            token = await self.token(username)
            snapshot = await client.sign_in(token, *topics)
            yield Desktop(client, token, username, snapshot)


class Desktop:
    def __init__(self, client: StreamClient, token: str, username: str, snapshot: dict[str, Any]) -> None:
        self.client = client
        self.token = token
        self.username = username
        self.snapshot = snapshot

    async def ready(self) -> None:
        """Declare oneself ready and wait until calls can come."""
        await self.client.command("agent.status", status="ready")
        await self.client.event(
            "agent.updated", where=lambda e: e.data["agent_no"] == self.username and e.data["routable"]
        )

    async def story(self, call: str, until: str) -> list[Event]:
        """Everything told of a call, up to an event of this type."""
        told: list[Event] = []
        while not told or told[-1].type != until:
            told.append(await self.client.event(where=lambda e: e.call == call))
        return told


def _places(lab: Lab) -> Path:
    """What the library knows of places, extracted once for all servers of this lab: it takes most of a second."""
    file = lab.place.folder / FILE
    if not file.exists():
        file.write_bytes(subprocess.run(EXTRACT, cwd=CHECKOUT, capture_output=True, check=True).stdout)
    return file
