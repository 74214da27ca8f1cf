"""What the switchboard learns from the rest of the server."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

import pytest

from adapters.front import customer_of, said_without_us
from adapters.store.failures import StoreAway
from adapters.store.queries import Queries
from cti.ids import TenantId
from cti.ivr.ports import LookupFailed

DEMO = TenantId("demo")
BEFORE = {"queue": "sales", "agent_no": "1001", "started_at": "2026-11-22T10:00:00Z"}


class History:
    def __init__(self, away: bool = False) -> None:
        self.away = away

    async def contacts(self, tenant: TenantId, numbers: Collection[str]) -> Mapping[str, Sequence[Any]]:
        if self.away:
            raise StoreAway("gone")
        return {number: [BEFORE] for number in numbers if number == "+8613800001234"}


def history(away: bool = False) -> Queries:
    return cast(Queries, History(away))


@pytest.mark.parametrize("number", ["+8613800001234", "13800001234", "0086 13800001234"])
async def test_a_customer_is_found_by_a_number_as_it_was_typed(number: str) -> None:
    found = await customer_of(history(), DEMO, number)
    assert found is not None
    assert (found["agent"], found["calls"]) == ("1001", 1)


async def test_who_never_called_is_nobody_and_an_outage_is_told_apart_from_that() -> None:
    assert await customer_of(history(), DEMO, "13900000000") is None
    with pytest.raises(LookupFailed):
        await customer_of(history(away=True), DEMO, "13800001234")


class Prompts:
    def __init__(self, folder: str) -> None:
        self.folder = folder

    def path(self, tenant: TenantId, name: str, language: str) -> str | None:
        return f"{self.folder}/{tenant}/{language}/{name}"


def test_the_dialplan_is_left_the_words_of_each_tenant_or_none_that_are_too_long_for_asterisk() -> None:
    said = said_without_us(Prompts("/p"), [DEMO, TenantId("other")])
    assert said == {
        "CTI_FALLBACK_SAY_demo": "/p/demo/zh/try-later&/p/demo/zh/goodbye",
        "CTI_FALLBACK_SAY_other": "/p/other/zh/try-later&/p/other/zh/goodbye",
    }
    assert said_without_us(Prompts("/p" * 300), [DEMO]) == {"CTI_FALLBACK_SAY_demo": ""}
