"""Call control on a real Asterisk with real phones: who hears whom after every command, and that nothing is left."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from adapters.voice.build import MADE, place
from tests.live.centre import SQLITE, Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor, spans, write_tone
from tests.live.phone import Leg, Phone
from tests.live.tone import LOUD, QUIET, Tone, heard

A, B, CUSTOMER, D = 440, 1000, 620, 1250
"""What each sings."""


@pytest_asyncio.fixture
async def floor(small: Centre, lab: Lab, phones: Phones) -> Floor:
    return Floor(small, lab, phones)


async def hears(phone: Phone, *pitches: int) -> None:
    """This phone hears these, and none of the other singers."""
    loud: Mapping[int, float] = {}
    for _ in range(4):  # a moment of the change may still be on its way
        loud = await heard(phone, (A, B, CUSTOMER, D))
        if all(level > LOUD if hz in pitches else level < QUIET for hz, level in loud.items()):
            return
    raise AssertionError(f"not {pitches}, but {loud}")


def sing(phone: Phone, leg: Leg, hz: int) -> Tone:
    return Tone(phone, leg).send(hz)


async def test_a_held_customer_hears_music_and_is_heard_again_after_the_retrieval(floor: Floor) -> None:
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    with sing(desk, agent, A), sing(trunk, caller, CUSTOMER):
        await hears(desk, CUSTOMER)
        await floor.asks("1001", f"/calls/{call}/hold")
        await floor.is_(call, "1001", state="held")
        await hears(desk)
        assert (await heard(trunk))[A] < LOUD, "the music may have that pitch in it, softly"
        assert await floor.refused("1001", f"/calls/{call}/hold") == "wrong_state"
        await floor.asks("1001", f"/calls/{call}/retrieve")
        await floor.is_(call, "1001", state="talking")
        await hears(desk, CUSTOMER)
        await hears(trunk, A)
    agent.hangup()
    await caller.until_ended()
    record = await floor.is_(call, "1001", state="ended")
    assert [one for one in spans(record) if one[1]] == [
        ("ringing", "1001"),
        ("talking", "1001"),
        ("held", "1001"),
        ("talking", "1001"),
    ]
    await floor.empty()


async def test_a_blind_transfer_to_an_agent_ends_the_first_one_s_part_and_rings_the_second(floor: Floor) -> None:
    desk = await floor.agent("1001")
    other = await floor.busy("1002")
    call, caller, agent, trunk = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/attach", data={"订单": "7,7\nAction: Logoff"})
    await floor.asks("1001", f"/calls/{call}/transfer", to="agent:1002")
    await agent.until_ended()
    rung = await other.next_ring()
    rung.answer()
    await rung.until_answered()
    record = await floor.is_(call, "1002", state="talking", agent_no="1002")
    assert rung.cti_call == call
    assert [(one["agent_no"], one["strategy"], one["result"]) for one in record["offers"]] == [
        ("1001", "least_calls", "accepted"),
        ("1002", "transfer", "accepted"),
    ]
    with sing(other, rung, B), sing(trunk, caller, CUSTOMER):
        await hears(other, CUSTOMER)
        await hears(trunk, B)
    assert desk is not other
    await floor.works("1001", "acw")
    caller.hangup()
    await rung.until_ended()
    await floor.empty()


async def test_a_transfer_to_a_queue_keeps_the_caller_s_place_and_another_agent_takes_it(floor: Floor) -> None:
    await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/transfer", to="queue:support")
    await agent.until_ended()
    record = await floor.is_(call, "1001", state="waiting", queue="support")
    assert not caller.ended.is_set()
    desk = await floor.busy("1002")
    await floor.centre.status(floor.tokens["1002"], "1002", "ready")
    rung = await desk.next_ring()
    rung.answer()
    await rung.until_answered()
    await floor.is_(call, "1002", state="talking", queue="support", queued_at=record["queued_at"])
    with sing(desk, rung, B), sing(trunk, caller, CUSTOMER):
        await hears(desk, CUSTOMER)
        await hears(trunk, B)
    rung.hangup()
    await caller.until_ended()
    await floor.empty()


async def test_a_transfer_to_a_number_goes_out_over_the_trunk_with_a_number_of_ours(floor: Floor) -> None:
    await floor.agent("1001")
    carrier = await floor.phones.carrier()
    call, caller, agent, trunk = await floor.talk("1001")
    assert await floor.refused("1001", f"/calls/{call}/transfer", to="number:0012025550123") == "refused_by_policy"
    await floor.asks("1001", f"/calls/{call}/transfer", to="number:139 0000 1111")
    out = await carrier.next_ring()
    assert out.invite is not None
    assert "sip:13900001111@" in out.invite.first
    assert out.invite.caller[0] == "4000"
    assert not out.cti_call
    out.answer()
    await out.until_answered()
    with sing(carrier, out, D), sing(trunk, caller, CUSTOMER):
        await hears(carrier, CUSTOMER)
        await hears(trunk, D)
    out.hangup()
    await caller.until_ended()
    record = await floor.is_(call, "1001", state="ended")
    assert record["result"] == "answered"
    await floor.empty()
    assert agent.ended.is_set()


async def consulting(floor: Floor) -> tuple[str, Leg, Leg, Leg, Phone]:
    """1001 talks with a customer and asks 1002, who has answered."""
    await floor.agent("1001")
    await floor.busy("1002")
    call, caller, agent, trunk = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/consult", to="agent:1002")
    rung = await floor.desks["1002"].next_ring()
    assert rung.cti_call == call
    rung.answer()
    await rung.until_answered()
    await floor.works("1002", "consulting")
    await floor.works("1001", "consulting")
    return call, caller, agent, rung, trunk


async def test_a_consultation_is_between_agents_alone_and_completed_the_second_has_the_customer(floor: Floor) -> None:
    call, caller, agent, rung, trunk = await consulting(floor)
    one, two = floor.desks["1001"], floor.desks["1002"]
    with sing(one, agent, A), sing(two, rung, B), sing(trunk, caller, CUSTOMER):
        await hears(one, B)
        await hears(two, A)
        await floor.asks("1001", f"/calls/{call}/consult/alternate")
        await hears(one, CUSTOMER)
        await hears(trunk, A)
        await floor.asks("1001", f"/calls/{call}/consult/alternate")
        await hears(one, B)
        await hears(two, A)
        await floor.asks("1001", f"/calls/{call}/consult/complete")
        await agent.until_ended()
        await hears(two, CUSTOMER)
        await hears(trunk, B)
    record = await floor.is_(call, "1002", state="talking", agent_no="1002")
    rung.hangup()
    await caller.until_ended()
    record = await floor.is_(call, "1002", state="ended")
    assert ("consulting", "1002") in spans(record)
    assert spans(record)[-1] == ("talking", "1002")
    await floor.empty()


async def test_a_consultation_completed_at_once_joins_customer_and_colleague(floor: Floor) -> None:
    call, caller, agent, rung, trunk = await consulting(floor)
    two = floor.desks["1002"]
    await floor.asks("1001", f"/calls/{call}/consult/complete")
    await agent.until_ended()
    with sing(two, rung, B), sing(trunk, caller, CUSTOMER):
        await hears(two, CUSTOMER)
        await hears(trunk, B)
    caller.hangup()
    await rung.until_ended()
    await floor.empty()


async def test_a_cancelled_consultation_and_one_nobody_answers_lead_back_to_the_customer(floor: Floor) -> None:
    call, caller, agent, rung, trunk = await consulting(floor)
    one = floor.desks["1001"]
    with sing(one, agent, A), sing(trunk, caller, CUSTOMER):
        await floor.asks("1001", f"/calls/{call}/consult/cancel")
        await rung.until_ended()
        await hears(one, CUSTOMER)
        await hears(trunk, A)
        await floor.works("1002", "idle")
        await floor.asks("1001", f"/calls/{call}/consult", to="agent:1002")
        again = await floor.desks["1002"].next_ring()
        again.reject()
        await floor.works("1001", "talking")
        await hears(one, CUSTOMER)
        await hears(trunk, A)
    agent.hangup()
    await caller.until_ended()
    await floor.empty()


async def test_a_conference_of_four_each_hearing_the_others_until_one_is_removed(floor: Floor) -> None:
    call, caller, agent, rung, trunk = await consulting(floor)
    one, two = floor.desks["1001"], floor.desks["1002"]
    carrier = await floor.phones.carrier()
    with sing(one, agent, A), sing(two, rung, B), sing(trunk, caller, CUSTOMER):
        await floor.asks("1001", f"/calls/{call}/conference")
        await hears(one, B, CUSTOMER)
        await hears(two, A, CUSTOMER)
        await hears(trunk, A, B)
        await floor.asks("1001", f"/calls/{call}/conference", to="number:13900001111")
        out = await carrier.next_ring()
        out.answer()
        await out.until_answered()
        with sing(carrier, out, D):
            await hears(carrier, A, B, CUSTOMER)
            await hears(one, B, CUSTOMER, D)
            record = await floor.is_(call, "1001", state="talking")
            party = next(leg["id"] for leg in record["legs"] if leg["kind"] == "party")
            await floor.asks("1001", f"/calls/{call}/conference/remove", leg=party)
            await out.until_ended()
        agent.hangup()
        await hears(two, CUSTOMER)
        await hears(trunk, B)
    await floor.is_(call, "1002", agent_no="1002")
    rung.hangup()
    await caller.until_ended()
    await floor.works("1002", "acw")
    await floor.empty()


async def test_a_ringing_colleague_s_call_is_picked_up_and_a_waiting_one_too(floor: Floor) -> None:
    desk = await floor.agent("1001")
    mine = await floor.busy("1002")
    trunk = await floor.phones.trunk()
    caller = trunk.call("4001", "13800001234", "x")
    rung = await desk.next_ring()
    rung.ring()
    call = rung.cti_call
    await floor.asks("1002", f"/calls/{call}/pickup")
    await rung.until_ended()
    taken = await mine.next_ring()
    taken.answer()
    await taken.until_answered()
    await floor.is_(call, "1002", state="talking", agent_no="1002")
    assert await floor.refused("1001", f"/calls/{call}/pickup") == "wrong_state"
    taken.hangup()
    await caller.until_ended()
    await floor.works("1001", "idle")
    await floor.empty()


async def test_a_muted_agent_is_heard_by_nobody(floor: Floor) -> None:
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    with sing(desk, agent, A), sing(trunk, caller, CUSTOMER):
        await floor.asks("1001", f"/calls/{call}/mute")
        await hears(trunk)
        await hears(desk, CUSTOMER)
        await floor.asks("1001", f"/calls/{call}/unmute")
        await hears(trunk, A)
    caller.hangup()
    await agent.until_ended()
    await floor.empty()


PROMPT = "num-wan"


@pytest_asyncio.fixture
async def with_prompt(lab: Lab, phones: Phones, template: Path, tmp_path: Path) -> AsyncIterator[Floor]:
    """A floor whose only built-in prompt is a tone."""
    write_tone(place(tmp_path, "zh", PROMPT), D)
    (tmp_path / "builtin" / MADE).touch()
    made = Centre(lab, SQLITE, CTI_VOICE_DIR=str(tmp_path))
    shutil.copy(template, made.folder / "cti.db")
    await made.start()
    yield Floor(made, lab, phones)
    await made.close()


@pytest.mark.parametrize("side", ["both", "customer", "agent"])
async def test_a_prompt_on_demand_is_heard_over_the_talk_by_whom_it_is_for(with_prompt: Floor, side: str) -> None:
    floor = with_prompt
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    with sing(desk, agent, A), sing(trunk, caller, CUSTOMER):
        assert await floor.refused("1001", f"/calls/{call}/play", prompt="nothing") == "no_such_target"
        await floor.asks("1001", f"/calls/{call}/play", prompt=PROMPT, side=side)
        await hears(trunk, A, D) if side != "agent" else await hears(desk, CUSTOMER, D)
        await hears(desk, CUSTOMER, D) if side != "customer" else await hears(desk, CUSTOMER)
        await hears(trunk, A) if side == "agent" else None
    caller.hangup()
    await agent.until_ended()
    await floor.empty()


async def test_key_presses_reach_the_customer_s_end(floor: Floor) -> None:
    await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    assert await floor.refused("1001", f"/calls/{call}/dtmf", digits="1a") == "bad_request"
    pressed: list[int] = []
    ended = asyncio.Event()

    def listen(data: bytes, addr: tuple[str, int]) -> None:
        """RFC 4733: payload 101, the key, and a bit that marks its end."""
        if data[1] & 0x7F == 101 and data[13] & 0x80 and pressed[-1:] != [data[12]]:
            pressed.append(data[12])
            if len(pressed) == 3:
                ended.set()

    trunk.ear.datagram_received = listen  # type: ignore[method-assign]
    await floor.asks("1001", f"/calls/{call}/dtmf", digits="12#")
    async with asyncio.timeout(10):
        await ended.wait()
    assert pressed == [1, 2, 11]
    caller.hangup()
    await agent.until_ended()
    await floor.empty()


async def test_a_program_has_an_agents_phone_ring_and_then_the_customers(floor: Floor) -> None:
    desk = await floor.agent("1001")
    carrier = await floor.phones.carrier()
    admin = {"Authorization": f"Bearer {await floor.centre.token(floor.centre.admin)}"}
    crm = {"username": "crm", "password": "a long secret", "role": "api"}
    assert (await floor.centre.http.post("/api/v1/users", headers=admin, json=crm)).status_code == 201
    floor.tokens["crm"] = await floor.centre.signed_in("crm", "a long secret")
    dialled = {"from": "1001", "to": "number:13900001111"}
    await floor.agent("1002", ready=False)
    assert await floor.refused("1002", "/calls", **dialled) == "not_allowed"
    assert await floor.refused("crm", "/calls", to="number:13900001111") == "not_allowed"
    assert await floor.refused("crm", "/calls", **{**dialled, "from": "9999"}) == "not_found"
    assert await floor.refused("crm", "/calls", **{**dialled, "to": "number:00441234567890"}) == "refused_by_policy"
    call = str((await floor.asks("crm", "/calls", **dialled))["call"])
    mine = await desk.next_ring()
    assert mine.cti_call == call
    mine.answer()
    out = await carrier.next_ring()
    out.answer()
    await floor.is_(call, "1001", state="talking", direction="outbound")
    assert await floor.refused("crm", "/calls", **dialled) == "busy"
    out.hangup()
    await mine.until_ended()
    await floor.empty()


async def test_a_double_click_dials_once_the_agent_first_and_then_the_customer(floor: Floor) -> None:
    desk = await floor.agent("1001")
    carrier = await floor.phones.carrier()
    headers = {"Authorization": f"Bearer {floor.tokens['1001']}", "Idempotency-Key": "k1"}
    answers = [
        await floor.centre.http.post("/api/v1/calls", headers=headers, json={"to": "number:13900001111"})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [202, 202]
    call = answers[0].json()["call"]
    assert answers[1].json()["call"] == call
    mine = await desk.next_ring()
    assert mine.invite is not None
    assert "answer-after=0" in mine.invite.get("call-info")
    assert mine.cti_call == call
    mine.answer()
    await mine.until_answered()
    out = await carrier.next_ring()
    assert out.invite is not None
    assert out.invite.caller[0] == "4000"
    out.answer()
    await out.until_answered()
    await floor.is_(call, "1001", state="talking", direction="outbound")
    with sing(desk, mine, A), sing(carrier, out, D):
        await hears(desk, D)
        await hears(carrier, A)
        await floor.asks("1001", f"/calls/{call}/hold")
        await hears(desk)
        await floor.asks("1001", f"/calls/{call}/retrieve")
        await hears(desk, D)
        await hears(carrier, A)
    assert desk.rung.empty()
    assert carrier.rung.empty()
    out.hangup()
    await mine.until_ended()
    record = await floor.is_(call, "1001", state="ended")
    assert record["result"] == "answered"
    await floor.works("1001", "idle")
    await floor.empty()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("486 Busy Here", "customer:busy"),
        ("404 Not Found", "customer:wrong_number"),
        ("603 Decline", "customer:rejected"),
    ],
)
async def test_each_side_s_failure_is_told_apart(floor: Floor, to: str, said: str) -> None:
    desk = await floor.agent("1001")
    carrier = await floor.phones.carrier()
    call = (await floor.asks("1001", "/calls", to="13900001111"))["call"]
    mine = await desk.next_ring()
    mine.answer()
    (await carrier.next_ring()).reject(to)
    record = await floor.is_(call, "1001", state="ended")
    assert (record["result"], record["cause"]) == ("not_reached", said)
    await mine.until_ended()
    call = (await floor.asks("1001", "/calls", to="13900001111"))["call"]
    (await desk.next_ring()).reject()
    record = await floor.is_(call, "1001", state="ended")
    assert (record["result"], record["cause"]) == ("not_reached", "agent:busy")
    assert carrier.rung.empty()
    await floor.works("1001", "idle")
    await floor.empty()


RACES: dict[str, tuple[str, dict[str, str]]] = {
    "hold": ("hold", {}),
    "transfer to a queue": ("transfer", {"to": "queue:support"}),
    "transfer to an agent": ("transfer", {"to": "agent:1002"}),
    "transfer to a number": ("transfer", {"to": "13900001111"}),
    "consult": ("consult", {"to": "agent:1002"}),
    "conference": ("conference", {"to": "agent:1002"}),
    "play": ("play", {"prompt": "tone"}),
}


@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("first", ["command", "customer"])
async def test_a_customer_who_hangs_up_in_the_moment_of_a_command_leaves_nothing(
    floor: Floor, name: str, first: str
) -> None:
    await floor.agent("1001")
    other = await floor.busy("1002")
    other.on_ring = lambda leg: leg.answer()
    call, caller, agent, _ = await floor.talk("1001")
    path, body = RACES[name]
    if first == "customer":
        caller.hangup()
    code = await floor.tried("1001", f"/calls/{call}/{path}", **body)
    assert code in ("", "not_found", "no_leg", "wrong_state", "no_such_target")
    caller.hangup()
    await agent.until_ended()
    record = await floor.is_(call, "1001", state="ended")
    assert record["result"] == "answered"
    assert all(one["ended_at"] for one in record["segments"])
    await floor.centre.until("/agents/1001", floor.tokens["1001"], lambda a: a["call"] is None)
    await floor.works("1002", "idle")
    await floor.empty()


@pytest.mark.parametrize("stage", ["asking", "answered", "completed", "merged"])
async def test_a_customer_who_hangs_up_at_any_step_of_a_consultation_frees_everybody(floor: Floor, stage: str) -> None:
    await floor.agent("1001")
    other = await floor.busy("1002")
    call, caller, agent, _ = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/consult", to="agent:1002")
    rung = await other.next_ring()
    if stage != "asking":
        rung.answer()
        await rung.until_answered()
        await floor.works("1001", "consulting")
        await floor.works("1002", "consulting")
    if stage == "completed":
        await floor.asks("1001", f"/calls/{call}/consult/complete")
    elif stage == "merged":
        await floor.asks("1001", f"/calls/{call}/conference")
    caller.hangup()
    await agent.until_ended()
    await rung.until_ended()
    await floor.is_(call, "1001", state="ended")
    for number in ("1001", "1002"):
        await floor.centre.until(f"/agents/{number}", floor.tokens[number], lambda a: a["call"] is None)
    await floor.empty()


async def test_a_killed_server_finds_the_customer_on_hold_and_the_agent_takes_them_back(floor: Floor) -> None:
    desk = await floor.agent("1001")
    call, caller, agent, trunk = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/hold")
    await floor.is_(call, "1001", state="held")
    floor.centre.kill()
    await floor.centre.start()
    await floor.is_(call, "1001", state="held")
    with sing(desk, agent, A), sing(trunk, caller, CUSTOMER):
        await floor.asks("1001", f"/calls/{call}/retrieve")
        await hears(desk, CUSTOMER)
        await hears(trunk, A)
    caller.hangup()
    await agent.until_ended()
    await floor.is_(call, "1001", state="ended")
    await floor.empty()


async def test_a_talk_that_ends_while_the_server_is_away_ends_in_the_record_too(floor: Floor) -> None:
    await floor.agent("1001")
    call, caller, agent, _ = await floor.talk("1001")
    await floor.asks("1001", f"/calls/{call}/hold")
    await floor.asks("1001", f"/calls/{call}/retrieve")
    await floor.is_(call, "1001", state="talking")
    floor.centre.kill()
    agent.hangup()
    await caller.until_ended()
    await floor.centre.start()
    record = await floor.is_(call, "1001", state="ended")
    assert record["result"] == "answered"
    await floor.empty()


async def test_an_outbound_talk_that_ends_while_the_server_is_away_ends_in_the_record_too(floor: Floor) -> None:
    desk = await floor.agent("1001")
    carrier = await floor.phones.carrier()
    carrier.on_ring = lambda leg: leg.answer()
    call = (await floor.asks("1001", "/calls", to="13900001111"))["call"]
    mine = await desk.next_ring()
    mine.answer()
    await floor.is_(call, "1001", state="talking")
    floor.centre.kill()
    (await carrier.next_ring()).hangup()
    await mine.until_ended()
    await floor.centre.start()
    record = await floor.is_(call, "1001", state="ended")
    assert (record["result"], spans(record)[-1]) == ("answered", ("talking", "1001"))
    await floor.empty()


async def test_a_colleague_who_is_called_hears_music_on_hold_and_the_call_outlives_a_killed_server(
    floor: Floor,
) -> None:
    desk = await floor.agent("1001")
    other = await floor.busy("1002")
    call = (await floor.asks("1001", "/calls", to="agent:1002"))["call"]
    mine = await desk.next_ring()
    mine.answer()
    theirs = await other.next_ring()
    assert theirs.cti_call == call
    assert theirs.invite is not None
    assert theirs.invite.caller[0] == "1001"
    theirs.answer()
    await theirs.until_answered()
    await floor.is_(call, "1001", state="talking", direction="internal")
    with sing(desk, mine, A), sing(other, theirs, B):
        await hears(desk, B)
        await floor.asks("1001", f"/calls/{call}/hold")
        await floor.is_(call, "1001", state="held")
        await hears(desk)
        floor.centre.kill()
        await floor.centre.start()
        await floor.is_(call, "1001", state="held")
        await floor.asks("1001", f"/calls/{call}/retrieve")
        await hears(desk, B)
        await hears(other, A)
    mine.hangup()
    await theirs.until_ended()
    record = await floor.is_(call, "1001", state="ended")
    assert record["result"] == "answered"
    await floor.empty()
