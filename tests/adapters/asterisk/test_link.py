"""The link: up when all three sessions are and Asterisk is booted, down once when any is lost."""

import asyncio
from dataclasses import replace

import pytest

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import NotSent
from tests.adapters.asterisk.ami_server import AmiServer
from tests.adapters.asterisk.rig import BRISK, CALM, link_on, link_to
from tests.adapters.asterisk.waiting import Ears, eventually, own_tasks


async def test_three_sessions_log_in_and_then_it_is_up() -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears) as link:
        logins = [(asked.headers["Username"], asked.headers["Events"]) for asked in server.named("Login")]

        assert sorted(logins) == [("cti-control", "off"), ("cti-control", "off"), ("cti-events", "on")]
        assert link.up
        assert link.reasons == {}
        assert (ears.ups, ears.downs) == (1, [])


async def test_it_is_not_up_before_asterisk_has_booted() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.booted = False
        async with link_on(server, ears, wait=False) as link:
            events = await server.logged_in("cti-events")
            await eventually(lambda: link.reasons == {"events": "not_booted"})
            assert not link.up
            assert ears.ups == 0

            events.event("FullyBooted", ("Status", "Fully Booted"))
            await ears.bell.until(lambda: ears.ups)
            assert link.up


async def test_a_login_that_missed_the_word_of_the_boot_is_made_anew() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.booted = False
        async with link_on(server, ears, pace=replace(CALM, booted=0.05), wait=False) as link:
            first = await server.logged_in("cti-events")
            server.booted = True  # and nothing is said to those who are in already
            await ears.bell.until(lambda: ears.ups)
            assert first.gone
            assert link.up
            assert ears.downs == []


async def test_news_from_before_it_is_up_is_passed_on_in_order() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.booted = False
        async with link_on(server, ears, wait=False):
            events = await server.logged_in("cti-events")
            events.event("Hangup", ("Cause", "1"))
            events.event("FullyBooted")
            events.event("Hangup", ("Cause", "2"))
            await ears.bell.until(lambda: len(ears.events) == 2)
            assert [m["Cause"] for m in ears.events] == ["1", "2"]


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_losing_any_session_is_told_once_and_its_return_brings_the_link_back(which: int) -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears) as link:
        server.peers[which].cut()
        await ears.bell.until(lambda: ears.ups == 2)

        assert len(ears.downs) == 1
        assert ears.downs[0].endswith(": eof")
        assert link.up


async def test_the_death_of_asterisk_is_one_loss_and_its_boot_one_return() -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears) as link:
        await server.shut()
        await ears.bell.until(lambda: ears.downs)
        with pytest.raises(NotSent):
            await link.control.ask(Action("Redirect"), 5)
        server.booted = False
        async with server:
            for username in ("cti-events", "cti-control"):
                await server.logged_in(username)
            assert ears.ups == 1
            (await server.logged_in("cti-events")).event("FullyBooted")
            await ears.bell.until(lambda: ears.ups == 2)

            assert len(ears.downs) == 1
            assert link.up


async def test_a_control_session_that_stays_away_keeps_the_link_down() -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears, pace=BRISK) as link:
        server.users["cti-control"] = "changed"
        for peer in server.peers:
            peer.cut()
        await ears.bell.until(lambda: any("auth" in down for down in ears.downs))
        await eventually(lambda: link.events.up)

        assert not link.up
        assert set(link.reasons) == {"control", "bulk"}
        assert set(ears.downs[1:]) <= {"control: auth", "bulk: auth"}


async def test_a_wrong_secret_at_the_start_is_told() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.users["cti-events"] = "changed"
        async with link_on(server, ears, wait=False):
            await ears.bell.until(lambda: ears.downs)
            assert ears.downs == ["events: auth"]


async def test_what_the_control_user_may_do_is_seen() -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears) as link:
        await server.until(lambda: server.named("ListCommands"))
        await link.bulk.ask(Action("Ping"), 5)

        assert {"Redirect", "Originate", "Status"} <= link.grants
        assert "Response" not in link.grants


async def test_control_and_bulk_are_separate_lines() -> None:
    ears = Ears()
    async with AmiServer() as server, link_on(server, ears) as link:
        server.answers["Status"] = lambda _asked: b""
        slow = asyncio.create_task(link.bulk.ask_list(Action("Status"), 3600))
        await server.until(lambda: server.named("Status"))
        await link.control.ask(Action("Redirect"), 5)

        by_peer = [{asked.name for asked in peer.asked} for peer in server.peers]
        assert not any({"Status", "Redirect"} <= names for names in by_peer)
        slow.cancel()


async def test_closing_is_silent_and_complete() -> None:
    ears = Ears()
    async with AmiServer() as server:
        async with link_on(server, ears):
            pass
        await server.until(lambda: all(peer.gone for peer in server.peers))
        assert ears.downs == []
        assert own_tasks() == []


async def test_cancelling_it_leaves_nothing() -> None:
    ears = Ears()
    async with AmiServer() as server:
        running = asyncio.create_task(link_to(server, ears).run())
        await ears.bell.until(lambda: ears.ups)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await server.until(lambda: all(peer.gone for peer in server.peers))
        assert own_tasks() == []
