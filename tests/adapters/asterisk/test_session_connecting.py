"""How a session comes up, notices that it is lost, and comes back: in time, without haste, and never after close."""

import asyncio
from dataclasses import replace

import panoramisk
import pytest

from adapters.asterisk.connection import Pace
from adapters.asterisk.dial import Dialler
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import BadValue, Down, Lost
from adapters.asterisk.session import AmiSession
from tests.adapters.asterisk.ami_server import BANNER, AmiServer, Asked
from tests.adapters.asterisk.rig import BRISK, CALM, STEADY, session_on
from tests.adapters.asterisk.waiting import Ears, own_tasks, turns


async def test_the_secret_never_goes_on_the_wire() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears):
        sent = b"".join(asked.raw for asked in server.peers[0].asked)

        assert b"Key: " in sent
        assert b"move-it" not in sent


async def test_events_are_asked_for_only_where_they_are_wanted() -> None:
    for events, word in ((True, "on"), (False, "off")):
        async with AmiServer() as server, session_on(server, Ears(), events=events):
            assert server.named("Login")[0].headers["Events"] == word


async def test_a_wrong_secret_is_told_once_and_not_hammered() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, secret="wrong", wait=False) as session:
        await ears.bell.until(lambda: ears.downs)
        await server.until(lambda: server.peers[0].gone)

        assert ears.downs == ["auth"]
        assert all(27 <= session._delay(tries, down_for) <= 33 for tries in range(20) for down_for in (0, 600))
        assert len(server.peers) == 1


async def test_the_pause_between_tries_grows_with_jitter_to_its_limit() -> None:
    session = AmiSession(host="h", port=1, username="u", secret="s", name="n", events=False)
    first = {session._delay(0, 0) for _ in range(200)}
    late = {session._delay(50, 600) for _ in range(200)}
    soon = {session._delay(50, 30) for _ in range(200)}

    assert 0.1 <= min(first) < max(first) <= 0.2
    assert 2.5 <= min(late) < max(late) <= 5.0
    assert 0.5 <= min(soon) < max(soon) <= 1.0
    assert len(first) > 100


async def test_it_keeps_trying_until_asterisk_is_there() -> None:
    ears = Ears()
    server = AmiServer()
    await server.open()
    await server.shut()
    async with session_on(server, ears, wait=False):
        await ears.bell.until(lambda: ears.downs)
        assert ears.downs == ["refused"]
        async with server:
            await ears.bell.until(lambda: ears.ups)

        await ears.bell.until(lambda: len(ears.downs) > 1)
    assert ears.downs[:2] == ["refused", "eof"]


@pytest.mark.parametrize(
    "banner",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 1000, b"Asterisk Call Manager/\r\n"],
)
async def test_a_peer_that_is_not_asterisk_gets_not_one_byte(banner: bytes) -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.banner = banner
        async with session_on(server, ears, wait=False):
            await ears.bell.until(lambda: ears.downs)
            assert ears.downs == ["not_asterisk"]
            assert server.peers[0].asked == []


@pytest.mark.parametrize("silent_from", ["banner", "login"])
async def test_a_peer_that_says_nothing_is_given_up(silent_from: str) -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.black_hole = True
        if silent_from == "banner":
            server.banner = b""
        async with session_on(server, ears, pace=Pace(greeting=0.05, login=0.05), wait=False):
            await ears.bell.until(lambda: ears.downs)
            assert ears.downs == ["silent"]


async def test_a_peer_that_takes_the_line_and_says_nothing_costs_two_seconds_not_ten() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.banner = b""
        async with session_on(server, ears, pace=replace(CALM, greeting=0.05), wait=False):
            await ears.bell.until(lambda: ears.downs)
            server.banner = BANNER
            await ears.bell.until(lambda: ears.ups)
    assert Pace().greeting == 2.0


async def test_a_lock_out_is_told_apart_from_a_lost_link() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.welcoming, server.banner = False, b""
        async with session_on(server, ears, wait=False):
            await ears.bell.until(lambda: ears.downs)
            assert ears.downs == ["closed_early"]
            server.welcoming, server.banner = True, b"Asterisk Call Manager/11.0.0\r\n"
            await ears.bell.until(lambda: ears.ups)


@pytest.mark.parametrize("how", ["cut", "reset"])
async def test_a_lost_link_is_told_once_and_comes_back(how: str) -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        for _ in range(5):
            peer, lost = await server.logged_in(), len(ears.downs)
            peer.cut() if how == "cut" else peer.reset()
            await ears.bell.until(lambda lost=lost: len(ears.downs) > lost)  # type: ignore[misc]
            await ears.bell.until(lambda: ears.ups > len(ears.downs))

        assert ears.downs == ["eof"] * 5
        assert session.up
        assert len(own_tasks()) == 1


async def test_a_link_cut_in_mid_message_drops_the_fragment() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, events=True):
        peer = await server.logged_in("cti-events")
        peer.send(b"Event: Hangup\r\nCause: 1")
        peer.transport.close()
        await ears.bell.until(lambda: ears.ups == 2)
        (await server.logged_in("cti-events")).send(b"6\r\n\r\nEvent: Hangup\r\nCause: 17\r\n\r\n")
        await ears.bell.until(lambda: "Hangup" in ears.names)

        assert [m["Cause"] for m in ears.events if m.name == "Hangup"] == ["17"]


async def test_a_black_hole_is_noticed_by_two_unanswered_pings() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, pace=BRISK) as session:
        await server.until(lambda: len(server.named("Ping")) >= 3)
        server.black_hole = True
        asking = asyncio.create_task(session.ask(Action("Redirect"), 3600))
        await ears.bell.until(lambda: ears.downs)

        assert ears.downs == ["ping"]
        with pytest.raises(Lost):
            await asking
        assert session.open_asks == 0
        server.black_hole = False
        await ears.bell.until(lambda: ears.ups == 2)
        assert len(server.named("Redirect")) == 1


def test_a_black_hole_is_noticed_within_five_seconds() -> None:
    pace = Pace()

    assert pace.ping_every == 2.0
    assert pace.ping_every + 2 * pace.patience < 5.0


async def test_one_late_pong_does_not_cost_the_link() -> None:
    ears = Ears()
    async with AmiServer() as server:
        pings: list[Asked] = []

        def every_second(asked: Asked) -> bytes:
            pings.append(asked)
            return b"" if len(pings) % 2 else asked.success()

        server.answers["Ping"] = every_second
        async with session_on(server, ears, pace=STEADY):
            await server.until(lambda: len(pings) >= 6)
            assert ears.downs == []


async def test_anything_heard_counts_as_life() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.answers["Ping"] = lambda _asked: b"Event: VarSet\r\nVariable: X\r\n\r\n"
        async with session_on(server, ears, events=True, pace=STEADY) as session:
            await server.until(lambda: len(server.named("Ping")) >= 4)
            assert ears.downs == []
            assert session.open_asks <= 2


async def test_close_while_waiting_to_try_again_leaves_no_login_behind() -> None:
    ears = Ears()
    async with AmiServer() as server:
        async with session_on(server, ears, pace=CALM):
            (await server.logged_in()).cut()
            await ears.bell.until(lambda: ears.downs)
        before = len(server.peers)
        await turns(50)
        assert len(server.peers) == before
        assert own_tasks() == []


@pytest.mark.parametrize("passes", range(12))
async def test_close_at_any_moment_of_connecting_ends_it_and_leaves_nothing(passes: int) -> None:
    ears = Ears()
    async with AmiServer() as server:
        async with session_on(server, ears, wait=False) as session:
            await turns(passes)
        await server.until(lambda: all(peer.gone for peer in server.peers))

        assert not session.up
        assert ears.downs == []
        assert own_tasks() == []
        assert session.open_asks == 0


@pytest.mark.parametrize("passes", [0, 1, 2, 3, 5, 8, 20])
async def test_cancelling_it_at_any_moment_leaves_nothing(passes: int) -> None:
    async with AmiServer() as server:
        session = AmiSession(
            host="127.0.0.1", port=server.port, username="cti-control", secret="move-it", name="control", events=False
        )
        running = asyncio.create_task(session.run())
        await turns(passes)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await server.until(lambda: all(peer.gone for peer in server.peers))
        assert own_tasks() == []


async def test_a_listener_that_fails_does_not_cost_the_session(caplog: pytest.LogCaptureFixture) -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:

        def stumble(*_args: str) -> None:
            ears.up()
            raise ValueError("a bug")

        session._on_up = session._on_down = stumble
        for told in (3, 5):
            (await server.logged_in()).cut()
            await ears.bell.until(lambda told=told: ears.ups == told)  # type: ignore[misc]
        assert session.counts.handler_errors == 4
        assert session.up
    assert "a listener failed" in caplog.text


def test_a_user_name_that_could_inject_is_refused_at_the_start() -> None:
    with pytest.raises(BadValue):
        AmiSession(host="h", port=1, username="u\r\nAction: x", secret="s", name="n", events=False)


async def test_panoramisk_is_left_nothing_to_send_or_to_repeat() -> None:
    async with AmiServer() as server:
        dialler = Dialler("127.0.0.1", server.port, None, lambda: None)  # type: ignore[arg-type,return-value]

        assert isinstance(dialler, panoramisk.Manager)
        with pytest.raises(NotImplementedError):
            dialler.send_action({"Action": "Originate"})
        with pytest.raises(NotImplementedError):
            dialler.send_command("core show channels")
        assert not dialler.awaiting_actions


def test_every_reason_has_a_word_of_its_own() -> None:
    assert len({str(each) for each in Down}) == len(Down)
