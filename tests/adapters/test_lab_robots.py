"""The demonstration's people."""

import json
import wave
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from adapters.lab.people import AGENTS, CALLERS, ROBOTS, VIP_CALLERS
from adapters.lab.robots import SCENARIOS, Robot, needs_ready
from adapters.lab.sound import to_ulaw


@pytest.mark.parametrize(
    ("status", "reason", "again"),
    [
        ("logged_out", None, True),  # the server has a new database, or the day has begun
        ("not_ready", "no_answer", True),  # a call rang out
        ("not_ready", "connection_lost", True),
        ("not_ready", "lunch", False),  # somebody ordered it
        ("not_ready", None, False),
        ("ready", None, False),
    ],
)
def test_a_robot_comes_back_but_not_against_an_order(status: str, reason: str | None, again: bool) -> None:
    assert needs_ready({"status": status, "reason": reason}) is again


class Desk:
    """A server as far as a robot sees it."""

    def __init__(self) -> None:
        self.status = "logged_out"
        self.tokens = 0
        self.valid = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/api/v1/auth/token":
            self.tokens += 1
            self.valid = f"token {self.tokens}"
            return httpx.Response(200, json={"access_token": self.valid})
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return httpx.Response(401)
        if request.method == "PUT":
            self.status = json.loads(request.content)["status"]
            return httpx.Response(202)
        answer: dict[str, Any] = {"agent_no": "1101", "status": self.status, "reason": None}
        return httpx.Response(200, json=answer)


async def test_a_robot_signs_in_once_and_again_when_its_token_is_refused() -> None:
    desk, robot = Desk(), Robot("1101", "1101", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(desk), base_url="http://desk") as client:
        await robot.look_after(client)
        await robot.look_after(client)
        assert (desk.status, desk.tokens) == ("ready", 1)

        desk.valid, desk.status = "another day", "logged_out"
        with pytest.raises(httpx.HTTPStatusError):
            await robot.look_after(client)
        await robot.look_after(client)

    assert (desk.status, desk.tokens) == ("ready", 2)


def test_the_cast_is_complete_and_nobody_is_two_people() -> None:
    numbers = [number for number, _ in (*CALLERS, *VIP_CALLERS)]

    assert len(set(numbers)) == len(numbers)
    assert len({person.agent_no for person in (*AGENTS, *ROBOTS)}) == 12
    assert all(number.isdigit() and ";" not in name for number, name in (*CALLERS, *VIP_CALLERS))


@pytest.mark.parametrize("scenario", sorted(SCENARIOS.glob("*.xml")), ids=lambda path: path.stem)
def test_every_jump_of_a_scenario_has_somewhere_to_land(scenario: Path) -> None:
    steps = list(ElementTree.parse(scenario).getroot())
    labels = {step.get("id") for step in steps if step.tag == "label"}
    jumps = {step.get(name) for step in steps for name in ("next", "ontimeout") if step.get(name)}

    assert jumps <= labels


def test_sound_becomes_ulaw(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (0, 8, -8, 1000, -1000, 32767, -32768)
        sound.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))

    to_ulaw(tmp_path / "a.wav", tmp_path / "a.ulaw")

    # 0, 8, -8 and full scale as G.711 tables them.
    assert (tmp_path / "a.ulaw").read_bytes()[:7].hex() == "fffe7ece4e8000"
    assert len((tmp_path / "a.ulaw").read_bytes()) == 7 + 8000
