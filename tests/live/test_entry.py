"""What a caller meets before a queue, on a real Asterisk: lists, hours, flows with real key presses, voicemail."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.live.centre import SQLITE, Centre, Desktop
from tests.live.conftest import Lab, Phones
from tests.live.keys import press
from tests.live.phone import Leg
from tests.live.tone import Tone, heard

QUEUES = {"1": "sales", "2": "support", "3": "billing"}


async def begins(phones: Phones, wall: Desktop, number: str, caller: str) -> tuple[Leg, str]:
    """A caller dials; returns when the call is on the board and somebody speaks to them."""
    leg = (await phones.trunk()).call(number, caller, "张伟明")
    started = await wall.client.event("call.started", where=lambda e: e.data["number"].endswith(caller))
    await leg.until_answered()
    assert started.call is not None
    return leg, started.call


async def record(centre: Centre, wall: Desktop, call: str) -> Any:
    return await centre.get(f"/calls/{call}", wall.token)


@pytest.mark.parametrize("key", QUEUES)
async def test_a_key_leads_from_the_main_number_to_its_queue(small: Centre, phones: Phones, key: str) -> None:
    async with small.desktop(small.supervisor, "calls:*", "queue:*") as wall:
        leg, call = await begins(phones, wall, "4000", f"1380001000{key}")
        await press(leg, key)
        queued = await wall.client.event("call.queued", where=lambda e: e.call == call)
        assert queued.data["queue"] == QUEUES[key]
        leg.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)
        told = await record(small, wall, call)
        assert [segment["kind"] for segment in told["segments"]] == ["ivr", "waiting"]
        assert told["result"] == "abandoned"
        menu = next(step for step in told["path"] if step["kind"] == "menu")
        assert (menu["exit"], menu["digits"]) == (key, key)


async def test_a_caller_who_mistypes_is_asked_again(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*", "queue:*") as wall:
        leg, call = await begins(phones, wall, "4000", "13800020001")
        await press(leg, "92")
        queued = await wall.client.event("call.queued", where=lambda e: e.call == call)
        assert queued.data["queue"] == "support"
        leg.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)


async def test_a_caller_who_leaves_in_the_menu_is_on_record_with_the_way_they_went(
    small: Centre, phones: Phones
) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        leg, call = await begins(phones, wall, "4000", "13800030001")
        leg.hangup()
        ended = await wall.client.event("call.ended", where=lambda e: e.call == call)
        assert ended.data["result"] == "ivr"
        told = await record(small, wall, call)
        assert told["rules"]
        assert [segment["kind"] for segment in told["segments"]] == ["ivr"]


async def test_a_number_that_leads_nowhere_is_404(small: Centre, phones: Phones) -> None:
    leg = (await phones.trunk()).call("4049", "13800040001", "x")
    await leg.until_ended()
    assert leg.ended_by == "404"


async def setting(centre: Centre, method: str, path: str, body: Any) -> Any:
    """Change something as the administrator."""
    token = await centre.token(centre.admin)
    answer = await centre.http.request(
        method, f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, json=body
    )
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


async def talks(small: Centre, phones: Phones, wall: Desktop, caller: str) -> tuple[Leg, Leg, str]:
    """A caller and agent 1001 in a talk; returns both legs and the call."""
    desk = await phones.desk("1001")
    await small.status(await small.token("1001"), "1001", "ready")
    leg = (await phones.trunk()).call("4001", caller, "张伟明")
    agent = await desk.next_ring()
    agent.answer()
    answered = await wall.client.event("call.answered")
    assert answered.call is not None
    return leg, agent, answered.call


async def in_survey(wall: Desktop) -> None:
    """A key that is pressed while Asterisk takes the talk apart is lost."""
    await wall.client.event("call.updated", where=lambda e: e.data["state"] == "survey")


async def test_the_survey_asks_when_the_agent_hangs_up_and_the_score_is_with_the_call(
    small: Centre, phones: Phones
) -> None:
    await setting(small, "PATCH", "/queues/sales", {"survey": "survey"})
    async with small.desktop(small.supervisor, "calls:*") as wall:
        caller, agent, call = await talks(small, phones, wall, "13800050001")
        agent.hangup()
        await in_survey(wall)
        await press(caller, "1")
        told = await wall.client.event("survey.answered")
        assert (told.data["result"], told.data["score"], told.data["agent_no"]) == ("answered", 1, "1001")
        await wall.client.event("call.ended")
        await caller.until_ended()
        kept = await record(small, wall, call)
        assert kept["survey"]["score"] == 1
        assert kept["segments"][-1]["kind"] == "survey"
        assert kept["result"] == "answered"


async def test_a_caller_who_hangs_up_first_is_not_asked(small: Centre, phones: Phones) -> None:
    await setting(small, "PATCH", "/queues/sales", {"survey": "survey"})
    async with small.desktop(small.supervisor, "calls:*") as wall:
        caller, agent, call = await talks(small, phones, wall, "13800050002")
        caller.hangup()
        await wall.client.event("call.ended")
        await agent.until_ended()
        assert (await record(small, wall, call))["survey"] is None


async def test_when_both_hang_up_at_once_the_call_ends_once(small: Centre, phones: Phones) -> None:
    await setting(small, "PATCH", "/queues/sales", {"survey": "survey"})
    async with small.desktop(small.supervisor, "calls:*") as wall:
        caller, agent, call = await talks(small, phones, wall, "13800050003")
        agent.hangup()
        caller.hangup()
        await wall.client.event("call.ended")
        kept = await record(small, wall, call)
        assert kept["result"] == "answered"
        assert kept["survey"] is None or kept["survey"]["result"] == "left"


async def said(small: Centre, leg: Leg, seconds: float) -> None:
    """Return when so much of what this caller says has been recorded."""
    folder = Path(small.lab.place.folder) / "recordings/voicemail"
    async with asyncio.timeout(30):
        while not any(file.stat().st_size > seconds * 16_000 for file in folder.glob("*.wav")):
            await heard(leg.phone, leg=leg, seconds=0.2)


async def test_a_message_is_listed_heard_and_given_to_an_agent(small: Centre, phones: Phones) -> None:
    await setting(small, "POST", "/numbers", {"number": "4045", "entry": "flow:voicemail-demo"})
    async with small.desktop(small.supervisor, "calls:*") as wall:
        leg, call = await begins(phones, wall, "4045", "13800060001")
        with Tone(leg.phone, leg).send(440):
            await said(small, leg, 1.5)
        await press(leg, "#")
        left = await wall.client.event("voicemail.left")
        assert left.call == call, "kept before anything else is said"
        ended = await wall.client.event("call.ended", where=lambda e: e.call == call)
        assert ended.data["result"] == "voicemail"
        message = (await small.get("/voicemails", wall.token))["items"][0]
        assert (message["call"], message["state"], message["number"]) == (call, "new", "+8613800060001")
        assert message["seconds"] >= 1.5
        given = await setting(small, "PATCH", f"/voicemails/{message['id']}", {"state": "assigned", "agent_no": "1001"})
        assert given["agent_no"] == "1001"
        headers = {"Authorization": f"Bearer {wall.token}", "Range": "bytes=0-3"}
        sound = await small.http.get(f"/api/v1/voicemails/{message['id']}/audio", headers=headers)
        assert (sound.status_code, sound.content) == (206, b"RIFF")


async def test_a_caller_who_asked_for_it_is_called_back_once_an_agent_is_free(small: Centre, phones: Phones) -> None:
    await setting(small, "POST", "/numbers", {"number": "4046", "entry": "flow:callback-demo"})
    carrier = await phones.carrier()
    async with small.desktop(small.supervisor, "calls:*") as wall:
        leg, call = await begins(phones, wall, "4046", "13800070001")
        await press(leg, "1")
        ended = await wall.client.event("call.ended", where=lambda e: e.call == call)
        assert ended.data["result"] == "callback"
        waiting = (await small.get("/callbacks", wall.token))["items"]
        assert [(one["number"], one["state"]) for one in waiting] == [("+8613800070001", "waiting")]

        desk = await phones.desk("1001")
        await small.status(await small.token("1001"), "1001", "ready")
        (await desk.next_ring()).answer()
        customer = await carrier.next_ring()
        assert customer.invite is not None
        assert "13800070001" in customer.invite.first
        customer.answer()
        answered = await wall.client.event("call.answered")
        assert answered.call == f"{call}-cb"
        customer.hangup()
        done = await wall.client.event("call.ended", where=lambda e: e.call == answered.call)
        assert done.data["result"] == "answered"
        assert carrier.rung.empty(), "dialled once"


async def test_callers_of_an_area_hear_of_its_incident_and_may_ask_for_word(small: Centre, phones: Phones) -> None:
    begun = await setting(
        small, "POST", "/incidents", {"title": "断网", "prompt": "incident", "prefixes": ["139"], "offer": True}
    )
    async with small.desktop(small.supervisor, "calls:*") as wall:
        concerned, call = await begins(phones, wall, "4000", "13900080001")
        await press(concerned, "1")
        await press(concerned, "2")
        await wall.client.event("call.queued", where=lambda e: e.call == call)
        concerned.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)
        other, call = await begins(phones, wall, "4000", "13800080002")
        other.hangup()
        await wall.client.event("call.ended", where=lambda e: e.call == call)
        callers = (await small.get(f"/incidents/{begun['id']}/callers", wall.token))["items"]
        assert [(one["number"], one["wants_word"]) for one in callers] == [("+8613900080001", True)]
        ended = await setting(small, "POST", f"/incidents/{begun['id']}/end", {})
        assert (ended["active"], ended["heard"], ended["want_word"]) == (False, 1, 1)


async def test_a_flow_that_dies_with_the_server_leaves_the_caller_in_the_safe_queue(
    small: Centre, phones: Phones
) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        leg, call = await begins(phones, wall, "4000", "13800090001")
    small.kill()
    await small.start()
    async with small.desktop(small.supervisor, "calls:*") as wall:
        known = await small.get(f"/calls/{call}", wall.token)
        assert (known["state"], known["queue"]) == ("waiting", "sales")
        assert not leg.ended.is_set()
        leg.hangup()


async def test_denied_callers_are_hung_up_played_a_flow_or_sent_on_as_their_entry_says(
    small: Centre, phones: Phones
) -> None:
    entry = {"kind": "deny", "number": "13700000406", "target": "number:13900001111", "reason": "演示"}
    await setting(small, "POST", "/lists", entry)
    trunk, carrier = await phones.trunk(), await phones.carrier()
    async with small.desktop(small.supervisor, "calls:*") as wall:
        hung_up = trunk.call("4012", "13700000404")
        assert (await hung_up.until_ended()).ended_by == "403"
        assert (await wall.client.event("call.ended")).data["result"] == "denied"

        played, call = await begins(phones, wall, "4012", "13700000405")
        await heard(played.phone, leg=played, seconds=0.3)
        played.hangup()
        ended = await wall.client.event("call.ended", where=lambda e: e.call == call)
        assert ended.data["result"] == "denied"
        kept = await small.until(f"/calls/{call}", wall.token, lambda told: told["path"])
        assert {step["flow"] for step in kept["path"]} == {"closed"}
        assert any("deny list" in rule for rule in kept["rules"])

        sent_on = trunk.call("4012", "13700000406")
        elsewhere = await carrier.next_ring()
        assert elsewhere.invite is not None
        assert "sip:13900001111@" in elsewhere.invite.first
        elsewhere.answer()
        await elsewhere.until_answered()
        elsewhere.hangup()
        await sent_on.until_ended()
        ended = await wall.client.event("call.ended", where=lambda e: e.data["number"].endswith("0406"))
        assert ended.data["result"] == "denied"


async def test_a_vip_of_the_list_overtakes_ten_waiting_callers(small: Centre, phones: Phones) -> None:
    trunk = await phones.trunk()
    async with small.desktop(small.supervisor, "calls:*") as wall:
        for n in range(10):
            trunk.call("4001", f"1360000{n:04}")
            await wall.client.event("call.queued")
        trunk.call("4010", "13800000001")
        vip = await wall.client.event("call.queued")
        assert (vip.data["vip"], vip.data["position"]) == (True, 1)
        desk = await phones.desk("1001")
        await small.status(await small.token("1001"), "1001", "ready")
        assert (await desk.next_ring()).cti_call == vip.call


async def test_a_vip_whose_own_agent_is_not_at_work_waits_with_everybody_at_once(small: Centre, phones: Phones) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        caller = (await phones.trunk()).call("4013", "13700000888")
        first = await wall.client.event("call.queued")
        then = await wall.client.event("call.queued")
        assert (first.data["queue"], then.data["queue"], then.call) == ("agent-1001", "sales", first.call)
        assert then.data["vip"]
        assert not caller.ended.is_set()
        caller.hangup()
        ended = await wall.client.event("call.ended")
        assert (ended.data["result"], ended.data["queue"]) == ("abandoned", "sales")


async def test_an_agent_who_gives_the_caller_away_does_not_give_the_survey_away(small: Centre, phones: Phones) -> None:
    await setting(small, "PATCH", "/queues/sales", {"survey": "survey"})
    async with small.desktop(small.supervisor, "calls:*") as wall:
        caller, _, call = await talks(small, phones, wall, "13800050004")
        other, token = await phones.desk("1002"), await small.token("1001")
        await small.status(await small.token("1002"), "1002", "ready")
        await small.routable(await small.token("1002"), "1002")
        headers = {"Authorization": f"Bearer {token}"}
        gone = await small.http.post(f"/api/v1/calls/{call}/transfer", headers=headers, json={"to": "agent:1002"})
        assert gone.status_code == 202, gone.text
        second = await other.next_ring()
        second.answer()
        await wall.client.event("call.answered")
        second.hangup()
        await in_survey(wall)
        await press(caller, "3")
        told = await wall.client.event("survey.answered")
        assert (told.data["score"], told.data["agent_no"], told.call) == (3, "1002", call)


async def test_a_denied_caller_may_be_sent_to_an_extension_though_nobody_is_signed_in_there(
    small: Centre, phones: Phones
) -> None:
    async with small.desktop(small.supervisor, "calls:*") as wall:
        desk = await phones.desk("1900")
        caller = (await phones.trunk()).call("4012", "13700000407")
        ring = await desk.next_ring()
        assert ring.invite is not None
        assert "13700000407" in ring.invite.get("from")
        ring.answer()
        await ring.until_answered()
        assert not caller.ended.is_set()
        ring.hangup()
        assert (await wall.client.event("call.ended")).data["result"] == "denied"


async def test_an_extension_whose_agent_may_see_no_number_shows_none(small: Centre, phones: Phones) -> None:
    await setting(small, "POST", "/numbers", {"number": "4047", "entry": "extension:1006"})
    desk = await phones.desk("1006")
    caller = (await phones.trunk()).call("4047", "13800150001", "张伟明")
    ring = await desk.next_ring()
    assert ring.invite is not None
    assert "138****0001" in ring.invite.get("from")
    assert "13800150001" not in "".join(ring.invite.get(name) for name in ("from", "contact", "p-asserted-identity"))
    ring.reject()
    await caller.until_answered()
    caller.hangup()


async def test_digits_that_nobody_may_see_stand_nowhere_that_anybody_could_look(
    lab: Lab, template: Path, phones: Phones
) -> None:
    centre = Centre(lab, SQLITE, CTI_LOG_LEVEL="debug")
    shutil.copy(template, centre.folder / "cti.db")
    await centre.start()
    try:
        async with centre.desktop(centre.supervisor, "calls:*", "queue:*") as wall:
            leg, call = await begins(phones, wall, "4015", "13800160001")
            await press(leg, "190740001#1735519#")
            queued = await wall.client.event("call.queued")
            leg.hangup()
            ended = await wall.client.event("call.ended")
            told = await centre.until(f"/calls/{call}", wall.token, lambda kept: kept["ended_at"])
        assert queued.data["queue"] == "billing"
        assert (told["data"]["order"], told["data"]["pin"]) == ("90740001", "****")
        assert [step["digits"] for step in told["path"] if step["kind"] == "collect"] == ["90740001#", "****"]
        assert "735519" not in f"{told} {queued.data} {ended.data}"
    finally:
        centre.stop()
    written = [file for file in centre.folder.rglob("*") if file.is_file()]
    assert any(b"90740001" in file.read_bytes() for file in written), "what may be seen is kept"
    assert not [file.name for file in written if b"735519" in file.read_bytes()]
    assert "735519" not in lab.asterisk.log.read_text(encoding="utf-8", errors="replace")
    await centre.close()
