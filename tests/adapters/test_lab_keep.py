"""Programs that are kept running, and that leave nothing behind."""

import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.lab import keep
from adapters.lab.asterisk import refuse_taken
from adapters.lab.children import Child, start
from adapters.lab.failures import NotBooted, PortTaken
from adapters.lab.keep import Keeper
from adapters.lab.place import CHECKOUT

FOREVER = "import signal; signal.pause()"


class Clock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(keep, "time", made)
    return made


def python(script: str, log: Path) -> Child:
    return start("script", [sys.executable, "-c", script], log=log)


def test_what_dies_is_started_again_within_a_second(tmp_path: Path, clock: Clock) -> None:
    said: list[str] = []
    keeper = Keeper(said.append)
    keeper.start("clerk", lambda: python(FOREVER, tmp_path / "log"), grace=1.0)
    (clerk,) = keeper.all
    assert clerk.child is not None
    first = clerk.child

    first.process.kill()
    first.process.wait()
    keeper.look()
    clock.now += 0.5
    keeper.look()

    assert clerk.child.pid != first.pid
    assert clerk.child.ended() is None
    assert said == ["clerk ended (signal 9); starting it again in 0.2 s"]
    keeper.stop()


def test_what_takes_long_to_boot_holds_up_nobody_who_died_with_it(tmp_path: Path, clock: Clock) -> None:
    def boots() -> Child:
        clock.now += 20.0
        return python(FOREVER, tmp_path / "log")

    keeper = Keeper(lambda _line: None)
    keeper.start("switch", boots, grace=1.0, again=lambda: python(FOREVER, tmp_path / "log"))
    keeper.start("clerk", lambda: python(FOREVER, tmp_path / "log"), grace=1.0)
    for one in keeper.all:
        assert one.child is not None
        one.child.process.kill()
        one.child.process.wait()
    died = clock.now
    keeper.look()
    clock.now += 0.3
    keeper.look()

    assert [one.child is not None and one.child.ended() is None for one in keeper.all] == [True, True]
    assert clock.now - died < 1.0
    keeper.stop()


def test_what_keeps_dying_is_started_ever_more_slowly_and_forgiven_when_it_lives(tmp_path: Path, clock: Clock) -> None:
    said: list[str] = []
    keeper = Keeper(said.append)
    keeper.start("clerk", lambda: python("raise SystemExit(7)", tmp_path / "log"), grace=0.0)
    (clerk,) = keeper.all

    for _ in range(8):
        assert clerk.child is not None
        clerk.child.process.wait()
        keeper.look()
        clock.now = clerk.due
        keeper.look()
    pauses = [float(line.split(" in ")[1].split(" ")[0]) for line in said]
    assert clerk.child is not None
    clerk.child.process.wait()
    clock.now += 60
    keeper.look()

    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert said[-1].endswith("in 0.2 s")
    keeper.stop()


def test_a_failure_to_start_again_is_told_and_tried_again(tmp_path: Path, clock: Clock) -> None:
    said: list[str] = []
    fails = [False]

    def launch() -> Child:
        if fails[0]:
            raise NotBooted("no room")
        return python("pass", tmp_path / "log")

    keeper = Keeper(said.append)
    keeper.start("clerk", launch, grace=0.0)
    (clerk,) = keeper.all
    assert clerk.child is not None
    clerk.child.process.wait()
    fails[0] = True
    keeper.look()
    clock.now += 1
    keeper.look()
    fails[0] = False
    clock.now += 1
    keeper.look()

    assert said[1:] == ["no room; trying again"]
    assert clerk.child is not None
    keeper.stop()


def test_stopping_ends_what_a_child_started_even_if_it_ignores_us(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    reader, writer = os.pipe()
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {deaf!r}], pass_fds=[{writer}])"
    with open(reader, "rb") as end:
        process = subprocess.Popen(
            [sys.executable, "-c", script], pass_fds=[writer], stdout=subprocess.PIPE, start_new_session=True
        )
        os.close(writer)
        assert process.stdout is not None
        assert process.stdout.readline() == b"deaf\n"

        Child("nest", process).stop(grace=0.1)

        assert end.read() == b""  # nobody holds the other end any more
        process.stdout.close()


def test_when_we_are_killed_our_children_go_too(tmp_path: Path) -> None:
    script = f"""
import signal, sys
from pathlib import Path
from adapters.lab.children import start
print(start("child", [sys.executable, "-c", {FOREVER!r}], log=Path({str(tmp_path / "log")!r})).pid, flush=True)
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, cwd=CHECKOUT)
    assert parent.stdout is not None
    with parent.stdout, open(os.pidfd_open(int(parent.stdout.readline())), "rb", buffering=0) as child:
        parent.kill()
        parent.wait()

        gone, _, _ = select.select([child], [], [], 5.0)

    assert gone


def test_a_port_in_use_is_said_in_one_line_with_who_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

        with pytest.raises(PortTaken) as failure:
            refuse_taken(socket.SOCK_STREAM, port, "CTI_HTTP_PORT")

    said = str(failure.value)
    assert f"port {port} (CTI_HTTP_PORT) is in use by python" in said
    assert f"pid {os.getpid()}" in said


def test_a_free_port_is_no_trouble() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

    refuse_taken(socket.SOCK_STREAM, port, "CTI_HTTP_PORT")
