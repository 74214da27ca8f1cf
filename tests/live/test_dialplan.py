"""The dialplan against a real Asterisk, without the server: what the server relies on, and what holds without it."""

import asyncio
import re
import urllib.parse
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.adapters.asterisk.waiting import eventually
from tests.live.conftest import Lab, Phones
from tests.live.floor import write_tone
from tests.live.phone import Leg
from tests.live.tap import Tap
from tests.live.tone import until_heard

NUMBER, NAME = "13800001234", "张伟明"
CALLERS, ROUNDS = 20, 25
OwnWords = Callable[[str], Awaitable[None]]


async def waiting(events: Tap, since: int = 0) -> dict[str, str]:
    return await events.event("CtiWaiting", since=since)


async def test_a_caller_is_announced_with_everything_the_server_needs(phones: Phones, events: Tap) -> None:
    trunk = await phones.trunk()

    leg = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)
    await leg.until_answered()

    assert re.fullmatch(r"\d+-\d+-\d{6}", told["Call"])
    assert (told["Tenant"], told["Queue"], told["Dialled"], told["Rank"], told["Screen"]) == (
        "demo",
        "sales",
        "4001",
        "",
        "",
    )
    assert abs(float(told["Since"]) - leg.at) < 1
    assert (told["CallerIDNum"], told["CallerIDName"]) == (NUMBER, NAME)


@pytest.mark.parametrize(
    ("number", "queue", "screen"),
    [
        ("4002", "support", ""),
        ("4003", "billing", ""),
        ("4009", "empty", ""),
    ],
)
async def test_each_number_leads_to_its_queue(
    phones: Phones, events: Tap, number: str, queue: str, screen: str
) -> None:
    (await phones.trunk()).call(number, NUMBER, NAME)

    told = await waiting(events)

    assert (told["Dialled"], told["Queue"], told["Screen"]) == (number, queue, screen)


async def test_a_number_that_is_not_ours_is_404(phones: Phones) -> None:
    trunk = await phones.trunk()

    for number in ("4004", "5000", "400", "40011", "4001%0d%0aAction:%20Logoff"):
        assert (await trunk.call(number, NUMBER).until_ended()).ended_by == "404", number


async def test_without_the_server_a_number_leads_to_its_safe_queue(phones: Phones, events: Tap, control: Tap) -> None:
    control.tell("Setvar", Variable="CTI_SAFE_4000", Value="support")
    (await phones.trunk()).call("4000", NUMBER, NAME)

    told = await waiting(events)

    assert (told["Queue"], told["Dialled"]) == ("support", "4000")


async def test_without_the_server_and_a_safe_queue_a_number_leads_to_the_fallback(phones: Phones, events: Tap) -> None:
    (await phones.trunk()).call("4048", NUMBER, NAME)

    assert (await events.event("CtiFallback"))["Kind"] == "message"


async def test_a_delivered_call_rings_the_phone_and_carries_our_id(phones: Phones, events: Tap, control: Tap) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)

    control.redirect(told["Channel"], "to_1_15_1001")
    agent = await desk.next_ring()
    agent.answer()
    await caller.until_answered()
    await agent.until_answered()

    assert agent.cti_call == told["Call"]
    assert agent.invite is not None
    assert agent.invite.caller == (NUMBER, NAME)
    answered = await events.event("DialEnd", DialStatus="ANSWER")
    agent.hangup()
    await caller.until_ended()
    assert answered["DestLinkedid"] == told["Uniqueid"]
    assert caller.ended_by == "them"


async def test_a_phone_that_rings_out_sends_the_caller_back_to_the_music(
    phones: Phones, events: Tap, control: Tap
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)

    control.redirect(told["Channel"], "to_7_1_1001")
    agent = await desk.next_ring()
    ended = await events.event("CtiOfferEnded")
    await agent.until_ended()

    assert (ended["Call"], ended["Offer"], ended["Status"]) == (told["Call"], "7", "NOANSWER")
    assert agent.ended_by == "cancel"
    assert not caller.ended.is_set()
    control.redirect(told["Channel"], "to_8_5_1001")
    assert (await desk.next_ring()).cti_call == told["Call"]


@pytest.mark.parametrize(
    ("refusal", "status", "cause"),
    [("486 Busy Here", "BUSY", "17"), ("480 Unavailable", "NOANSWER", "19"), ("603 Decline", "CHANUNAVAIL", "21")],
)
async def test_a_phone_that_refuses_sends_the_caller_back_and_says_why(
    phones: Phones, events: Tap, control: Tap, refusal: str, status: str, cause: str
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    desk.on_ring = lambda leg: leg.reject(refusal)
    caller = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)

    control.redirect(told["Channel"], "to_1_15_1001")
    ended = await events.event("CtiOfferEnded")

    assert (ended["Status"], ended["Cause"]) == (status, cause)
    assert not caller.ended.is_set()


@pytest.mark.parametrize(
    "exten",
    [
        "to_1_15_1002",
        "to_x_15_1001",
        "to_1__1001",
        "to_1_15_",
        "to_1_15_a&b",
        "to_1_15_1001_9",
        "nonsense",
        "0",
        "_.",
        "to_1_15_10,01",
    ],
)
async def test_no_order_of_the_server_costs_the_caller_the_call(
    phones: Phones, events: Tap, control: Tap, exten: str
) -> None:
    caller = (await phones.trunk()).call("4001", NUMBER, NAME)
    told = await waiting(events)
    await caller.until_answered()

    control.redirect(told["Channel"], exten)
    ended = await events.event("CtiOfferEnded")
    assert ended["Call"] == told["Call"]
    nobody = ("CHANUNAVAIL", "3")  # 3: no route, since no phone is registered
    assert (ended["Status"], ended["Cause"]) == (nobody if exten == "to_1_15_1002" else ("INVALID", "0"))
    control.redirect(told["Channel"], "over", "cti-wait", "music")
    up = await control.ask_list("Status", Variables="CTI_CALLID")

    assert told["Channel"] in [channel["Channel"] for channel in up]


@pytest.mark.parametrize("step", range(2, 9))
async def test_an_order_of_which_only_the_context_has_come_costs_nobody_the_call(
    phones: Phones, events: Tap, control: Tap, step: int
) -> None:
    caller = (await phones.trunk()).call("4001", NUMBER, NAME)
    told = await waiting(events)
    await caller.until_answered()

    for queue in ("sales", "hotline"):
        seen = len(events.heard)
        control.redirect(told["Channel"], queue, step=str(step))
        assert (await events.event("CtiOfferEnded", since=seen))["Status"] == "INVALID"
    assert not caller.ended.is_set()


@pytest.mark.parametrize("late", [0.0, 0.0003, 0.001])
async def test_no_order_is_lost_however_soon_it_comes(phones: Phones, events: Tap, control: Tap, late: float) -> None:
    trunk, loop = await phones.trunk(), asyncio.get_running_loop()
    callers = [trunk.call("4009", f"1380000{n:04}", NAME) for n in range(CALLERS)]
    rounds: Counter[str] = Counter()
    seen = 0
    while len(rounds) < CALLERS or min(rounds.values()) < ROUNDS:
        told = await events.until(lambda words: words.get("UserEvent") in ("CtiWaiting", "CtiOfferEnded"), since=seen)
        seen = events.heard.index(told, seen) + 1
        rounds[told["Channel"]] += 1
        loop.call_later(late, control.redirect, told["Channel"], f"to_{rounds[told['Channel']]}_1_1002")
    assert not [caller for caller in callers if caller.ended.is_set()]


@pytest.mark.parametrize("way", ["to", "rec_to"])
@pytest.mark.parametrize("step", range(1, 9))
async def test_with_whatever_step_asterisk_begins_the_phone_rings(
    phones: Phones, events: Tap, control: Tap, way: str, step: int
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4009", NUMBER, NAME)
    told = await waiting(events)
    await caller.until_answered()

    control.redirect(told["Channel"], f"{way}_1_15_1001", step=str(step))

    assert (await desk.next_ring()).cti_call == told["Call"]
    assert not caller.ended.is_set()


async def test_an_offer_can_be_taken_back_while_it_rings(phones: Phones, events: Tap, control: Tap) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)
    control.redirect(told["Channel"], "to_1_15_1001")
    agent = await desk.next_ring()

    control.redirect(told["Channel"], "over", "cti-wait", "music")
    await agent.until_ended()

    assert agent.ended_by == "cancel"
    assert not caller.ended.is_set()


async def test_a_caller_who_leaves_while_it_rings_leaves_nothing_behind(
    phones: Phones, events: Tap, control: Tap
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    told = await waiting(events)
    control.redirect(told["Channel"], "to_1_15_1001")
    agent = await desk.next_ring()
    await caller.until_answered()

    caller.hangup()
    await agent.until_ended()
    await events.event("Hangup", Uniqueid=told["Uniqueid"])

    assert agent.ended_by == "cancel"
    up = await control.ask_list("Status")
    assert told["Linkedid"] not in [channel["Linkedid"] for channel in up]
    assert not [words for words in events.heard if words.get("UserEvent") == "CtiOfferEnded"]


async def test_a_caller_who_leaves_the_waiting_room_is_not_announced_anew(phones: Phones, events: Tap) -> None:
    caller = (await phones.trunk()).call("4009", NUMBER, NAME)
    told = await waiting(events)
    await caller.until_answered()

    caller.hangup()
    await events.event("Hangup", Uniqueid=told["Uniqueid"])

    assert [words["Queue"] for words in events.heard if words.get("UserEvent") == "CtiWaiting"] == ["empty"]


async def fallback_after(control: Tap, seconds: int, where: str) -> None:
    await control.ask("Setvar", Variable="CTI_FALLBACK_AFTER", Value=seconds)
    await control.ask("Setvar", Variable="CTI_FALLBACK", Value=where)


@pytest.fixture
async def short_patience(control: Tap) -> object:
    await fallback_after(control, 2, "message")
    yield
    await fallback_after(control, 20, "message")


@pytest.mark.usefixtures("short_patience")
async def test_without_a_heartbeat_a_message_takes_the_caller(phones: Phones, events: Tap) -> None:
    caller = (await phones.trunk()).call("4001", NUMBER, NAME)
    told = await waiting(events)

    fell = await events.event("CtiFallback", Call=told["Call"])
    await caller.until_answered()
    caller.hangup()

    assert fell["Kind"] == "message"
    assert 2.0 <= float(fell["Timestamp"]) - float(told["Timestamp"]) < 3.0


@pytest_asyncio.fixture
async def own_words(control: Tap) -> AsyncIterator[OwnWords]:
    async def leave(files: str) -> None:
        await control.ask("Setvar", Variable="CTI_FALLBACK_SAY_demo", Value=files)

    yield leave
    await leave("")


@pytest.mark.asterisk_complains
@pytest.mark.usefixtures("short_patience")
async def test_the_message_is_the_tenants_own_as_the_server_left_it(
    lab: Lab, phones: Phones, own_words: OwnWords, tmp_path: Path
) -> None:
    write_tone(tmp_path / "sorry.wav", 1250)
    await own_words(str(tmp_path / "sorry"))
    trunk = await phones.trunk()
    caller = trunk.call("4001", NUMBER, NAME)
    await until_heard(trunk, {1250})
    caller.hangup()
    await caller.until_ended()

    (tmp_path / "sorry.wav").unlink()
    trunk.call("4001", NUMBER, NAME)
    await eventually(lambda: "tt-allbusy" in (lab.asterisk.ask("core show channels concise") or ""))


@pytest.mark.usefixtures("short_patience")
async def test_a_heartbeat_keeps_the_caller_waiting(phones: Phones, events: Tap, control: Tap) -> None:
    caller = (await phones.trunk()).call("4009", NUMBER, NAME)
    told = await waiting(events)
    beats = asyncio.create_task(beat(control, until=float(told["Timestamp"]) + 4.0))

    last = await beats
    fell = await events.event("CtiFallback", Call=told["Call"])
    caller.hangup()

    assert float(fell["Timestamp"]) >= last + 1.0


async def beat(control: Tap, until: float) -> float:
    """Raise the heartbeat at each answer of Asterisk, four seconds long, and return when the last one was."""
    count, at = 1000, 0.0
    while at < until:
        count += 1
        await control.ask("Setvar", Variable="CTI_HB", Value=count)
        at = float((await control.ask("Ping"))["Timestamp"])
    return at


@pytest.mark.usefixtures("short_patience")
@pytest.mark.parametrize("number", ["1003", "02055550100"])
async def test_without_a_heartbeat_another_number_takes_the_caller(
    phones: Phones, events: Tap, control: Tap, number: str
) -> None:
    await fallback_after(control, 1, f"number:{number}")
    trunk = await phones.trunk()
    taker = await phones.desk(number) if number == "1003" else await phones.carrier()
    caller = trunk.call("4001", NUMBER, NAME)

    fell = await events.event("CtiFallback")
    leg: Leg = await taker.next_ring()
    leg.answer()
    await leg.until_answered()

    assert fell["Kind"] == "number"
    assert leg.cti_call == fell["Call"]
    leg.hangup()
    await caller.until_ended()


async def test_the_last_words_of_a_call_can_be_read_by_a_server_that_was_away(
    phones: Phones, events: Tap, control: Tap
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    caller = trunk.call("4002", "+86%20138%7c0000%091234", NAME)
    told = await waiting(events)
    control.redirect(told["Channel"], "to_3_15_1001")
    agent = await desk.next_ring()
    agent.answer()
    await agent.until_answered()
    agent.hangup()
    await caller.until_ended()
    await events.event("Hangup", Uniqueid=told["Uniqueid"])

    rows = await control.ask_list("DBGetTree", Family="cti-ended")

    (row,) = [row["Val"].split("|") for row in rows if row["Val"].startswith(told["Call"])]
    assert row[:4] == [told["Call"], "demo", "support", told["Since"]]
    assert float(row[4]) >= float(told["Since"])
    assert 0 < int(row[5]) < 5000  # milliseconds after the answer
    assert (row[6], row[7], row[9], row[10]) == ("1001", "16", "4002", "")
    assert urllib.parse.unquote(row[8]) == "+86 138|00001234"


@pytest.mark.parametrize(
    ("user", "kept"),
    [
        ("138%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%201", "138Event: HangupUniqueid: 1"),
        ("138%00%01%7f", "138"),
        ("%e5%bc%a01", "1"),
        ("1,2)$%7bEPOCH%7d", "1,2)${EPOCH}"),
    ],
)
async def test_a_number_from_outside_injects_nothing(
    phones: Phones, events: Tap, control: Tap, user: str, kept: str
) -> None:
    (await phones.trunk()).call("4009", user, NAME)

    told = await waiting(events)
    up = await control.ask_list("Status", Variables="CTI_CALLID")

    assert told["CallerIDNum"] == kept
    assert [channel["CallerIDNum"] for channel in up if channel["Channel"] == told["Channel"]] == [kept]
    assert {words["Event"] for words in events.heard if "Event" in words} <= {
        "FullyBooted", "UserEvent", "DeviceStateChange", "ContactStatus", "Hangup",
    }  # fmt: skip
    assert b"\r\nEvent: Hangup\r\nUniqueid: 1\r\n" not in events.raw


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.3"])
async def test_the_trunk_is_known_by_its_address_and_never_by_its_name(lab: Lab, phones: Phones, address: str) -> None:
    impostor = await phones.trunk(address)

    leg = await impostor.call("4001", "cti-trunk").until_ended()

    assert leg.ended_by == "401"


async def test_a_phone_with_a_wrong_password_is_refused(lab: Lab, phones: Phones) -> None:
    desk = await phones.desk("1002", register=False)
    desk.login = type(desk.login)("1002", "wrong") if desk.login else None

    assert (await desk.register()).status == 401


async def test_a_login_of_ami_may_do_no_more_than_it_needs(events: Tap, control: Tap) -> None:
    for action, headers in (
        ("Command", {"Command": "core show uptime"}),
        ("GetConfig", {"Filename": "manager.conf"}),
        ("Reload", {}),
        ("DBPut", {"Family": "a", "Key": "b", "Val": "c"}),
        ("ModuleLoad", {"LoadType": "reload"}),
    ):
        assert (await control.ask(action, **headers))["Response"] == "Error", action
        assert (await events.ask(action, **headers))["Response"] == "Error", action
    assert (await events.ask("Setvar", Variable="CTI_HB", Value="1"))["Response"] == "Error"
