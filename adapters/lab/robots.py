"""The demonstration's people: robot agents who sign in, answer and talk, and callers who ring them.

SIPp speaks SIP for them; this process signs them in over REST and keeps them ready. It declines to know routing.
"""

import asyncio
import contextlib
import json
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from adapters.lab.children import Child, start
from adapters.lab.fetch import Programs, fetch
from adapters.lab.keypad import press
from adapters.lab.people import CALLERS, ROBOTS, VIP_CALLERS
from adapters.lab.place import Place, place
from adapters.lab.sound import to_ulaw

SCENARIOS: Final = Path(__file__).parent / "sipp"
NUMBERS: Final = ("4000", "4001", "4002", "4003")
LOOK_EVERY: Final = 10.0
SOON: Final = 1.0
ASK_WITHIN: Final = 10.0
ADDRESS_OF_ROBOTS: Final = "127.0.0.1"
ADDRESS_OF_CALLERS: Final = "127.0.0.2"
OURS_TO_UNDO: Final = frozenset({"no_answer", "connection_lost"})
"""Reasons why an agent is not ready that a robot answers by coming back; what a supervisor ordered stays."""


@dataclass(slots=True)
class Robot:
    """One robot agent as the server knows it."""

    agent_no: str
    username: str
    password: str
    token: str = ""

    async def look_after(self, client: httpx.AsyncClient) -> None:
        """Sign in if need be, and be ready again after an unanswered call or a restart of the server."""
        if not self.token:
            form = {"username": self.username, "password": self.password}
            answer = await client.post("/api/v1/auth/token", data=form)
            answer.raise_for_status()
            self.token = answer.json()["access_token"]
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await client.get(f"/api/v1/agents/{self.agent_no}", headers=headers)
        if answer.status_code == 401:
            self.token = ""
        answer.raise_for_status()
        if needs_ready(answer.json()):
            wish = {"status": "ready"}
            answer = await client.put(f"/api/v1/agents/{self.agent_no}/status", json=wish, headers=headers)
            answer.raise_for_status()


def needs_ready(agent: Mapping[str, Any]) -> bool:
    """Tell whether a robot should say again that it is ready."""
    if agent["status"] == "logged_out":
        return True
    return agent["status"] == "not_ready" and agent.get("reason") in OURS_TO_UNDO


async def keep_ready(robot: Robot, base_url: str) -> None:
    """Look after one robot for as long as the demonstration lasts; a server that is away is tried again."""
    async with httpx.AsyncClient(base_url=base_url, timeout=ASK_WITHIN, trust_env=False) as client:
        last = ""
        while True:
            try:
                await robot.look_after(client)
                pause, trouble = LOOK_EVERY, ""
            except (httpx.HTTPError, KeyError, ValueError) as error:
                pause, trouble = SOON, f"{type(error).__name__} {error}"
            if trouble != last:
                say(f"{robot.agent_no}: {trouble or 'all well'}")
                last = trouble
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))


def phones(where: Place, programs: Programs, robots: Sequence[Mapping[str, str]]) -> Child:
    """Start the robots' phones: one SIPp registers them all and answers."""
    rows = [
        (robot["sip_user"], f"[authentication username={robot['sip_user']} password={robot['sip_password']}]")
        for robot in robots
    ]
    arguments = ["-sf", "register.xml", "-rxsf", "robot.xml", "-m", str(len(rows)), "-l", "200", "-r", "10", "-aa"]
    return _sipp(where, programs, "robot-phones", ADDRESS_OF_ROBOTS, "SEQUENTIAL", rows, arguments)


def callers(where: Place, programs: Programs, per_minute: int) -> Child:
    """Start the callers: one SIPp that dials `per_minute` times a minute for ever."""
    people = [*CALLERS, *CALLERS, *VIP_CALLERS]  # an important caller is rarer than others
    rows = [(number, name, dialled) for number, name in people for dialled in NUMBERS]
    arguments = ["-sf", "caller.xml", "-r", str(per_minute), "-rp", "60000", "-l", "300", "-aa"]
    return _sipp(where, programs, "callers", ADDRESS_OF_CALLERS, "RANDOM", rows, arguments)


def one_caller(
    where: Place, programs: Programs, dialled: str, number: str, name: str, seconds: int, keys: str = ""
) -> int:
    """One call from the trunk, which presses `keys` and hangs up after `seconds` unless it is hung up before; SIPp's
    exit code."""
    arguments = ["-sf", "call.xml", "-key", "patience_ms", str(seconds * 1000), "-m", "1"]
    told = where.folder / "sipp/caller/media.log"
    told.unlink(missing_ok=True)
    arguments += ["-trace_logs", "-log_file", told.name]
    caller = _sipp(where, programs, "caller", ADDRESS_OF_CALLERS, "SEQUENTIAL", [(number, name, dialled)], arguments)
    try:
        while keys and caller.ended() is None:
            if told.exists() and (port := told.read_text().strip()):
                press(("127.0.0.1", int(port)), keys)
                break
            time.sleep(0.05)
        return caller.process.wait()
    finally:
        caller.stop()


def _sipp(
    where: Place,
    programs: Programs,
    name: str,
    address: str,
    order: str,
    rows: Sequence[Sequence[str]],
    arguments: Sequence[str],
) -> Child:
    folder = where.folder / "sipp" / name
    folder.mkdir(parents=True, exist_ok=True)
    for scenario in SCENARIOS.glob("*.xml"):
        (folder / scenario.name).write_bytes(scenario.read_bytes())
    sound = folder / "voice.ulaw"
    if not sound.exists():
        to_ulaw(programs.root / "usr/share/asterisk/sounds/en_US_f_Allison/demo-congrats.wav", sound)
    lines = [order, *(";".join(row) for row in rows)]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [
        *programs.sipp(f"127.0.0.1:{where.sip_port}", "-i", address, "-mi", address, "-ci", "127.0.0.1"),
        *("-inf", "rows.csv", "-nostdin", "-skip_rlimit", *arguments),
    ]
    return start(name, command, log=where.folder / f"log/{name}.out", folder=folder)


async def watch(children: Sequence[Child]) -> None:
    """Return when one of the SIPp processes has ended: then this process ends, and is started again as a whole."""
    while all(child.ended() is None for child in children):
        await asyncio.sleep(0.3)
    raise RuntimeError("a SIPp has ended: " + ", ".join(child.name for child in children if child.ended() is not None))


async def demonstrate(count: int, per_minute: int) -> None:
    """Run robots and callers until ended."""
    where = place()
    programs = fetch(where.root, say=say)
    credentials = json.loads((where.folder / "credentials.json").read_text(encoding="utf-8"))
    chosen = credentials["robots"][: min(count, len(ROBOTS))]
    children: list[Child] = []
    try:
        if chosen:
            children.append(phones(where, programs, chosen))
        if per_minute:
            children.append(callers(where, programs, per_minute))
        async with asyncio.TaskGroup() as group:
            group.create_task(watch(children))
            for row in chosen:
                robot = Robot(row["agent_no"], row["username"], row["password"])
                group.create_task(keep_ready(robot, credentials["base_url"]))
    finally:
        for child in children:
            child.stop(1.0)


async def main(count: int, per_minute: int) -> None:
    """Run the demonstration; SIGTERM ends it."""
    task = asyncio.ensure_future(demonstrate(count, per_minute))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def say(line: str) -> None:
    """Write to this process's log."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
