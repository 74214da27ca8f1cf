"""The first page in a real browser, before a real server, a real Asterisk and real phones."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.lab.place import CHECKOUT
from tests.live.browser import browser, person
from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones

# One server and one browser for all of them: each story has a window of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE = "<img src=x onerror=document.title=1>\u202e${7*7}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def centre(lab: Lab) -> AsyncIterator[Centre]:
    assert (CHECKOUT / "web/dist/index.html").is_file(), "the pages are not built: run `make web`"
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


async def test_the_card_is_on_the_screen_before_the_phone_rings_and_follows_the_call_to_its_end(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        await agent.sees(agent.agent("1001", "logged_out"))
        await agent.press("示闲")
        await agent.sees(agent.agent("1001", "ready"), "示闲")

        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await desk.next_ring()
        await agent.sees(agent.pop(), "张伟明")
        await agent.sees(agent.pop(), "+8613800001234")
        assert "张伟明" in await agent.page.title()
        ringing.ring()
        await agent.sees(agent.pop("ringing"), "拒接")
        ringing.answer()
        await agent.sees(agent.pop("talking"), "挂断")
        await agent.sees(agent.agent("1001", "talking"), "张伟明")
        await agent.sees(agent.call("talking"), "+8613800001234")

        await agent.page.reload()
        await agent.sees(agent.pop("talking"), "张伟明")
        await agent.press("挂断")
        await agent.sees(agent.pop("ended"), "已结束")
        await agent.press("结束整理")
        await agent.sees(agent.agent("1001", "ready"))
        await ringing.until_ended()
        await caller.until_ended()

        token = await centre.token("1001")
        told = [event["type"] for event in (await centre.get("/events", token, limit=200))["items"]]
        assert told.count("screen_pop.requested") == told.count("screen_pop.shown") == 1


async def test_a_caller_is_told_of_on_the_desktop_while_the_agent_looks_at_another_window(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    async with person(window, centre, alerts="granted") as agent:
        await agent.sign_in("1001")
        await agent.press("示闲")
        await agent.sees(agent.agent("1001", "ready"))
        await agent.press("桌面提醒")
        await agent.sees(agent.page.locator("[data-alerts=on]"))
        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await desk.next_ring()
        await agent.sees(agent.pop(), "张伟明")
        (alert,) = await agent.page.evaluate("window.alerts")
        assert alert == {"title": "张伟明", "body": "+8613800001234 北京市 · 销售", "up": True}
        ringing.answer()
        await agent.sees(agent.pop("talking"))
        assert (await agent.page.evaluate("window.alerts"))[0]["up"] is False
        await agent.page.reload()
        await agent.sees(agent.page.locator("[data-alerts=on]"))
        caller.hangup()
        await agent.sees(agent.agent("1001", "acw"))
        await agent.press("结束整理")


async def test_a_browser_that_may_show_no_alerts_is_said_so(centre: Centre, window: Browser) -> None:
    async with person(window, centre, alerts="denied") as agent:
        await agent.sign_in("1001")
        await agent.press("桌面提醒")
        await agent.sees(agent.page.locator("[data-alerts=blocked]"), "被禁止")
        await agent.press("桌面提醒")
        await agent.sees(agent.page.locator("[data-alerts=off]"))


async def test_the_board_shows_calls_that_are_in_a_menu_and_calls_that_are_dialled(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1002"), await phones.trunk()
    token = await centre.token("1002")
    await centre.status(token, "1002", "not_ready")
    async with person(window, centre) as boss, person(window, centre, english=True) as agent:
        await boss.sign_in(centre.supervisor)
        await agent.sign_in("1002")
        caller = await trunk.call("4000", "13800001234", "张伟明").until_answered()
        await boss.sees(boss.call("ivr"), "语音导航")
        await centre.http.post(
            "/api/v1/calls", headers={"Authorization": f"Bearer {token}"}, json={"to": "number:13911112222"}
        )
        ringing = await desk.next_ring()
        await boss.sees(boss.call("dialling"), "呼出")
        await agent.sees(agent.pop("dialling"), "Calling")
        ringing.reject()
        await caller.leave()
        await boss.misses(boss.call("dialling"))


async def test_an_agent_rejects_a_ringing_call_on_the_page_and_the_caller_waits_on(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        await agent.page.keyboard.press("Alt+Shift+Digit1")
        await agent.sees(agent.agent("1001", "ready"))
        caller = trunk.call("4001", "13800001234", "张伟明")
        (await desk.next_ring()).ring()
        await agent.sees(agent.pop("ringing"))
        await agent.press("拒接")
        await agent.sees(agent.pop("ended"), "已拒接")
        await agent.sees(agent.queue("sales").locator("li"), "+8613800001234")
        caller.hangup()
        await agent.misses(agent.queue("sales").locator("li"))


async def test_history_comes_below_the_buttons_of_a_card_and_moves_none_of_them(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk = await phones.desk("1001"), await phones.trunk()
    earlier = trunk.call("4009", "13800001299", "张伟明")
    await earlier.until_answered()
    earlier.hangup()
    await centre.until(
        "/calls?number=13800001299", await centre.token(centre.admin), lambda found: bool(found["items"][0]["ended_at"])
    )
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        await agent.page.keyboard.press("Alt+Shift+Digit1")
        await agent.sees(agent.agent("1001", "ready"))
        caller = trunk.call("4001", "13800001299", "张伟明")
        (await desk.next_ring()).ring()
        await agent.sees(agent.pop("ringing").locator("footer ~ .contacts"), "最近联系")
        caller.hangup()
        await agent.misses(agent.queue("sales").locator("li"))


async def test_the_buttons_of_ones_own_state_stay_where_they_are_whatever_the_state(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk = await phones.desk("1001")
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        buttons = [agent.page.get_by_role("button", name=name, exact=True) for name in ("示忙", "签出")]
        buttons.append(agent.page.locator("[data-softphone]"))

        async def edges() -> list[float]:
            return [box["x"] for one in buttons if (box := await one.bounding_box())]

        before = await edges()
        await agent.press("示闲")
        await agent.sees(agent.agent("1001", "ready"))
        assert await edges() == before
        await desk.unregister()
        await agent.sees(agent.agent("1001", "unreachable"))
        assert await edges() == before
        await agent.press("签出")


async def test_an_agent_dials_says_what_it_came_to_and_the_record_has_it(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, far = await phones.desk("1003"), await phones.carrier()
    token = await centre.token("1003")
    async with person(window, centre) as agent:
        await agent.sign_in("1003")
        await agent.press("示忙")
        await agent.page.get_by_placeholder("号码或同事工号").fill("139 1111 2222")
        await agent.press("呼叫")
        ringing = await desk.next_ring()
        ringing.answer()
        other = await far.next_ring()
        other.answer()
        await agent.sees(agent.pop("talking"), "13911112222")
        call = str((await centre.get("/agents/me", token))["call"])
        form = agent.page.get_by_role("form", name="小结")
        await form.get_by_role("combobox").select_option(index=1)
        await form.get_by_role("textbox").fill("明天再打")
        await form.get_by_role("button", name="保存").click()
        await agent.sees(form, "已保存")
        await agent.press("挂断")
        await other.until_ended()
        (said,) = (await centre.get(f"/calls/{call}", token))["dispositions"]
        assert (said["agent_no"], said["note"]) == ("1003", "明天再打")


async def test_an_agent_calls_the_customer_back_before_saying_what_the_call_came_to(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, trunk, far = await phones.desk("1003"), await phones.trunk(), await phones.carrier()
    token, boss = await centre.token("1003"), await centre.token(centre.supervisor)
    centre.cti("queue", "set", "sales", "--set", "disposition_required=yes")
    await centre.until("/queues/sales", boss, lambda q: q["disposition_required"])
    await centre.status(token, "1003", "ready")
    async with person(window, centre) as agent:
        await agent.sign_in("1003")
        caller = trunk.call("4001", "13800001234", "张伟明")
        (await desk.next_ring()).answer()
        await agent.sees(agent.pop("talking"), "张伟明")
        caller.hangup()
        await agent.sees(agent.agent("1003", "acw"))
        await agent.page.reload()
        due = agent.page.locator("[data-offer]", has=agent.page.locator("form.due"))
        await agent.sees(due, "张伟明")
        await agent.page.get_by_placeholder("号码或同事工号").fill("13800001234")
        await agent.press("呼叫")
        (await desk.next_ring()).answer()
        other = await far.next_ring()
        other.answer()
        await agent.sees(agent.pop("talking"), "13800001234")
        await agent.press("挂断")
        await other.until_ended()
        await agent.sees(agent.agent("1003", "acw"))
        form = due.get_by_role("form")
        await form.get_by_role("combobox").select_option(index=1)
        await form.get_by_role("button", name="保存").click()
        await agent.sees(agent.agent("1003", "ready"))
    centre.cti("queue", "set", "sales", "--set", "disposition_required=no")
    await centre.until("/queues/sales", boss, lambda q: not q["disposition_required"])


async def test_an_agent_asks_a_colleague_and_hands_the_customer_over_on_the_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, other, trunk = await phones.desk("1001"), await phones.desk("1004"), await phones.trunk()
    for no in ("1001", "1004"):
        await centre.status(await centre.token(no), no, "ready" if no == "1001" else "not_ready")
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await desk.next_ring()
        ringing.answer()
        await agent.sees(agent.pop("talking"))
        await agent.press("转接")
        await agent.page.get_by_placeholder("姓名、号码或技能组").fill("1004")
        await agent.page.locator('[data-target="agent:1004"]').get_by_role("button", name="咨询").click()
        await agent.sees(agent.page.locator(".asking"), "正在呼叫")
        asked = await other.next_ring()
        asked.answer()
        await agent.sees(agent.page.locator(".asking"), "客户等待中")
        await agent.press("转给对方")
        await ringing.until_ended()
        await agent.sees(agent.pop("ended"))
        caller.hangup()
        await asked.until_ended()


async def test_a_colleague_comes_into_the_call_and_is_let_go_on_the_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    desk, other, trunk = await phones.desk("1001"), await phones.desk("1004"), await phones.trunk()
    for no in ("1001", "1004"):
        await centre.status(await centre.token(no), no, "ready" if no == "1001" else "not_ready")
    async with person(window, centre, english=True) as agent, person(window, centre, english=True) as colleague:
        await agent.sign_in("1001")
        await colleague.sign_in("1004")
        caller = trunk.call("4001", "13800001234", "张伟明")
        ringing = await desk.next_ring()
        ringing.answer()
        await agent.sees(agent.pop("talking"))
        await agent.press("Transfer")
        await agent.page.locator('[data-target="agent:1004"]').get_by_role("button", name="Consult").click()
        asked = await other.next_ring()
        await colleague.sees(colleague.pop(), "Answer on your phone")
        asked.answer()
        await colleague.sees(colleague.pop("talking"), "Hang up")
        await agent.press("Conference")
        await agent.sees(agent.page.locator(".parties"), "1004")
        await agent.press("Remove")
        await asked.until_ended()
        await colleague.sees(colleague.pop("ended"))
        await agent.misses(agent.page.locator(".parties"))
        await agent.sees(agent.pop("talking"))
        await agent.press("Hang up")
        await caller.until_ended()
        await agent.press("Finish")
        await agent.sees(agent.agent("1001", "ready"))


async def test_a_supervisor_moves_a_caller_and_signs_an_agent_out_on_the_page(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    await phones.desk("1005")
    await centre.status(await centre.token("1005"), "1005", "not_ready")
    async with person(window, centre) as boss:
        await boss.sign_in(centre.supervisor)
        caller = await trunk.call("4009", "13800001234", "张伟明").until_answered()
        await boss.queue("empty").locator("li").get_by_role("button").click()
        await boss.page.locator("[data-sheet] select").select_option("support")
        await boss.press("移动")
        await boss.sees(boss.queue("support").locator("li"), "张伟明")
        caller.hangup()
        await boss.agent("1005", "busy").get_by_role("button").click()
        await boss.page.get_by_placeholder("为什么这样做").fill("下班")
        await boss.press("强制签出")
        await boss.press("确认签出？")
        await boss.sees(boss.agent("1005", "logged_out"))
        await boss.misses(boss.page.locator("[data-sheet]"))
        (deed,) = (await centre.get("/audit", await centre.token(centre.admin), action="agents.force"))["items"]
        assert (deed["reason"], deed["who"]) == ("下班", centre.supervisor)


async def test_a_supervisor_sees_callers_wait_with_name_number_and_time_that_runs(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre) as wall:
        await wall.sign_in(centre.supervisor)
        caller = trunk.call("4009", "13800001234", "张伟明")
        await caller.until_answered()
        waiting = wall.queue("empty").locator("li")
        await wall.sees(waiting, "张伟明")
        await wall.sees(waiting, "+8613800001234")
        await wall.sees(waiting, re.compile(r"0:0[2-9]"))
        await wall.sees(wall.call("waiting"), "等待")
        caller.hangup()
        await wall.sees(wall.page.locator("[data-call]"), "放弃")
        await wall.misses(wall.page.locator("[data-call]"))


async def test_a_hostile_name_is_shown_as_text(centre: Centre, phones: Phones, window: Browser) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, english=True) as wall:
        await wall.sign_in(centre.admin)
        caller = trunk.call("4009", "13800001234", HOSTILE)
        await caller.until_answered()
        name = wall.queue("empty").locator("li bdi").first
        await wall.sees(name, "<img src=x onerror=document.title=1>")
        await expect(wall.page.locator("img")).to_have_count(0)
        assert await wall.page.title() == "Call Centre"
        caller.hangup()


async def test_a_killed_server_is_said_so_and_the_page_comes_back_by_itself(
    centre: Centre, phones: Phones, window: Browser
) -> None:
    trunk = await phones.trunk()
    async with person(window, centre, english=True) as wall:
        await wall.sign_in(centre.supervisor)
        await trunk.call("4009", "13800001234", "张伟明").until_answered()
        await wall.sees(wall.queue("empty").locator("li"), "张伟明")
        centre.kill()
        await wall.sees(wall.notices.first, "connection to the server is lost")
        second = trunk.call("4009", "13500002345", "刘洋")
        await second.until_answered()
        await centre.start()
        await wall.sees(wall.queue("empty").locator("li").nth(1), "刘洋")
        await wall.misses(wall.notices)


async def test_a_lost_link_to_asterisk_is_said_so(centre: Centre, lab: Lab, window: Browser) -> None:
    async with person(window, centre, english=True) as wall:
        await wall.sign_in(centre.admin)
        lab.kill()
        try:
            await wall.sees(wall.notices.first, "lost its link to the telephone system")
        finally:
            lab.start()
        await wall.misses(wall.notices)


async def test_an_agent_who_signs_in_elsewhere_leaves_the_first_page_told_and_quiet(
    centre: Centre, window: Browser
) -> None:
    async with person(window, centre, english=True) as first, person(window, centre, english=True) as second:
        await first.sign_in("1001")
        await second.sign_in("1001")
        await first.sees(first.notices.first, "signed in elsewhere")
        await first.press("Continue here")
        await second.sees(second.notices.first, "signed in elsewhere")
        await first.misses(first.notices.filter(has_text="signed in elsewhere"))


async def test_a_wrong_password_is_refused_in_words_and_a_revoked_token_asks_for_a_new_one(
    centre: Centre, window: Browser
) -> None:
    async with person(window, centre) as agent:
        await agent.try_password("1001", "wrong")
        await agent.sees(agent.page.get_by_role("alert"), "用户名或密码不正确")
        await agent.sign_in("1001")
        token = await agent.page.evaluate("sessionStorage.getItem('cti.token')")
        answer = await centre.http.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 202
        await agent.sees(agent.page.get_by_role("alert"), "登录已失效")
        assert await agent.page.evaluate("sessionStorage.length") == 0


async def test_the_language_changes_on_the_spot_and_is_remembered(centre: Centre, window: Browser) -> None:
    async with person(window, centre) as agent:
        await agent.sign_in("1001")
        await agent.sees(agent.queue("sales"), "无人等待")
        await agent.page.get_by_text("English").click()
        await agent.sees(agent.queue("sales"), "Nobody is waiting")
        await agent.page.reload()
        await agent.sees(agent.queue("sales"), "Nobody is waiting")
        assert await agent.page.locator("html").get_attribute("lang") == "en"
