"""Where a call enters, by which rules, and why: the deny list first, then the hours, then what a VIP has."""

from __future__ import annotations

from cti.entry.decide import Decision, EntryPoint, decide
from cti.entry.lists import Lists
from cti.entry.shapes import schedule_of
from cti.targets import ENDS, ENTRIES, target
from tests.cti.entry.test_lists import entry, lists
from tests.cti.entry.test_schedules import CHINA, when

CALLER = "+8613800001234"
OPEN, CLOSED, HOLIDAY = "2026-10-10T09:05", "2026-10-10T19:00", "2026-10-01T10:00"
OFFICE = schedule_of(
    {
        "name": "office",
        "calendar": "cn",
        "hours": [{"days": ["workday"], "from": "09:00", "to": "18:00", "target": "flow:main"}],
        "holiday": "flow:holiday",
        "otherwise": "flow:closed",
    }
)


def asked(found: Lists | None = None, at: str = OPEN, leads_to: str = "schedule:office", **more: bool) -> Decision:
    point = EntryPoint(
        number="4000", title="总机", entry=target(leads_to, ENTRIES), options={"recording": True}, **more
    )
    return decide(point, CALLER, when(at), found or Lists(), {"office": OFFICE}, {"cn": CHINA})


def test_a_make_up_saturday_is_explained_to_the_last_step() -> None:
    found = asked()
    assert str(found.target) == "flow:main"
    assert found.rules == (
        "4000 总机 leads to schedule:office",
        "on no list",
        "schedule office: Sat 2026-10-10 09:05 Asia/Shanghai, make-up workday 国庆节调休: "
        "open 09:00-18:00, to flow:main",
    )
    assert found.reason == "; ".join(found.rules)
    assert (found.list, found.priority, found.period, found.open, found.screened) == (None, 0, "open", True, True)
    assert found.options == {"recording": True}


def test_nights_and_holidays_have_their_own_flows() -> None:
    assert str(asked(at=CLOSED).target) == "flow:closed"
    assert str(asked(at=HOLIDAY).target) == "flow:holiday"
    assert (asked(at=HOLIDAY).period, asked(at=HOLIDAY).open) == ("holiday", False)


def test_whoever_is_denied_goes_where_the_entry_says_whatever_the_hour() -> None:
    for at in (OPEN, CLOSED, HOLIDAY):
        found = asked(lists(entry("deny", "138", "prefix", reason="骚扰")), at)
        assert (str(found.target), found.denied, found.vip) == ("hangup", True, False)
        assert found.rules[-1] == "deny list: prefix 138 (骚扰), to hangup"
    assert str(asked(lists(entry("deny", CALLER, target=target("flow:sorry", ENDS)))).target) == "flow:sorry"


def test_a_vip_goes_first_and_to_what_they_have_of_their_own_in_open_hours() -> None:
    found = asked(lists(entry("vip", CALLER, priority=10)))
    assert (str(found.target), found.vip, found.priority) == ("flow:main", True, 10)
    own = lists(entry("vip", CALLER, priority=10, target=target("agent:1001", ENDS)))
    assert str(asked(own).target) == "agent:1001"
    assert str(asked(own, leads_to="queue:sales").target) == "agent:1001"
    closed = asked(own, CLOSED)
    assert (str(closed.target), closed.priority) == ("flow:closed", 10)
    assert closed.rules[-1] == "agent:1001 of the VIP is for open hours"


def test_two_lists_that_disagree_are_both_named() -> None:
    found = asked(lists(entry("vip", CALLER, priority=3), entry("deny", "1380", "prefix")))
    assert found.rules[1] == "vip list: this very number, priority 3; prefix 1380 of the deny list is wider"
    found = asked(lists(entry("vip", CALLER), entry("deny", CALLER)))
    same = "vip list: this very number; this very number of the deny list is as narrow, and VIPs come first"
    assert found.rules[1] == same


def test_a_number_without_lists_asks_none() -> None:
    found = asked(lists(entry("deny", CALLER)), lists=False)
    assert (str(found.target), found.screened, found.list) == ("flow:main", False, None)
    assert found.rules[1] == "this number asks no lists"


def test_a_schedule_that_is_gone_is_said_so() -> None:
    found = asked(leads_to="schedule:gone")
    assert (str(found.target), found.rules[-1]) == ("hangup", "there is no schedule gone")


def test_the_reason_names_no_caller() -> None:
    for found in (
        lists(entry("deny", CALLER)),
        lists(entry("vip", CALLER, target=target("queue:sales", ENDS))),
        Lists(),
    ):
        assert "13800001234" not in asked(found).reason
