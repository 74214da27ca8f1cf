"""What is up in Asterisk is read as it is: channels with their call, offers under way, devices, last words."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

import pytest

from adapters.asterisk.encode import Action
from adapters.asterisk.failures import LinkFailure, Lost, Rejected
from adapters.asterisk.session import AmiSession
from adapters.asterisk.snapshot import LAST_WORDS_KEPT_MS, last_words, take_snapshot
from adapters.asterisk.wire import Message
from cti.events import SnapshotTaken
from cti.ids import CallId, Instant
from tests.adapters.asterisk.stories import answer_to

NOW = Instant(1_795_351_040_000)


STATUS = (
    ("Channel", "PJSIP/1002-0000000c"),
    ("ChannelStateDesc", "Up"),
    ("Uniqueid", "1795351029.12"),
    ("Variable", "CTI_TENANT=demo"),
    ("Variable", "CTI_CALLID=1795351029-11-407514"),
)


class Bulk:
    """Answers each list action as told; a failure is raised."""

    def __init__(self, **answers: list[Message] | LinkFailure) -> None:
        self.asked: list[Action] = []
        self.answers = {
            "Status": [m for m in answer_to("q2") if m.name == "Status"],
            "DeviceStateList": [m for m in answer_to("q3") if m.name == "DeviceStateChange"],
            "DBGetTree": [],
            **answers,
        }

    async def ask_list(self, action: Action, deadline: float) -> list[Message]:
        self.asked.append(action)
        answer = self.answers[action.name]
        if isinstance(answer, LinkFailure):
            raise answer
        return answer


async def look(
    bulk: Bulk, open_calls: Collection[str] = (), on_record: Collection[str] = (), offset: int = 0
) -> dict[str, SnapshotTaken]:
    async def unknown(_: str, calls: Collection[CallId]) -> Collection[CallId]:
        return [call for call in calls if call not in on_record]

    opened = [CallId(call) for call in open_calls]
    return dict(
        await take_snapshot(cast(AmiSession, bulk), lambda: NOW, offset, opened, unknown, Instant(NOW - 60_000))
    )


def words(call: str, tenant: str = "demo", *, ended: float = NOW / 1000 - 5, more: str = "") -> Message:
    """A row of AstDB as the dialplan writes it."""
    row = f"{call}|{tenant}|sales|{ended - 9}|{ended:.3f}|4000|1001|16|+86%20138%7C0|4001|{more}"
    return Message.of(("Event", "DBGetTreeResponse"), ("Key", "/cti-ended/1"), ("Val", row))


async def test_captured_channels_are_read_with_their_call_and_their_offer() -> None:
    found = await look(Bulk())
    agent, talking, waiting = found["demo"].legs

    assert (talking.call, talking.queue, talking.dialled) == ("1795351029-11-407514", "support", "4002")
    assert (talking.place, talking.offer_n, talking.offer_device) == ("cti-deliver", 1, "1002")
    assert (talking.number, talking.name) == ("+8613900000002", '欧阳"娜娜"')
    assert talking.since == 1_795_351_029_675
    assert (agent.device, agent.call, agent.since, agent.bridge) == ("1002", talking.call, None, talking.bridge)
    assert (waiting.place, waiting.offer_n, waiting.offer_device) == ("cti-wait", 0, None)
    assert waiting.bridge == ""


@pytest.mark.parametrize(
    ("context", "exten", "spot"),
    [
        ("cti-room", "m_1795351029-11-407514", "m_1795351029-11-407514"),
        ("cti-room", "u_1795351029-11-407514-2", "u_1795351029-11-407514-2"),
        ("cti-room", "m_1795351029-11-407514_1795351029-11-407514.3", "m_1795351029-11-407514"),  # invited
        ("cti-spy", "listen_1795351029.12_1795351029-11-407514.3", "listen_1795351029.12"),
        ("cti-spy", "whisper_1795351029.12", "whisper_1795351029.12"),
        ("cti-spy", "spare_1795351029-11-407514.3", "spare"),
        ("cti-hold", "customer", ""),
    ],
)
async def test_it_is_seen_which_room_a_leg_is_in_and_whom_it_hears(context: str, exten: str, spot: str) -> None:
    moved = Message.of(("Event", "Status"), *STATUS, ("Context", context), ("Exten", exten))
    found = await look(Bulk(Status=[moved]))
    assert [leg.spot for leg in found["demo"].legs] == [spot]


async def test_devices_are_told_to_every_tenant_and_to_those_without_a_channel() -> None:
    found = await look(Bulk())
    assert found[""].devices == found["demo"].devices
    assert found[""].devices["1001-web"] == "UNAVAILABLE"  # type: ignore[index]
    assert found[""].legs == ()


async def test_asterisks_clock_is_seen_through() -> None:
    legs = (await look(Bulk(), offset=-250))["demo"].legs
    assert [leg.since for leg in legs if leg.since] == [1_795_351_029_425, 1_795_351_029_851]


@pytest.mark.parametrize("exten", ["to_2_15_1001-web", "to_12_30_1001"])
async def test_an_offer_under_way_is_read_from_the_extension(exten: str) -> None:
    (leg,) = (await look(Bulk(Status=[_channel(exten=exten)])))["demo"].legs
    _, n, _, device = exten.split("_")
    assert (leg.offer_n, leg.offer_device) == (int(n), device)


async def test_the_way_to_a_phone_has_two_names_and_one_meaning() -> None:
    (leg,) = (await look(Bulk(Status=[_channel(context="cti-want", exten="to_2_15_1001")])))["demo"].legs
    assert (leg.place, leg.offer_n, leg.offer_device) == ("cti-deliver", 2, "1001")


@pytest.mark.parametrize(
    ("context", "exten"),
    [("cti-wait", "to_1_15_1001"), ("cti-deliver", "to_x_15_1001"), ("cti-deliver", "invalid"), ("cti-deliver", "")],
)
async def test_an_extension_that_is_no_order_is_no_offer(context: str, exten: str) -> None:
    (leg,) = (await look(Bulk(Status=[_channel(context=context, exten=exten)])))["demo"].legs
    assert (leg.offer_n, leg.offer_device) == (0, None)


def _channel(*, context: str = "cti-deliver", exten: str = "music", since: str = "1795351029.675") -> Message:
    return Message.of(
        ("Event", "Status"),
        ("Channel", "PJSIP/cti-trunk-0000000b"),
        ("Context", context),
        ("Exten", exten),
        ("Uniqueid", "1795351029.11"),
        ("Variable", "CTI_TENANT=demo"),
        ("Variable", "CTI_CALLID=1795351029-11-407514"),
        ("Variable", f"CTI_SINCE={since}"),
    )


@pytest.mark.parametrize("since", ["yesterday", "inf", "1e999", "nan"])
async def test_an_odd_channel_costs_no_other_one(since: str) -> None:
    nameless = Message.of(("Event", "Status"), ("Context", "cti-wait"))
    found = await look(Bulk(Status=[nameless, _channel(since=since), _channel()]))
    assert [leg.since for leg in found["demo"].legs] == [1_795_351_029_675]


async def test_last_words_of_open_calls_and_of_calls_on_no_record_are_told() -> None:
    rows = [words("1-1-111111"), words("1-2-222222"), words("1-3-333333")]
    found = await look(Bulk(DBGetTree=rows), open_calls=["1-1-111111"], on_record=["1-2-222222"])
    assert [one.call for one in found["demo"].last_words] == ["1-1-111111", "1-3-333333"]


async def test_a_tenant_with_nothing_but_last_words_is_told_them() -> None:
    found = await look(Bulk(Status=[], DBGetTree=[words("1-1-111111", "other")]))
    assert [one.call for one in found["other"].last_words] == ["1-1-111111"]
    assert found["other"].legs == ()


async def test_an_empty_family_is_no_error_but_a_lost_link_is() -> None:
    nobody = await look(Bulk(DBGetTree=Rejected("DBGetTree", "Database entry not found")))
    assert nobody["demo"].last_words == ()
    with pytest.raises(Lost):
        await look(Bulk(DBGetTree=Lost("DBGetTree", "eof")))


def test_last_words_are_read_field_by_field() -> None:
    ((tenant, one),) = last_words([words("1-1-111111")], 100, NOW)
    assert (tenant, one.call, one.queue, one.device, one.cause) == ("demo", "1-1-111111", "sales", "1001", 16)
    assert (one.number, one.dialled, one.talked, one.fell_back) == ("+86 138|0", "4001", 4000, False)
    assert (one.since, one.ended_at) == (NOW - 14_000 + 100, NOW - 5_000 + 100)


def test_last_words_say_whether_the_caller_fell_back() -> None:
    ((_, one),) = last_words([words("1-1-111111", more="fallback")], 0, NOW)
    assert one.fell_back


@pytest.mark.parametrize(
    "row",
    ["", "a|b|c", "a|demo|sales|x|y|0||0|||", "a|demo|sales|inf|1|0||0|||", "a|demo|sales|1|1e999|0||0|||", "|" * 30],
)
def test_garbled_last_words_cost_no_others(row: str) -> None:
    rows = [Message.of(("Val", row)), Message.of(("Key", "/cti-ended/1")), words("1-1-111111")]
    assert "1-1-111111" in [one.call for _, one in last_words(rows, 0, NOW)]


def test_old_last_words_are_left_alone() -> None:
    ended = (NOW - LAST_WORDS_KEPT_MS) / 1000
    assert list(last_words([words("1-1-111111", ended=ended - 1)], 0, NOW)) == []
    assert len(list(last_words([words("1-1-111111", ended=ended + 1)], 0, NOW))) == 1
