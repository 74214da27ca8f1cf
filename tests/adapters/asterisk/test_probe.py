"""The look that `cti doctor` takes: each trouble has its own name."""

import pytest

from adapters.asterisk.probe import Finding, Probe, probe
from tests.adapters.asterisk.ami_server import AmiServer
from tests.adapters.asterisk.waiting import own_tasks, turns


async def look(server: AmiServer, *, events: bool = False, secret: str = "", seconds: float = 5.0) -> Probe:
    username = "cti-events" if events else "cti-control"
    found = await probe(
        host="127.0.0.1",
        port=server.port,
        username=username,
        secret=secret or server.users[username],
        events=events,
        seconds=seconds,
    )
    await turns()
    assert own_tasks() == []
    return found


async def test_a_good_login_is_ok() -> None:
    async with AmiServer() as server:
        control, events = await look(server), await look(server, events=True)

        assert (control.finding, events.finding) == (Finding.OK, Finding.OK)
        assert control.version == "11.0.0"
        assert "Redirect" in control.grants
        assert control.missing == control.too_much == frozenset()


async def test_nobody_there_is_refused() -> None:
    async with AmiServer() as server:
        pass
    assert (await look(server)).finding == Finding.REFUSED


@pytest.mark.parametrize("banner", [b"", b"Asterisk Call Manager/11.0.0\r\n"])
async def test_silence_is_a_time_out(banner: bytes) -> None:
    async with AmiServer() as server:
        server.banner, server.black_hole = banner, True
        assert (await look(server, seconds=0.05)).finding == Finding.TIMED_OUT


async def test_a_wrong_secret_is_told() -> None:
    async with AmiServer() as server:
        assert (await look(server, secret="wrong")).finding == Finding.BAD_SECRET


async def test_another_program_on_the_port_is_told() -> None:
    async with AmiServer() as server:
        server.banner = b"220 mail ESMTP\r\n"
        assert (await look(server)).finding == Finding.NOT_ASTERISK


async def test_a_door_closed_before_the_login_is_told() -> None:
    async with AmiServer() as server:
        server.banner, server.welcoming = b"", False
        assert (await look(server)).finding == Finding.CLOSED_EARLY


async def test_a_missing_privilege_is_named() -> None:
    async with AmiServer() as server:
        server.answers["ListCommands"] = lambda asked: asked.success("Status: Lists.  (Priv: call,all)\r\n")
        found = await look(server)

        assert found.finding == Finding.NO_PRIVILEGE
        assert {"Redirect", "Originate"} <= found.missing


async def test_a_privilege_too_many_is_named() -> None:
    async with AmiServer() as server:
        server.answers["ListCommands"] = lambda asked: asked.success(
            "".join(f"{name}: x (Priv: all)\r\n" for name in ("Command", *("Redirect", "Status")))
        )
        assert (await look(server)).too_much == {"Command"}


async def test_an_events_user_who_never_hears_of_the_boot_is_told() -> None:
    async with AmiServer() as server:
        server.booted = False
        assert (await look(server, events=True, seconds=0.5)).finding == Finding.NOT_BOOTED
