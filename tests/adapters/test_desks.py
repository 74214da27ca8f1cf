"""What people ask for, as the board is told."""

from __future__ import annotations

from typing import Any, cast

import pytest

from adapters.desks import Desk
from cti import events as ev
from cti.engine import Engine
from cti.errors import NotFound, RefusedByPolicy
from cti.ids import Instant, QueueName, TenantId
from tests.world import World

DEMO = TenantId("demo")


async def past(*_: object) -> None:
    """Nothing is on record."""


class Room:
    """An engine with one board."""

    def __init__(self) -> None:
        self.world = World("1001")
        self.asked: list[ev.Event] = []
        self.tenants = [DEMO]

    def clock(self) -> Instant:
        return self.world.now

    def board(self, tenant: TenantId) -> Any:
        return self.world.board

    def ask(self, event: ev.Event, tenant: TenantId) -> None:
        self.asked.append(event)
        self.world.take(event)


@pytest.mark.parametrize("number", ["13800138000", "138 0013 8000", "+8613800138000", "0086-13800138000"])
def test_a_promised_callback_is_for_one_number_however_it_is_written(number: str) -> None:
    room = Room()
    call = Desk(cast(Engine, room), DEMO, lambda *_: (), past).call_back(
        number, "张伟明", QueueName("sales"), {"order": "88"}
    )
    promised = room.world.board.calls[call]
    assert (promised.number, promised.queue, promised.journey.data) == ("+8613800138000", "sales", {"order": "88"})


@pytest.mark.parametrize("number", ["", "anonymous", "+12025550123", "4000", "138;DROP"])
def test_a_callback_that_could_not_be_made_is_not_promised(number: str) -> None:
    room = Room()
    with pytest.raises(RefusedByPolicy):
        Desk(cast(Engine, room), DEMO, lambda *_: (), past).call_back(number, "", QueueName("sales"), {})
    with pytest.raises(NotFound):
        Desk(cast(Engine, room), DEMO, lambda *_: (), past).call_back("13800138000", "", QueueName("nowhere"), {})
    assert not room.asked
