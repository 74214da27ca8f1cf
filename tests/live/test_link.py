"""The server's own link and FastAGI door against a real Asterisk."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from adapters.asterisk.agi_line import AgiLine
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import HungUp, LineRefused, Lost, Rejected
from adapters.asterisk.link import AmiLink
from adapters.asterisk.probe import Finding, probe
from tests.adapters.asterisk.agi_caller import door_with
from tests.adapters.asterisk.waiting import Ears, eventually
from tests.live.conftest import Lab

WANTED = frozenset({b"UserEvent", b"Hangup"})


@asynccontextmanager
async def linked(lab: Lab) -> AsyncIterator[tuple[AmiLink, Ears]]:
    ears = Ears()
    link = AmiLink(
        host="127.0.0.1",
        port=lab.place.ami_port,
        events_user="cti-events",
        events_secret=lab.keys["ami_events"],
        user="cti-control",
        secret=lab.keys["ami"],
        wanted=WANTED,
        on_event=ears.event,
        on_up=ears.up,
        on_down=ears.down,
    )
    running = asyncio.create_task(link.run())
    try:
        await ears.bell.until(lambda: ears.ups)
        yield link, ears
    finally:
        link.close()
        await running


async def test_the_link_comes_up_and_asterisk_answers(lab: Lab) -> None:
    async with linked(lab) as (link, _):
        await link.control.ask(Action("Setvar", [("Variable", "CTI_HB"), ("Value", "7")]), 5)
        assert (await link.bulk.ask(Action("Getvar", [("Variable", "CTI_HB")]), 5))["Value"] == "7"
        assert await link.bulk.ask_list(Action("Status", [("Variables", "CTI_CALLID")]), 5) == []
        assert len(await link.bulk.ask_list(Action("DeviceStateList"), 5)) >= 6
        await eventually(lambda: link.grants)
        assert {"Redirect", "Originate", "Setvar", "Status", "DBGetTree"} <= link.grants
        assert not link.grants & {"Command", "ModuleLoad", "DBPut", "UpdateConfig"}


async def test_the_last_words_can_be_read_as_a_list(lab: Lab) -> None:
    async with linked(lab) as (link, _):
        tree = Action("DBGetTree", [("Family", "cti-nothing")])
        assert await link.bulk.ask_list(tree, 5) == []
        await asyncio.to_thread(lab.asterisk.ask, "database put cti-nothing 7 1763814000-17-204816|demo|sales")

        (entry,) = await link.bulk.ask_list(tree, 5)

        assert entry["Key"] == "/cti-nothing/7"
        assert entry["Val"] == "1763814000-17-204816|demo|sales"


async def test_a_lock_out_is_named_and_recovers_unaided(lab: Lab) -> None:
    async def look() -> Finding:
        secret = lab.keys["ami"]
        port = lab.place.ami_port
        return (await probe(host="127.0.0.1", port=port, username="cti-control", secret=secret, events=False)).finding

    strangers = [await asyncio.open_connection("127.0.0.1", lab.place.ami_port) for _ in range(60)]
    await asyncio.gather(*(reader.read(1) for reader, _ in strangers))
    assert await look() == Finding.CLOSED_EARLY
    for _, writer in strangers:
        writer.transport.abort()
    found = await look()
    while found == Finding.CLOSED_EARLY:
        found = await look()
    assert found == Finding.OK


async def test_asterisks_refusal_is_a_rejection(lab: Lab) -> None:
    async with linked(lab) as (link, _):
        with pytest.raises(Rejected):
            await link.control.ask(Action("Redirect", [("Channel", "PJSIP/nobody-00000001"), ("Priority", "1")]), 5)
        with pytest.raises(Rejected):
            await link.control.ask(Action("Command", [("Command", "core show version")]), 5)
        assert link.up


async def test_the_longest_line_and_the_most_headers_are_taken(lab: Lab) -> None:
    async with linked(lab) as (link, _):
        value = "x" * (1000 - len("Value: "))
        await link.control.ask(Action("Setvar", [("Variable", "CTI_LONG"), ("Value", value)]), 5)
        assert (await link.control.ask(Action("Getvar", [("Variable", "CTI_LONG")]), 5))["Value"] == value

        many = [("Variable", "CTI_MANY"), ("Value", "1"), *[("Pad", "x")] * 118]
        await link.control.ask(Action("Setvar", many), 5)
        assert link.up


async def test_the_death_of_asterisk_is_told_and_its_return_noticed(lab: Lab) -> None:
    async with linked(lab) as (link, ears):
        lab.kill()
        await ears.bell.until(lambda: ears.downs)
        assert link.reasons
        lab.start()
        await ears.bell.until(lambda: ears.ups == 2, 20)
        assert len(ears.downs) == 1
        await link.control.ask(Action("Setvar", [("Variable", "CTI_HB"), ("Value", "1")]), 5)


async def test_a_probe_of_the_labs_logins_is_ok(lab: Lab) -> None:
    port = lab.place.ami_port
    events = await probe(host="127.0.0.1", port=port, username="cti-events", secret=lab.keys["ami_events"], events=True)
    control = await probe(host="127.0.0.1", port=port, username="cti-control", secret=lab.keys["ami"], events=False)
    wrong = await probe(host="127.0.0.1", port=port, username="cti-control", secret="wrong", events=False)

    assert events.finding == control.finding == Finding.OK
    assert control.too_much == frozenset()
    assert wrong.finding == Finding.BAD_SECRET


async def call_the_door(lab: Lab, link: AmiLink, port: int) -> None:
    extension = f"dialplan add extension 1,1,AGI,agi://127.0.0.1:{port}/x into tests-agi replace"
    await asyncio.to_thread(lab.asterisk.ask, extension)
    call = [("Channel", "Local/1@tests-agi/n"), ("Application", "Wait"), ("Data", "60"), ("Async", "true")]
    await link.control.ask(Action("Originate", call), 5)


async def test_a_call_talks_through_the_door(lab: Lab) -> None:
    said: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()

    async def on_call(line: AgiLine) -> None:
        await line.answer()
        await line.set_variable("CTI_NAME", '欧阳 "娜娜", ${CHANNEL}\n%41')
        name = await line.get_variable("CTI_NAME")
        channel = await line.get_variable("CHANNEL")
        unset = await line.get_variable("CTI_UNSET")
        with pytest.raises(LineRefused):
            await line.command("STREAM FILE")
        digit = await line.wait_for_digit(0.05)
        await line.exec_("NoOp", "x")
        after = await line.get_variable("CHANNEL")
        said.set_result([name, channel, unset, digit, after, line.env["agi_channel"]])
        await line.hangup()

    async with door_with(on_call) as door, linked(lab) as (link, _):
        await call_the_door(lab, link, door.port)
        async with asyncio.timeout(10):
            name, channel, unset, digit, after, env = await said
        assert name == '欧阳 "娜娜", ${CHANNEL}\n%41'
        assert channel == after == env
        assert (unset, digit) == ("", "")
        assert door.counts.script_errors == 0


async def test_a_caller_who_leaves_in_mid_command_hangs_up_the_line(lab: Lab) -> None:
    talking, ended = asyncio.Event(), asyncio.Event()

    async def on_call(line: AgiLine) -> None:
        talking.set()
        try:
            await line.wait_for_digit(60)
        except HungUp:
            ended.set()
            raise

    async with door_with(on_call) as door, linked(lab) as (link, _):
        await call_the_door(lab, link, door.port)
        async with asyncio.timeout(10):
            await talking.wait()
            await asyncio.to_thread(lab.asterisk.ask, "channel request hangup all")
            await ended.wait()


async def test_a_lost_link_ends_what_was_asked(lab: Lab) -> None:
    async with linked(lab) as (link, ears):
        asking = asyncio.create_task(link.bulk.ask(Action("WaitEvent", [("Timeout", "30")]), 60))
        await eventually(lambda: link.bulk.open_asks)
        lab.kill()
        with pytest.raises(Lost):
            await asking
        lab.start()
        await ears.bell.until(lambda: ears.ups == 2, 20)
