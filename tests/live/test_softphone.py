"""The phone in the page: a real browser's WebRTC, over the server's own address, to a real Asterisk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.live.browser import DEAF, USELESS, Person, browser, person
from tests.live.centre import PACE_SECONDS, Centre
from tests.live.conftest import Lab, Phones
from tests.live.phone import Leg, Phone
from tests.live.tone import Tone, until_heard

pytestmark = pytest.mark.asyncio(loop_scope="module")

AGENT, SUPERVISOR, CUSTOMER = 1000, 620, 440


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(lab: Lab) -> AsyncIterator[Centre]:
    made = Centre(lab, "sqlite+aiosqlite:///{folder}/cti.db")
    made.cti("migrate")
    made.cti("lab", "seed")
    await made.start()
    yield made
    await made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def window() -> AsyncIterator[Browser]:
    async with browser() as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def phones(lab: Lab) -> AsyncIterator[Phones]:
    made = Phones(lab)
    yield made
    await made.close()


async def switched_on(who: Person, username: str) -> None:
    await who.sign_in(username)
    await who.page.locator("[data-softphone]").click()
    await who.sees(who.page.locator("[data-softphone=ready]"))


async def hears(who: Person, hertz: int, *, loud: bool = True) -> None:
    """Wait until this pitch is there in what the page hears, or is not."""
    async with asyncio.timeout(20):
        while (await who.page.evaluate(f"window.heard ? window.heard({hertz}) > -50 : false")) is not loud:
            await asyncio.sleep(PACE_SECONDS)


async def talking(agent: Person, trunk: Phone) -> Leg:
    """A customer who is with this agent."""
    caller = trunk.call("4001", "13800001234", "张伟明")
    await agent.sees(agent.pop("ringing"), "接听")
    await agent.press("接听")
    await agent.sees(agent.pop("talking"))
    return caller


async def test_an_agent_without_a_desk_phone_works_a_whole_call_in_the_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, hertz=AGENT) as agent:
        await switched_on(agent, "1001")
        await agent.press("示闲")
        await agent.sees(agent.agent("1001", "ready"))
        caller = await talking(agent, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await until_heard(trunk, [AGENT])
            await hears(agent, CUSTOMER)

            await agent.press("静音")
            await until_heard(trunk, [], [AGENT])
            await agent.press("取消静音")
            await until_heard(trunk, [AGENT])

            await agent.press("保持")
            await agent.sees(agent.pop("held"))
            await until_heard(trunk, [], [AGENT])
            await hears(agent, CUSTOMER, loud=False)
            await agent.press("恢复")
            await agent.sees(agent.pop("talking"))
            await until_heard(trunk, [AGENT])
            await hears(agent, CUSTOMER)
        await agent.press("挂断")
        await caller.until_ended()
        await agent.press("结束整理")
        await agent.sees(agent.agent("1001", "ready"))


async def test_a_phone_in_the_page_outlives_the_server_and_its_call_goes_on(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, hertz=AGENT) as agent:
        await switched_on(agent, "1001")
        await agent.press("示闲")
        caller = await talking(agent, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await until_heard(trunk, [AGENT])
            centre.kill()
            await agent.sees(agent.page.locator("[data-softphone=lost]"))
            await until_heard(trunk, [AGENT])
            await hears(agent, CUSTOMER)
            await centre.start()
            await agent.sees(agent.page.locator("[data-softphone=ready]"))
            await until_heard(trunk, [AGENT])
        await agent.sees(agent.pop("talking"))
        caller.hangup()
        await agent.sees(agent.pop("ended"))
        await agent.press("结束整理")
        await agent.sees(agent.agent("1001", "ready"))


async def test_there_is_sound_though_the_first_address_found_is_none_that_asterisk_can_use(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, hertz=AGENT, network=USELESS) as agent:
        await switched_on(agent, "1001")
        await agent.press("示闲")
        caller = await talking(agent, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await until_heard(trunk, [AGENT])
            await hears(agent, CUSTOMER)
        await agent.misses(agent.page.locator("[data-silent]"))
        await agent.press("挂断")
        await caller.until_ended()
        await agent.press("结束整理")


async def test_an_agent_who_can_hear_nobody_is_told_so_and_hears_as_soon_as_there_is_a_way(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, hertz=AGENT, network=DEAF) as agent:
        await switched_on(agent, "1001")
        await agent.press("示闲")
        caller = await talking(agent, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await agent.sees(agent.page.locator("[data-silent]"), "没有声音")
            await agent.page.evaluate("window.deaf = false")
            await agent.misses(agent.page.locator("[data-silent]"))
            await until_heard(trunk, [AGENT])
            await hears(agent, CUSTOMER)
        await agent.press("挂断")
        await caller.until_ended()
        await agent.press("结束整理")


async def test_a_silent_call_does_not_keep_a_phone_whose_line_has_gone_to_another_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with (
        person(window, centre, hertz=AGENT, network=DEAF) as first,
        person(window, centre, hertz=AGENT) as second,
    ):
        await switched_on(first, "1001")
        await first.press("示闲")
        caller = await talking(first, trunk)
        await first.sees(first.page.locator("[data-silent]"), "没有声音")
        await switched_on(second, "1001")
        await first.misses(first.page.locator("[data-silent]"))
        await second.sees(second.pop("talking"), "张伟明")
        await second.press("挂断")
        await caller.until_ended()
        await second.press("结束整理")
        caller = await talking(second, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await until_heard(trunk, [AGENT])
            await hears(second, CUSTOMER)
        await second.press("挂断")
        await caller.until_ended()
        await second.press("结束整理")


async def test_a_supervisor_listens_whispers_and_intercepts_from_the_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1002"), await phones.trunk()
    token = await centre.token("1002")
    await centre.status(token, "1002", "ready")
    async with person(window, centre, hertz=SUPERVISOR) as boss:
        await switched_on(boss, centre.supervisor)
        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await desk.next_ring()
        ringing.answer()
        await boss.sees(boss.agent("1002", "talking"))
        with Tone(desk, ringing).send(AGENT), Tone(trunk, caller).send(CUSTOMER):
            await boss.agent("1002").get_by_role("button").click()
            await boss.press("监听")
            await boss.sees(boss.page.locator("[data-watch=listen]"), "没有人听到您")
            await hears(boss, CUSTOMER)
            await hears(boss, AGENT)
            await until_heard(desk, [CUSTOMER], [SUPERVISOR])
            await boss.press("密语")
            await boss.sees(boss.page.locator("[data-watch=whisper]"))
            await until_heard(desk, [CUSTOMER, SUPERVISOR])
            await until_heard(trunk, [AGENT], [SUPERVISOR])
            await boss.press("拦截")
            await ringing.until_ended()
            await boss.misses(boss.page.locator("[data-watch]"))
            await until_heard(trunk, [SUPERVISOR])
            await hears(boss, CUSTOMER)
        await boss.sees(boss.pop("talking"), "张伟明")
        await boss.press("挂断")
        await caller.until_ended()
    await centre.status(token, "1002", "logged_out")


async def test_the_phone_is_where_the_agents_page_is(centre: Centre, window: Browser) -> None:
    async with person(window, centre, hertz=AGENT) as first, person(window, centre, hertz=AGENT) as second:
        await switched_on(first, "1001")
        await switched_on(second, "1001")
        await first.sees(first.page.locator("[data-softphone=off]"))
        await first.press("在本页继续")
        await first.sees(first.page.locator("[data-softphone=ready]"))
        await second.sees(second.page.locator("[data-softphone=off]"))
        await first.page.locator("[data-softphone]").click()
        await first.sees(first.page.locator("[data-softphone=off]"))


async def test_a_phone_in_the_page_comes_back_with_asterisk_and_after_a_new_secret(
    centre: Centre, lab: Lab, window: Browser
) -> None:
    admin = {"Authorization": f"Bearer {await centre.token(centre.admin)}"}
    new = {"agent_no": "3001", "name": "新人", "queues": ["sales"], "phones": ["web"]}
    assert (await centre.http.post("/api/v1/agents", headers=admin, json=new)).status_code == 201
    user = {"username": "3001", "password": "a long secret", "role": "agent", "agent_no": "3001"}
    assert (await centre.http.post("/api/v1/users", headers=admin, json=user)).status_code == 201
    async with person(window, centre, hertz=AGENT) as agent:
        await agent.try_password("3001", "a long secret")
        await agent.page.locator("[data-softphone]").click()
        ready = agent.page.locator("[data-softphone=ready]")
        await agent.sees(ready)
        lab.kill()
        await agent.misses(ready)
        lab.start()
        await agent.sees(ready)
        await agent.press("示闲")
        await agent.sees(agent.agent("3001", "ready"))
        assert (await centre.http.post("/api/v1/devices/3001-web/secret", headers=admin)).status_code == 200
        await agent.sees(agent.agent("3001", "unreachable"))
        await agent.sees(agent.agent("3001", "ready"))
        await agent.sees(ready)


async def test_two_clicks_on_the_switch_leave_one_phone_that_works(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, hertz=AGENT) as agent:
        await switched_on(agent, "1001")
        for state in ("off", "ready"):
            await agent.page.locator("[data-softphone]").click()
            await agent.sees(agent.page.locator(f"[data-softphone={state}]"))
        await agent.press("示闲")
        caller = await talking(agent, trunk)
        with Tone(trunk, caller).send(CUSTOMER):
            await hears(agent, CUSTOMER)
        await agent.sees(agent.page.locator("[data-softphone=ready]"))
        await agent.press("挂断")
        await caller.until_ended()
