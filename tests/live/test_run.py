"""`make run` as people meet it: up in one go, kept up, gone without a trace, and two of them side by side."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.lab.place import CHECKOUT

PORTS = ("CTI_HTTP_PORT", "CTI_AGI_PORT", "CTI_LAB_AMI_PORT", "CTI_LAB_SIP_PORT", "CTI_LAB_HTTP_PORT")


class Run:
    """One `make run`, less the installing."""

    def __init__(self, first_port: int, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="cti-run-"))
        (self.folder / "root").symlink_to(CHECKOUT / ".lab/root")
        (self.folder / "voice").symlink_to(CHECKOUT / ".lab/voice")
        self.base_url = f"http://127.0.0.1:{first_port}"
        self.environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("CTI_")},
            "CTI_LAB_DIR": str(self.folder),
            "CTI_LAB_RTP_START": str(first_port + 1000),
            **{name: str(first_port + offset) for offset, name in enumerate(PORTS)},
            **settings,
        }
        self.said = self.folder / "said"
        with self.said.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "adapters.lab.run"], cwd=CHECKOUT, env=self.environ, stdout=out, stderr=out
            )

    def until(self, true: Callable[[], Any], seconds: float) -> Any:
        """Return what `true` gives once it is true; the end of the run is a failure."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if found := true():
                return found
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"make run ended: {self.said.read_text()}")
        pytest.fail(f"not within {seconds} s: {self.said.read_text()}")

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def told(self) -> bool:
        return "Ctrl-C" in self.said.read_text()

    def get(self, path: str) -> Any:
        admin = json.loads((self.folder / "credentials.json").read_text())["admin"]
        with httpx.Client(base_url=f"{self.base_url}/api/v1", timeout=10.0) as client:
            token = client.post("/auth/token", data=admin).json()["access_token"]
            return client.get(path, headers={"Authorization": f"Bearer {token}"}).json()

    def processes(self) -> dict[int, str]:
        """Every process of this run, told by the folder in its environment."""
        mine = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if f"CTI_LAB_DIR={self.folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                    mine[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
        return mine

    def pid_of(self, words: str) -> int:
        return next((pid for pid, command in self.processes().items() if words in command), 0)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def runs() -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(first_port: int, **settings: str) -> Run:  # below 32768: above, any client's own port may be in the way
        made.append(Run(first_port, **settings))
        return made[-1]

    yield make
    for run in made:
        run.end()


def test_robots_take_calls_and_what_dies_comes_back(runs: Callable[..., Run]) -> None:
    run = runs(10000, CTI_DEMO_ROBOTS="2", CTI_DEMO_CALLS_PER_MINUTE="60")
    run.until(run.told, 60)
    assert run.ready()

    answered = run.until(
        lambda: [call for call in run.get("/calls")["items"] if any(o["result"] == "accepted" for o in call["offers"])],
        60,
    )
    assert {offer["agent_no"] for call in answered for offer in call["offers"]} <= {"1101", "1102"}

    for words in ("serve", "asterisk.conf", "adapters.lab.robots"):
        before = run.pid_of(words)
        assert before, words
        os.kill(before, signal.SIGKILL)
        run.until(lambda words=words, before=before: run.pid_of(words) not in (0, before), 10)  # type: ignore[misc]
    run.until(run.ready, 30)
    robots = {"1101", "1102"}
    run.until(lambda: robots == {a["agent_no"] for a in run.get("/agents")["items"] if a["status"] == "ready"}, 60)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_end_by_order_takes_less_than_ten_seconds_and_leaves_nothing(
    runs: Callable[..., Run], number: signal.Signals
) -> None:
    run = runs(12000, CTI_DEMO_ROBOTS="1", CTI_DEMO_CALLS_PER_MINUTE="60")
    run.until(run.told, 60)
    run.until(lambda: len(run.processes()) == 6, 20)  # this one, Asterisk, server, robots and their two SIPp

    run.process.send_signal(number)

    assert run.process.wait(10) == 0
    assert run.processes() == {}


def test_an_order_while_it_is_coming_up_is_heard_too(runs: Callable[..., Run]) -> None:
    run = runs(14000, CTI_DEMO_ROBOTS="0", CTI_DEMO_CALLS_PER_MINUTE="0")
    run.until(lambda: "server" in run.said.read_text(), 60)

    run.process.send_signal(signal.SIGTERM)

    run.process.wait(10)
    assert run.processes() == {}


def test_even_kill_9_leaves_nothing(runs: Callable[..., Run]) -> None:
    run = runs(16000, CTI_DEMO_ROBOTS="1", CTI_DEMO_CALLS_PER_MINUTE="60")
    run.until(run.told, 60)
    run.until(lambda: len(run.processes()) == 6, 20)
    handles = [os.pidfd_open(pid) for pid in run.processes() if pid != run.process.pid]

    run.process.kill()
    run.process.wait()

    for handle in handles:
        with open(handle, "rb", buffering=0) as gone:
            assert select.select([gone], [], [], 5.0)[0]
    assert run.processes() == {}


def test_two_run_side_by_side_and_a_third_on_their_ports_says_so(runs: Callable[..., Run]) -> None:
    quiet = {"CTI_DEMO_ROBOTS": "0", "CTI_DEMO_CALLS_PER_MINUTE": "0"}
    one, other = runs(18000, **quiet), runs(22000, **quiet)
    one.until(one.told, 90)
    other.until(other.told, 90)

    third = runs(18000, **quiet)

    assert third.process.wait(20) == 1
    assert "port 18000 (CTI_HTTP_PORT) is in use by" in third.said.read_text()
    assert one.ready()
    assert other.ready()
