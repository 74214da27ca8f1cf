"""Answering a desk phone from the screen: off without a login for it, else a press of the phone's own key."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.live.centre import SQLITE, Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor
from tests.live.phone import Leg
from tests.live.sip_message import SipMessage

USER, SECRET = "cti-system", "of-no-use-elsewhere"
STANZA = f"""
[{USER}]
secret = {SECRET}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
write = system
"""


@pytest.fixture
def login(lab: Lab) -> Iterator[None]:
    """What an operator adds to manager.conf."""
    file = lab.place.etc / "manager.conf"
    before = file.read_text(encoding="utf-8")
    file.write_text(before + STANZA, encoding="utf-8")
    lab.asterisk.ask("manager reload")
    yield
    file.write_text(before, encoding="utf-8")
    lab.asterisk.ask("manager reload")


@pytest_asyncio.fixture
async def floor(lab: Lab, phones: Phones, template: Path, login: None) -> AsyncIterator[Floor]:
    made = Centre(lab, SQLITE, CTI_AMI_SYSTEM_USER=USER, CTI_AMI_SYSTEM_SECRET=SECRET)
    shutil.copy(template, made.folder / "cti.db")
    await made.start()
    yield Floor(made, lab, phones)
    await made.close()


async def test_a_phone_that_rings_answers_when_its_agent_says_so_on_the_screen(floor: Floor) -> None:
    desk = await floor.agent("1001")
    caller = (await floor.phones.trunk()).call("4001", "13800001234", "张伟明")
    rung: Leg = await desk.next_ring()
    said: list[str] = []

    def pressed(message: SipMessage) -> None:
        said.append(message.get("event"))
        rung.answer()

    desk.on_notify = pressed
    call = rung.cti_call
    await floor.centre.until("/agents/1001", floor.tokens["1001"], lambda a: a["work"] == "ringing")
    await floor.asks("1001", f"/calls/{call}/answer")
    await floor.is_(call, "1001", state="talking")
    assert said == ["talk"]
    assert await floor.refused("1001", f"/calls/{call}/answer") == "wrong_state"
    caller.hangup()
    await floor.is_(call, "1001", state="ended")


async def test_without_the_login_a_desk_phone_is_answered_by_hand(small: Centre, lab: Lab, phones: Phones) -> None:
    floor = Floor(small, lab, phones)
    desk = await floor.agent("1001")
    (await phones.trunk()).call("4001", "13800001234", "张伟明")
    rung = await desk.next_ring()
    await floor.centre.until("/agents/1001", floor.tokens["1001"], lambda a: a["work"] == "ringing")
    assert await floor.refused("1001", f"/calls/{rung.cti_call}/answer") == "answer_on_phone"
    rung.answer()
    await floor.is_(rung.cti_call, "1001", state="talking")


def test_the_doctor_tells_whether_it_is_wanted_and_what_is_wrong(small: Centre, login: None) -> None:
    assert "is off: desk phones are answered by hand" in small.run("doctor").stdout
    good = {"CTI_AMI_SYSTEM_USER": USER, "CTI_AMI_SYSTEM_SECRET": SECRET}
    assert f"AMI login {USER}: logged in" in small.run("doctor", **good).stdout
    bad = small.run("doctor", **{**good, "CTI_AMI_SYSTEM_SECRET": "wrong"})
    assert bad.returncode == 1
    assert "<the value of CTI_AMI_SYSTEM_SECRET>" in bad.stdout
    assert "write = system" in bad.stdout
