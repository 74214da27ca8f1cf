"""Reasons and dispositions in a whole server: due over a kill, said of a call only the database knows, found again."""

from __future__ import annotations

from tests.live.centre import Centre
from tests.live.conftest import Lab, Phones
from tests.live.floor import Floor


async def test_after_call_work_waits_over_a_kill_for_what_the_call_came_to(
    small: Centre, lab: Lab, phones: Phones
) -> None:
    small.cti("queue", "set", "sales", "--acw-seconds", "1", "--set", "disposition_required=yes")
    small.cti("reason", "set", "lunch", "--limit", "1")
    floor = Floor(small, lab, phones)
    await floor.agent("1001")
    boss = await small.token(small.supervisor)
    await small.until("/queues/sales", boss, lambda q: q["disposition_required"])
    await small.until("/reasons/lunch", boss, lambda r: r["limit_seconds"] == 1)

    call, caller, agent, _ = await floor.talk("1001")
    caller.hangup()
    await agent.until_ended()
    wrapping = await floor.works("1001", "acw")
    assert wrapping["disposition_due"] == call
    assert await floor.refused("1001", "/agents/me/finish_acw") == "disposition_missing"

    small.kill()
    await small.start()
    wrapping = await floor.works("1001", "acw")
    assert wrapping["disposition_due"] == call
    await floor.asks("1001", f"/calls/{call}/disposition", code="sold", note="两台")
    assert (await floor.works("1001", "idle"))["disposition_due"] is None

    async with small.desktop(small.supervisor, "agent:*", "calls:*") as wall:
        floor.tokens["1900"] = wall.token
        await floor.asks(
            "1900", f"/calls/{call}/disposition/correct", agent_no="1001", code="enquiry", reason="heard it"
        )
        said = (await wall.client.event("call.disposition_said")).data["disposition"]
        assert (said["agent_no"], said["code"], said["said_by"]) == ("1001", "enquiry", small.supervisor)
        await small.status(floor.tokens["1001"], "1001", "not_ready", reason="用餐")
        told = await wall.client.event("agent.overstayed")
        assert (told.data["agent_no"], told.data["reason_code"], told.data["limit_seconds"]) == ("1001", "lunch", 1)
    assert (await small.get("/agents/1001", boss))["over_limit"] is True
    for code, found in (("enquiry", [call]), ("sold", [])):
        assert [one["id"] for one in (await small.get("/calls", boss, disposition=code))["items"]] == found
    record = await small.get(f"/calls/{call}", boss)
    assert [(one["kind"], one["agent_no"]) for one in record["segments"]][-1] == ("talking", "1001")
