"""A caller is found however the number is written; the narrowest entry counts; what has run out counts no more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as any_

from cti.entry.entries import ListEntry, checked
from cti.entry.lists import MOST_PATTERNS, Lists, refuse_more_patterns
from cti.entry.numbers import ANONYMOUS, international, plain, plain_start
from cti.errors import BadRequest
from cti.ids import Instant
from cti.targets import ENDS, Target, target

NOW = Instant(1_790_000_000_000)


def entry(kind: str, number: str, match: str = "exact", **more: object) -> ListEntry:
    return checked(ListEntry(kind=kind, number=number, match=match, **more))  # type: ignore[arg-type]


def lists(*entries: ListEntry) -> Lists:
    found = Lists()
    for one in entries:
        found.put(one)
    return found


def stands_on(found: Lists, caller: str, at: Instant = NOW) -> tuple[str, str, str] | None:
    one = found.find(caller, at)
    return None if one is None else (one.kind, one.match, one.number)


@pytest.mark.parametrize(
    "written",
    ["13800001234", "+8613800001234", "+86 138-0000-1234", "008613800001234", "8613800001234", "013800001234"],
)
def test_a_caller_is_found_however_the_number_is_written(written: str) -> None:
    assert stands_on(lists(entry("deny", "+8613800001234")), written) == ("deny", "exact", "13800001234")
    assert stands_on(lists(entry("vip", written)), "+8613800001234") == ("vip", "exact", "13800001234")


@pytest.mark.parametrize(
    ("written", "compared", "shown"),
    [
        ("+861065529988", "01065529988", "+861065529988"),
        ("(010) 6552 9988", "01065529988", "+861065529988"),
        ("+8675582345678", "075582345678", "+8675582345678"),
        ("+864008123456", "4008123456", "+864008123456"),
        ("10086", "10086", "10086"),
        ("+12125550100", "+12125550100", "+12125550100"),
        ("0012125550100", "+12125550100", "+12125550100"),
        ("1001", "1001", "1001"),
        ("", ANONYMOUS, ANONYMOUS),
        ("Anonymous", ANONYMOUS, ANONYMOUS),
    ],
)
def test_a_number_has_one_form_to_compare_and_one_to_show(written: str, compared: str, shown: str) -> None:
    assert plain(written) == compared
    assert international(written) == shown


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("+86138", "138"),
        ("+8610", "010"),
        ("+86010", "010"),
        ("+860", "0"),
        ("0755", "0755"),
        ("0085", "+85"),
        ("+85", "+85"),
        ("+86400", "400"),
    ],
)
def test_beginnings_have_the_same_form_as_numbers(written: str, compared: str) -> None:
    assert plain_start(written) == compared


def test_a_caller_who_hides_the_number_can_be_on_a_list() -> None:
    found = lists(entry("deny", ANONYMOUS))
    assert stands_on(found, "") == ("deny", "exact", ANONYMOUS)
    assert stands_on(found, "13800001234") is None


def test_the_longest_beginning_counts() -> None:
    found = lists(entry("deny", "138", "prefix", reason="a"), entry("deny", "1380", "prefix", reason="b"))
    assert stands_on(found, "13801") == ("deny", "prefix", "1380")
    assert stands_on(found, "13811") == ("deny", "prefix", "138")
    assert stands_on(found, "13") is None
    found.drop("deny", "prefix", "1380")
    assert stands_on(found, "13801") == ("deny", "prefix", "138")


@pytest.mark.parametrize(
    ("pattern", "hits", "misses"),
    [
        ("138XXXX8888", ["13812348888"], ["1381234888", "13812348887", "138123488888"]),
        ("ZX0", ["100", "990"], ["010", "101"]),
        ("0N5*", ["025", "0251"], ["015", "02"]),
        ("*8888", ["13812348888", "8888"], ["88881"]),
        ("+85?*", ["+852123"], ["85212"]),
        ("+86138XXXXXXXX", ["+8613812348888"], ["13712348888"]),
    ],
)
def test_a_pattern_means_what_its_signs_say(pattern: str, hits: list[str], misses: list[str]) -> None:
    found = lists(entry("deny", pattern, "pattern"))
    assert all(stands_on(found, one) is not None for one in hits)
    assert [one for one in misses if stands_on(found, one) is not None] == []


def test_the_narrower_entry_counts_and_of_two_as_narrow_the_vips() -> None:
    found = lists(entry("deny", "138", "prefix"), entry("vip", "13800001234"))
    assert stands_on(found, "13800001234") == ("vip", "exact", "13800001234")
    assert stands_on(found, "13800001235") == ("deny", "prefix", "138")
    found = lists(entry("vip", "138", "prefix"), entry("deny", "13800001234"))
    assert stands_on(found, "13800001234") == ("deny", "exact", "13800001234")
    for match, number in (("exact", "13800001234"), ("prefix", "1380"), ("pattern", "1380*")):
        both = lists(entry("deny", number, match), entry("vip", number, match))
        assert stands_on(both, "13800001234") == ("vip", match, plain(number) if match == "exact" else number)
    found = lists(entry("deny", "1380000*", "pattern"), entry("deny", "138", "prefix"))
    assert stands_on(found, "13800001234") == ("deny", "pattern", "1380000*")


def test_an_entry_that_has_run_out_leaves_the_word_to_the_next() -> None:
    found = lists(entry("deny", "13800001234", expires_at=NOW), entry("vip", "138", "prefix", priority=5))
    assert stands_on(found, "13800001234", Instant(NOW - 1)) == ("deny", "exact", "13800001234")
    assert stands_on(found, "13800001234", NOW) == ("vip", "prefix", "138")


def test_a_change_takes_the_place_of_what_was_there_and_a_removal_leaves_nothing() -> None:
    found = Lists()
    for match, number in (("exact", "13800001234"), ("prefix", "1380"), ("pattern", "13800*")):
        found.put(entry("deny", number, match))
        found.put(entry("deny", number, match, reason="changed"))
        assert len(found) == 1
        one = found.find("13800001234", NOW)
        assert one is not None
        assert one.rule.reason == "changed"
        found.drop("deny", match, number)
        found.drop("deny", match, number)
        assert (len(found), stands_on(found, "13800001234")) == (0, None)


def test_what_an_entry_does_is_hang_up_or_what_it_says() -> None:
    assert entry("deny", "1").target == Target("hangup")
    assert entry("deny", "1", target=target("flow:sorry", ENDS)).target == Target("flow", "sorry")
    assert entry("deny", "1", target=target("number:01065529988", ENDS)).target == Target("number", "01065529988")
    assert entry("vip", "1").target is None
    assert entry("vip", "1", target=target("agent:1001", ENDS)).target == Target("agent", "1001")


@pytest.mark.parametrize(
    ("kind", "match", "number", "more"),
    [
        ("friends", "exact", "1", {}),
        ("deny", "exactly", "1", {}),
        ("deny", "exact", "", {}),
        ("deny", "exact", "unknown", {}),
        ("deny", "exact", "1.38E+10", {}),
        ("deny", "exact", "１３８", {}),
        ("deny", "exact", "=1+1", {}),
        ("deny", "exact", "138\x001", {}),
        ("deny", "prefix", "", {}),
        ("deny", "prefix", "138*", {}),
        ("deny", "pattern", "XXXXXXXXXXX", {}),
        ("deny", "pattern", "1*2*", {}),
        ("deny", "pattern", "(1|2)+", {}),
        ("deny", "pattern", "1" * 33, {}),
        ("vip", "exact", "1", {"priority": 1001}),
        ("vip", "exact", "1", {"priority": -1}),
        ("vip", "exact", "1", {"target": Target("hangup")}),
        ("vip", "exact", "1", {"target": Target("flow", "main")}),
        ("deny", "exact", "1", {"target": Target("schedule", "main")}),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(kind: str, match: str, number: str, more: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        entry(kind, number, match, **more)


def test_there_is_an_end_to_patterns() -> None:
    refuse_more_patterns(MOST_PATTERNS)
    with pytest.raises(BadRequest, match="1000 patterns"):
        refuse_more_patterns(MOST_PATTERNS + 1)


def test_entries_that_mean_the_same_share_one_rule() -> None:
    found = lists(*(entry("deny", f"138{n:08d}", reason="骚扰") for n in range(100)))
    rules = {id(one.rule) for one in (found.find(f"138{n:08d}", NOW) for n in range(100)) if one is not None}
    assert len(rules) == 1


digits = any_.text("0123456789", min_size=1, max_size=12)
beginnings = any_.tuples(any_.sampled_from(["vip", "deny"]), digits.filter(lambda one: not one.startswith("00")))


@given(any_.lists(beginnings, max_size=20), digits)
def test_beginnings_agree_with_a_plain_search(entries: list[tuple[str, str]], caller: str) -> None:
    found = lists(*(entry(kind, number, "prefix") for kind, number in entries))
    number = plain(caller)
    fitting = [(len(start), kind == "vip", kind, start) for kind, start in entries if number.startswith(start)]
    best = max(fitting, default=None)
    assert stands_on(found, caller) == (None if best is None else (best[2], "prefix", best[3]))


@given(any_.text("01234X9NZ?*", min_size=2, max_size=8), digits)
def test_patterns_agree_with_the_words_of_their_signs(pattern: str, caller: str) -> None:
    try:
        one = entry("deny", pattern, "pattern")
    except BadRequest:
        return
    words = {"X": "[0-9]", "N": "[2-9]", "Z": "[1-9]", "?": ".", "*": ".*", "+": r"\+"}
    fits = re.fullmatch("".join(words.get(sign, sign) for sign in one.number), plain(caller)) is not None
    assert (stands_on(lists(one), caller) is not None) == fits
