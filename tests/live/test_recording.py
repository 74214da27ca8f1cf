"""Recordings of real calls: tones of different pitch on each side, measured in what is heard afterwards."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import time
import wave
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.live.centre import SQLITE, Centre, Desktop
from tests.live.conftest import Lab, Phones
from tests.live.phone import Leg, Phone
from tests.live.small_disk import SmallDisk, small_disk
from tests.live.tap import Tap
from tests.live.tone import LOUD, PITCHES, QUIET, RATE, Tone, channels, levels, until_heard

CUSTOMER, AGENT = 440, 1000
CALLED = "13900001111"
PIECE = RATE // 4


@dataclass
class Talk:
    """A call that is up, with a customer and an agent who sing."""

    call: str
    caller: Leg
    agent: Leg
    trunk: Phone
    desk: Phone


async def rule(centre: Centre, **rules: Any) -> None:
    headers = {"Authorization": f"Bearer {await centre.token(centre.admin)}"}
    answer = await centre.http.put("/api/v1/recordings/rules", headers=headers, json=rules)
    assert answer.status_code == 200, answer.text


async def steer(centre: Centre, wall: Desktop, call: str, action: str, state: str, by: str = "1001") -> None:
    """Give the command and wait until Asterisk has obeyed."""
    headers = {"Authorization": f"Bearer {await centre.token(by)}"}
    answer = await centre.http.post(f"/api/v1/calls/{call}/record", headers=headers, json={"action": action})
    assert answer.status_code == 202, answer.text
    await wall.client.event("call.recording", where=lambda e: e.data["recording"]["state"] == state)


@asynccontextmanager
async def talking(centre: Centre, phones: Phones, wall: Desktop, agent: str = "1001") -> AsyncIterator[Talk]:
    desk, trunk = await phones.desk(agent), await phones.trunk()
    token = await centre.token(agent)
    await centre.status(token, agent, "ready")
    await centre.routable(token, agent)
    caller = trunk.call("4001", "13800001234", "张伟明")
    ring = await desk.next_ring()
    ring.answer()
    await ring.until_answered()
    answered = await wall.client.event("call.answered")
    assert answered.call is not None
    with Tone(trunk).send(CUSTOMER), Tone(desk).send(AGENT):
        await until_heard(desk, {CUSTOMER}, {AGENT})
        yield Talk(answered.call, caller, ring, trunk, desk)


async def kept(centre: Centre, wall: Desktop, talk: Talk) -> dict[str, Any]:
    """End the call and return its recording."""
    talk.caller.hangup()
    told = await wall.client.event("recording.kept", where=lambda e: e.call == talk.call)
    return dict(await centre.get(f"/recordings/{told.data['id']}", await centre.token(centre.admin)))


async def sound(
    centre: Centre, recording: str, tmp_path: Path, by: str | None = None
) -> tuple[list[float], list[float]]:
    headers = {"Authorization": f"Bearer {await centre.token(by or centre.admin)}"}
    answer = await centre.http.get(f"/api/v1/recordings/{recording}/audio", headers=headers)
    assert answer.status_code == 200, answer.text
    file = tmp_path / f"{recording}.wav"
    file.write_bytes(answer.content)
    left, right = channels(file)
    return left, right


def pieces(side: list[float], pitch: int) -> list[float]:
    """How loud the pitch is in each quarter of a second."""
    return [levels(side[n : n + PIECE], (pitch,))[pitch] for n in range(0, len(side) - PIECE + 1, PIECE)]


def steady(side: list[float], pitch: int) -> float:
    """How loud the pitch is at least in every half second; for a moment less, it may stand still."""
    return min(max(two) for two in pairwise(pieces(side, pitch)[1:-1]))


def late(side: list[float], pitch: int) -> float:
    """How loud the pitch is near the end; a tone may stand still for a moment, since we who make it do."""
    return max(pieces(side, pitch)[-4:-1])


def early(side: list[float], pitch: int) -> float:
    """The same near the beginning."""
    return max(pieces(side, pitch)[1:4])


def wall_of(centre: Centre) -> Any:
    return centre.desktop(centre.admin, "calls:*")


async def test_the_customer_is_left_and_the_agent_right_and_a_pause_is_silence_of_the_same_length(
    small: Centre, phones: Phones, tmp_path: Path
) -> None:
    await rule(small, queues={"sales": "always"})
    async with wall_of(small) as wall, talking(small, phones, wall) as talk:
        before = await until_heard(talk.trunk, {AGENT}, {CUSTOMER})
        await until_heard(talk.desk, {CUSTOMER}, {AGENT})
        await steer(small, wall, talk.call, "pause", "paused")
        for _ in range(4):  # 1.2 s of sound, which is talked and not recorded
            await until_heard(talk.desk, {CUSTOMER})
        await steer(small, wall, talk.call, "resume", "on")
        for _ in range(3):
            await until_heard(talk.desk, {CUSTOMER})
        recording = await kept(small, wall, talk)

    assert before[AGENT] > LOUD
    left, right = await sound(small, recording["id"], tmp_path)
    assert max(max(pieces(left, AGENT)), max(pieces(right, CUSTOMER))) < QUIET
    assert (late(left, CUSTOMER) > LOUD, late(right, AGENT) > LOUD) == (True, True)
    (pause,) = [one for one in recording["markers"] if one["kind"] == "paused"]
    assert pause["to"] - pause["from"] > 1.0
    during = slice(round(pause["from"] * RATE) + PIECE // 2, round(pause["to"] * RATE) - PIECE // 2)
    assert max(map(abs, left[during] + right[during])) == 0.0
    after, early = round(pause["to"] * RATE) + PIECE // 2, round(pause["from"] * RATE) - 3 * PIECE
    for start in (after, early):
        assert max(pieces(left[start : start + 2 * PIECE], CUSTOMER)) > LOUD
        assert max(pieces(right[start : start + 2 * PIECE], AGENT)) > LOUD
    call = await small.get(f"/calls/{recording['call']}", await small.token(small.admin))
    talked = sum(one["seconds"] for one in call["segments"] if one["kind"] == "talking")
    assert abs(recording["seconds"] - talked) < 1.0  # both phones are this process, which may pause
    assert call["recordings"] == [recording["id"]]
    assert (recording["agents"], recording["mode"], recording["truncated"]) == (["1001"], "always", False)


async def test_on_demand_nothing_is_kept_before_somebody_asks_and_nothing_at_all_if_nobody_does(
    small: Centre, phones: Phones, tmp_path: Path, lab: Lab
) -> None:
    await rule(small, agents={"1001": "on_demand"})
    spool = lab.place.folder / "recordings/spool"
    before = set(spool.glob("*.raw"))  # of a server that was taken away from its calls
    async with wall_of(small) as wall:
        async with talking(small, phones, wall) as talk:
            talk.caller.hangup()
            await wall.client.event("call.ended")
        await small.until("/agents/1001", await small.token("1001"), lambda agent: agent["work"] in ("acw", "idle"))
        await small.status(await small.token("1001"), "1001", "ready")
        async with talking(small, phones, wall) as talk:
            for _ in range(3):
                await until_heard(talk.desk, {CUSTOMER})
            await steer(small, wall, talk.call, "start", "on")
            for _ in range(3):
                await until_heard(talk.desk, {CUSTOMER})
            recording = await kept(small, wall, talk)

    listed = await small.get("/recordings", await small.token(small.admin))
    assert [one["id"] for one in listed["items"]] == [recording["id"]]
    left, right = await sound(small, recording["id"], tmp_path)
    talked = await small.get(f"/calls/{recording['call']}", await small.token(small.admin))
    assert recording["seconds"] < talked["segments"][-1]["seconds"] - 0.5
    assert early(left, CUSTOMER) > LOUD
    assert early(right, AGENT) > LOUD
    assert set(spool.glob("*.raw")) <= before


async def test_one_recording_goes_on_when_the_customer_is_sent_to_another_agent(
    small: Centre, phones: Phones, tmp_path: Path
) -> None:
    await rule(small, default="always")
    other = await phones.desk("1002")
    async with wall_of(small) as wall, talking(small, phones, wall) as talk:
        await until_heard(talk.trunk, {AGENT})
        token = await small.token("1002")
        await small.status(token, "1002", "ready")
        await small.routable(token, "1002")
        headers = {"Authorization": f"Bearer {await small.token('1001')}"}
        moved = await small.http.post(f"/api/v1/calls/{talk.call}/transfer", headers=headers, json={"to": "agent:1002"})
        assert moved.status_code == 202, moved.text
        ring = await other.next_ring()
        ring.answer()
        await ring.until_answered()
        with Tone(other).send(620):
            for _ in range(4):
                await until_heard(talk.trunk, {620})
            recording = await kept(small, wall, talk)

    left, right = await sound(small, recording["id"], tmp_path)
    # The customer is heard throughout; where the agents change, the file is closed and opened: part of a piece is lost.
    assert steady(left, CUSTOMER) > LOUD / 2
    first, last = pieces(right, AGENT), pieces(right, 620)
    assert (early(right, AGENT) > LOUD, first[-2] < QUIET) == (True, True)
    assert (last[1] < QUIET, late(right, 620) > LOUD) == (True, True)
    assert recording["agents"] == ["1001", "1002"]
    one, two = (marker for marker in recording["markers"] if marker["kind"] == "talking")
    assert (one["agent_no"], two["agent_no"]) == ("1001", "1002")
    begun = round(two["from"] * RATE) + PIECE  # the second phone counts its packets from 0, far below the first
    assert max(pieces(right[begun : begun + 4 * PIECE], 620)) > LOUD


@asynccontextmanager
async def calling(centre: Centre, phones: Phones, wall: Desktop, **asked: str) -> AsyncIterator[Talk]:
    """Agent 1001 has called a customer by a click, and both sing."""
    carrier, desk = await phones.carrier(), await phones.desk("1001")
    token = await centre.token("1001")
    await centre.status(token, "1001", "not_ready", reason="外呼")
    await centre.until("/agents/1001", token, lambda agent: agent["device"]["reachable"])
    headers = {"Authorization": f"Bearer {token}"}
    placed = await centre.http.post("/api/v1/calls", headers=headers, json={"to": CALLED, **asked})
    assert placed.status_code == 202, placed.text
    ring = await desk.next_ring()
    ring.answer()
    customer = await carrier.next_ring()
    customer.answer()
    await customer.until_answered()
    call = placed.json()["call"]
    await wall.client.event("call.answered", where=lambda e: e.call == call)
    with Tone(carrier).send(CUSTOMER), Tone(desk).send(AGENT):
        yield Talk(call, customer, ring, carrier, desk)


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ({"agents": {"1001": "always"}}, {}),
        ({"numbers": {"4000": "always"}}, {"caller_id": "4000"}),
        ({}, {"recording": "always"}),
    ],
    ids=["agent", "number", "call"],
)
async def test_a_call_by_a_click_is_recorded_with_the_customer_left_and_the_agent_right(
    small: Centre, phones: Phones, tmp_path: Path, rules: dict[str, Any], asked: dict[str, str]
) -> None:
    await rule(small, **rules)
    async with wall_of(small) as wall, calling(small, phones, wall, **asked) as talk:
        for _ in range(4):
            await until_heard(talk.trunk, {AGENT}, {CUSTOMER})
            await until_heard(talk.desk, {CUSTOMER}, {AGENT})
        recording = await kept(small, wall, talk)

    left, right = await sound(small, recording["id"], tmp_path)
    assert (late(left, CUSTOMER) > LOUD, late(right, AGENT) > LOUD) == (True, True)
    assert max(max(pieces(left, AGENT)), max(pieces(right, CUSTOMER))) < QUIET
    assert (recording["direction"], recording["agents"], recording["mode"]) == ("outbound", ["1001"], "always")
    call = await small.get(f"/calls/{talk.call}", await small.token(small.admin))
    assert call["recordings"] == [recording["id"]]
    talked = sum(one["seconds"] for one in call["segments"] if one["kind"] == "talking")
    assert abs(recording["seconds"] - talked) < 1.0


async def test_a_recorded_call_of_ours_goes_on_in_one_file_when_another_agent_takes_it(
    small: Centre, phones: Phones, tmp_path: Path
) -> None:
    await rule(small, default="always")
    other = await phones.desk("1002")
    async with wall_of(small) as wall, calling(small, phones, wall) as talk:
        await until_heard(talk.trunk, {AGENT})
        await small.status(await small.token("1002"), "1002", "ready")
        await small.routable(await small.token("1002"), "1002")
        headers = {"Authorization": f"Bearer {await small.token('1001')}"}
        moved = await small.http.post(f"/api/v1/calls/{talk.call}/transfer", headers=headers, json={"to": "agent:1002"})
        assert moved.status_code == 202, moved.text
        ring = await other.next_ring()
        ring.answer()
        await ring.until_answered()
        with Tone(other).send(620):
            for _ in range(3):
                await until_heard(talk.trunk, {620})
            recording = await kept(small, wall, talk)

    left, right = await sound(small, recording["id"], tmp_path)
    assert (early(left, CUSTOMER) > LOUD, late(left, CUSTOMER) > LOUD) == (True, True)
    assert (early(right, AGENT) > LOUD, late(right, 620) > LOUD) == (True, True)
    assert recording["agents"] == ["1001", "1002"]


async def test_a_hold_and_a_consultation_are_marked_and_whoever_has_the_customer_then_is_heard(
    small: Centre, phones: Phones, tmp_path: Path
) -> None:
    await rule(small, default="always")
    other = await phones.desk("1002")
    async with wall_of(small) as wall, talking(small, phones, wall) as talk:
        await until_heard(talk.trunk, {AGENT})
        token = await small.token("1002")
        await small.status(token, "1002", "ready")
        await small.routable(token, "1002")
        headers = {"Authorization": f"Bearer {await small.token('1001')}"}
        path = f"/api/v1/calls/{talk.call}/consult"
        asked = await small.http.post(path, headers=headers, json={"to": "agent:1002"})
        assert asked.status_code == 202, asked.text
        ring = await other.next_ring()
        ring.answer()
        await ring.until_answered()
        with Tone(other).send(620):
            await until_heard(talk.desk, {620})
            done = await small.http.post(f"{path}/complete", headers=headers)
            assert done.status_code == 202, done.text
            for _ in range(4):
                await until_heard(talk.trunk, {620})
            recording = await kept(small, wall, talk)

    left, right = await sound(small, recording["id"], tmp_path)
    assert steady(left, CUSTOMER) > LOUD / 2
    one, held, *_, two = (marker for marker in recording["markers"] if marker["kind"] in ("talking", "held"))
    assert [(m["kind"], m["agent_no"]) for m in (one, held, two)] == [
        ("talking", "1001"),
        ("held", "1001"),
        ("talking", "1002"),
    ]
    asking = right[round(held["from"] * RATE) + PIECE : round(held["to"] * RATE) - PIECE // 2]
    assert max(levels(asking, (AGENT, 620)).values()) < LOUD  # what the agents say to one another is not the customer's
    begun = round(two["from"] * RATE) + PIECE
    assert max(pieces(right[begun : begun + 4 * PIECE], 620)) > LOUD


async def test_talk_goes_on_while_the_server_is_killed_and_all_of_it_is_kept(
    small: Centre, phones: Phones, tmp_path: Path
) -> None:
    await rule(small, default="always")
    async with wall_of(small) as wall, talking(small, phones, wall) as talk:
        small.kill()
        for _ in range(3):
            await until_heard(talk.desk, {CUSTOMER})
        talk.caller.hangup()
        await talk.agent.until_ended()
    await small.start()
    token = await small.token(small.admin)

    found = await small.until("/recordings", token, lambda listed: listed["items"])

    recording = found["items"][0]
    left, right = await sound(small, recording["id"], tmp_path)
    assert early(left, CUSTOMER) > LOUD
    assert early(right, AGENT) > LOUD
    assert recording["seconds"] > 1.0


CLOSED = (
    ("GET", ""),
    ("GET", "?search=13800001234"),
    ("GET", "?call={call}"),
    ("GET", "?agent_no=1001"),
    ("GET", "/{id}"),
    ("GET", "/{id}/audio"),
    ("HEAD", "/{id}/audio"),
    ("GET", "/{id}/download"),
    ("GET", "/export"),
    ("GET", "/export?call={call}"),
    ("GET", "/rules"),
    ("DELETE", "/{id}?reason=x"),
    ("POST", "/erase"),
)
"""All that there is under /recordings."""
OPEN = ("/calls", "/calls/{call}", "/events?limit=500", "/agents", "/queues/sales")
"""Where an agent may look, and finds no word of a recording."""


async def test_an_agent_without_the_permission_gets_nothing_of_anybodys_recording(
    small: Centre, phones: Phones
) -> None:
    await rule(small, default="always")
    async with (
        wall_of(small) as wall,
        talking(small, phones, wall) as talk,
        small.desktop("1001", "agent:*", "queue:*", "calls:mine") as page,
    ):
        recording = await kept(small, wall, talk)
        await page.client.command("agent.status", status="not_ready", reason="小休")
        told = [await page.client.event()]
        while told[-1].data.get("reason") != "小休":
            told.append(await page.client.event())
    assert "call.ended" in {event.type for event in told}
    assert not [event for event in told if recording["id"] in str(event.data)]

    for who in ("1001", "1002"):  # not even their own
        headers = {"Authorization": f"Bearer {await small.token(who)}", "Range": "bytes=0-3"}
        for method, path in CLOSED:
            way = f"/api/v1/recordings{path}".format(id=recording["id"], call=talk.call)
            words = {"number": "13800001234", "reason": "x"} if method == "POST" else None
            answer = await small.http.request(method, way, headers=headers, json=words)
            assert answer.status_code in ((403,) if method != "HEAD" else (403, 404, 405)), (who, method, path)
            assert b"RIFF" not in answer.content
        for path in OPEN:
            answer = await small.http.get(f"/api/v1{path}".format(call=talk.call), headers=headers)
            assert answer.status_code == (404 if who == "1002" and "{call}" in path else 200), (who, path)
            assert recording["id"] not in answer.text, (who, path)
        for path in (f"/recordings/kept/demo/{recording['id']}.wav", f"/../recordings/spool/{talk.call}.raw"):
            answer = await small.http.get(path, headers=headers)
            assert b"RIFF" not in answer.content, path


async def test_what_is_recorded_is_exported_and_erased_by_number_and_all_of_it_is_on_record(
    small: Centre, phones: Phones, lab: Lab
) -> None:
    await rule(small, default="always")
    async with wall_of(small) as wall, talking(small, phones, wall) as talk:
        recording = await kept(small, wall, talk)
    headers = {"Authorization": f"Bearer {await small.token(small.admin)}"}

    answer = await small.http.get("/api/v1/recordings/export", headers=headers)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as opened:
        assert opened.testzip() is None
        listed, file = opened.namelist()
        with wave.open(io.BytesIO(opened.read(file))) as played:
            assert played.getnchannels() == 2
        assert "13800001234" not in file
    files = list((lab.place.folder / "recordings/kept").rglob("*.wav"))
    assert files
    assert not any("13800001234" in str(path) for path in files)

    words = {"number": "138 0000 1234", "reason": "asked for it in writing"}
    gone = await small.http.post("/api/v1/recordings/erase", headers=headers, json=words)

    assert gone.json() == {"erased": 1, "voicemails": 0}
    assert (await small.http.get(f"/api/v1/recordings/{recording['id']}/audio", headers=headers)).status_code == 404
    assert listed == "recordings.csv"
    done = await small.until(
        "/audit?object=" + recording["id"], headers["Authorization"].split()[1], lambda found: found["total"] >= 2
    )
    assert {one["action"] for one in done["items"]} >= {"recordings.export", "recordings.erased"}
    assert any(one["reason"] == words["reason"] for one in done["items"])


@asynccontextmanager
async def centre_on(lab: Lab, template: Path, disk: SmallDisk, floor: int) -> AsyncIterator[Centre]:
    """A server whose recordings go to this disk."""
    settings = {"CTI_RECORDINGS_DIR": str(disk.folder), "CTI_RECORDINGS_FLOOR_MB": str(floor)}
    made = Centre(lab, SQLITE, **settings)
    shutil.copy(template, made.folder / "cti.db")
    await made.start()
    try:
        yield made
    finally:
        await made.close()


async def test_on_a_full_disk_the_call_lives_and_what_was_written_is_kept_when_there_is_room_again(
    lab: Lab, template: Path, phones: Phones, tmp_path: Path
) -> None:
    with small_disk(tmp_path, 64) as disk:  # two seconds of sound
        async with centre_on(lab, template, disk, floor=0) as centre:
            await rule(centre, default="always")
            async with wall_of(centre) as wall, talking(centre, phones, wall) as talk:
                (file,) = (disk.folder / "spool").glob("*.raw")
                while file.stat().st_size < 60_000:
                    await until_heard(talk.desk, {CUSTOMER})
                for _ in range(10):  # three more seconds, and both still hear each other
                    await until_heard(talk.desk, {CUSTOMER})
                    await until_heard(talk.trunk, {AGENT})
                talk.caller.hangup()
                await wall.client.event("call.ended")
                token = await centre.token(centre.admin)
                await until_metric(centre, "cti_recordings_spool_files 1.0")
                warned = (await centre.http.get("/readyz")).json()["warnings"]
                while not warned:
                    warned = (await centre.http.get("/readyz")).json()["warnings"]
                assert warned[0]["code"] == "recordings_waiting"
                assert "No space left" in warned[0]["detail"]
                assert "recordings stay in the spool" in centre.log

                disk.grow(4096)

                listed = await centre.until("/recordings", token, lambda found: found["items"])
    (recording,) = listed["items"]
    assert recording["truncated"]
    assert recording["call"] == talk.call


async def test_below_the_floor_no_new_call_is_recorded_and_all_are_taken(
    lab: Lab, template: Path, phones: Phones, tmp_path: Path
) -> None:
    with small_disk(tmp_path, 2048) as disk:
        async with centre_on(lab, template, disk, floor=100) as centre:
            await rule(centre, default="always")
            async with wall_of(centre) as wall:
                async with talking(centre, phones, wall) as talk:
                    told = await centre.get(f"/calls/{talk.call}", wall.token)
                    assert told["recording"]["state"] == "refused"
                    assert "2 MB are free" in told["recording"]["reason"]
                    await until_heard(talk.trunk, {AGENT})
                    headers = {"Authorization": f"Bearer {await centre.token('1001')}"}
                    words = {"action": "start"}
                    answer = await centre.http.post(f"/api/v1/calls/{talk.call}/record", headers=headers, json=words)
                    assert (answer.status_code, answer.json()["code"]) == (409, "not_recordable")
                    talk.caller.hangup()
                    await wall.client.event("call.ended")
                warned = (await centre.http.get("/readyz")).json()["warnings"]
                assert [one["code"] for one in warned] == ["recordings_refused"]
                assert "NO NEW CALL IS RECORDED" in centre.log
                disk.grow(204_800)
                await wall.client.event("recording.recovered")
            assert list((disk.folder / "spool").glob("*.raw")) == []


async def until_metric(centre: Centre, line: str) -> None:
    async with asyncio.timeout(20):
        while line not in (await centre.http.get("/metrics")).text:
            pass


async def test_the_caller_hears_the_announcement_before_anything_is_written_and_before_the_phone_rings(
    phones: Phones, events: Tap, control: Tap, tmp_path: Path
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    await control.ask("Setvar", Variable="CTI_SPOOL", Value=str(tmp_path))
    caller = trunk.call("4001", "13800001234")
    told = await events.event("CtiWaiting")
    await caller.until_answered()
    await control.ask("Setvar", Channel=told["Channel"], Variable="CTI_RECORD_SAY", Value="vm-intro")
    with Tone(trunk).send(CUSTOMER):
        ordered_at = time.time()
        control.redirect(told["Channel"], "rec_to_1_15_1001")
        for _ in range(3):  # a second of it
            assert max(map(abs, await trunk.ear.listen(0.3, None, 2.0))) > QUIET
        assert os.listdir(tmp_path) == []
        assert desk.rung.empty()
        began = await events.event("CtiRecording", seconds=30)
        ring = await desk.next_ring()

    assert float(began["Timestamp"]) - ordered_at > 2  # as long as the announcement lasts
    assert (began["Call"], began["Side"]) == (told["Call"], "customer")
    assert os.listdir(tmp_path) == [began["Name"] + ".raw"]
    ring.reject()


def test_every_pitch_of_these_tests_is_far_from_the_others() -> None:
    assert {CUSTOMER, AGENT, 620} <= set(PITCHES)
