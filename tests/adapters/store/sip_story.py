"""Every question that may be asked of phones and trunks, once each."""

from __future__ import annotations

from typing import Any

from cti.ids import AgentNo, DeviceName
from cti.phones import Phone
from cti.trunks import Trunk
from tests.adapters.store.story import DEMO

DESK = Phone(name=DeviceName("7001"), kind="desk", digest="d1")
NORTH = Trunk(name="north", host="203.0.113.5", match=("203.0.113.5",), caller_ids=("4008",))


async def use_sip(phones: Any, trunks: Any) -> None:
    """An agent 1001 is there."""
    await phones.add(DEMO, DESK, AgentNo("1001"))
    await phones.give(DEMO, DESK.name, None)
    await phones.renew(DEMO, DESK.name, "d2")
    for state in ("new", "gone"):
        if state == "gone":
            await phones.remove(DEMO, DESK.name)
        (made,) = await phones.everything()
        assert made.state == state
        await phones.settled(made)
    await trunks.add(DEMO, NORTH)
    await trunks.get(DEMO, "north")
    await trunks.change(DEMO, "north", {"is_default": True})
    await trunks.list(DEMO)
    await trunks.remove(DEMO, "north")
    (gone,) = await trunks.everything()
    await trunks.forget(gone)
