"""What each type of node does: every exit, the mistaken, the silent, those who type ahead and those who leave."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from cti.ids import AgentNo, Instant, QueueName
from cti.ivr.nodes import kinds
from cti.ivr.outcome import Answer, Callback, HangUp, Left, Message, ToAgent, ToNumber, ToQueue, Voicemail
from cti.ivr.ports import LookupFailed, Ports
from cti.ivr.run import run
from cti.ivr.simulate import ScriptedLine, simulate
from tests.cti.ivr.flows import CALLER, HELLO, NOON, PORTS, flow_of, heard, node, saying, walk, way

DOORS = {"1": "one", "0": "zero", "#": "hash", "timeout": "late", "invalid": "wrong"}
MENU = node("menu", DOORS, prompts=["menu"], timeout_prompts=["late"], invalid_prompts=["wrong"])
COLLECT = node(
    "collect", {"done": "end", "timeout": "late", "invalid": "wrong"},
    variable="order", prompts=["order"], timeout_prompts=["late"], invalid_prompts=["wrong"], least=3, length=5,
)  # fmt: skip


def test_every_file_is_a_type_of_node() -> None:
    assert set(kinds) == {
        "callback", "collect", "hang_up", "hours", "lookup", "menu", "play", "record", "say", "set", "survey", "test",
        "to_agent", "to_flow", "to_number", "to_queue", "voicemail",
    }  # fmt: skip


# --- play, say -----------------------------------------------------------------------------------------------------


async def test_a_prompt_is_played_in_the_language_it_names_and_else_in_the_callers() -> None:
    tried = await walk(flow_of(node("play", {"next": "end"}, prompts=["a", "b", "en:a", "zh:c"])))
    assert [line.text for line in tried.lines if line.kind == "played"] == ["[zh] a b", "[en] a", "[zh] c"]


async def test_a_digit_cuts_prompts_short_and_counts_at_the_next_question() -> None:
    flow = flow_of(node("play", {"next": "menu"}, prompts=["a", "en:b"]), menu=MENU)
    tried = await walk(flow, "!1")
    assert heard(tried) == ["a"]
    assert way(tried) == ["next", "1", "hang_up"]


async def test_what_has_to_be_heard_is_heard_to_its_end() -> None:
    flow = flow_of(node("play", {"next": "menu"}, prompts=["a", "b"], barge_in=False), menu=MENU)
    tried = await walk(flow, "!1")
    assert heard(tried) == ["a b", "menu"]
    assert way(tried) == ["next", "1", "hang_up"]


async def test_a_value_is_said_in_one_breath_with_what_surrounds_it() -> None:
    ports = saying({("digits", "13", "en"): ["d1", "d3"], ("digits", "13", "zh"): ["一", "三"]})
    say = node("say", {"next": "end"}, kind="digits", value="${x}", before=["you-typed"], after=["thanks"])
    flow = flow_of(node("set", {"next": "say"}, variables={"x": "13", "language": "en"}), say=say)
    assert heard(await walk(flow, ports=ports)) == ["you-typed d1 d3 thanks"]


async def test_what_cannot_be_said_leaves_by_invalid_or_is_passed_over() -> None:
    say = node("say", {"next": "end"}, kind="date", value="${customer.birthday}", before=["born"])
    assert way(await walk(flow_of(say))) == ["invalid", "hang_up"]
    tried = await walk(flow_of(node("say", {"next": "end", "invalid": "menu"}, kind="money", value="?"), menu=MENU))
    assert way(tried) == ["invalid", "timeout", "hang_up"]


async def test_the_grammar_of_the_house_is_what_says_values() -> None:
    played = heard(await walk(flow_of(node("say", {"next": "end"}, kind="digits", value="10"))))
    assert len(played[0].split()) == 2


# --- menu ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "exit", "played"),
    [
        (["1"], "1", ["menu"]),
        (["#"], "#", ["menu"]),
        (["!0"], "0", ["menu"]),
        ([], "timeout", ["menu", "late", "menu", "late", "menu"]),
        (["", "", "0"], "0", ["menu", "late", "menu", "late", "menu"]),
        (["5", "0"], "0", ["menu", "wrong", "menu"]),
        (["5", "!1"], "1", ["menu", "wrong"]),
        (["5", "6", "7"], "invalid", ["menu", "wrong", "menu", "wrong", "menu"]),
        (["5", "6", ""], "timeout", ["menu", "wrong", "menu", "wrong", "menu"]),
        (["*1"], "1", ["menu", "wrong"]),  # who corrects a slip at once need not hear the menu again
    ],
)
async def test_a_menu_has_a_door_for_each_key(events: list[str], exit: str, played: list[str]) -> None:
    tried = await walk(flow_of(MENU), *events)
    assert way(tried) == [exit, "hang_up"]
    assert heard(tried) == played


async def test_a_caller_who_knows_the_way_types_it_at_once() -> None:
    flow = flow_of(MENU, one=MENU)
    tried = await walk(flow, "110")
    assert [(step.exit, step.digits) for step in tried.outcome.path[:3]] == [("1", "1"), ("1", "1"), ("0", "0")]
    assert heard(tried) == ["menu", "menu", "menu"]  # each cut at its first sample


async def test_what_was_typed_ahead_is_forgotten_where_the_node_says_so() -> None:
    menu = node("menu", DOORS, prompts=["menu"], clear=True)
    tried = await walk(flow_of(node("play", {"next": "menu"}, prompts=["a"]), menu=menu), "!1", "0")
    assert way(tried) == ["next", "0", "hang_up"]


# --- collect -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "exit", "order"),
    [
        (["123#"], "done", "123"),
        (["12345"], "done", "12345"),
        (["!12345"], "done", "12345"),
        (["1234", ""], "done", "1234"),  # a pause ends it too
        (["1*3#"], "done", "1*3"),
        (["1#", "123#"], "done", "123"),
        (["", "#", "123#"], "done", "123"),
        (["12", "12", "12"], "invalid", None),
        (["#", "#", "#"], "invalid", None),
        ([], "timeout", None),
        (["12#", "", ""], "timeout", None),
    ],
)
async def test_digits_are_collected_into_a_variable(events: list[str], exit: str, order: str | None) -> None:
    tried = await walk(flow_of(COLLECT), *events)
    assert way(tried) == [exit, "hang_up"]
    assert tried.outcome.variables.get("order") == order


async def test_digits_that_are_masked_are_shown_nowhere() -> None:
    pin = node("collect", {"done": "copy", "timeout": "end", "invalid": "end"}, variable="pin", prompts=["pin"],
               length=4, masked=True)  # fmt: skip
    copy = node("set", {"next": "end"}, variables={"twice": "${pin}${pin}", "other": "x"})
    tried = await walk(flow_of(pin, copy=copy), "7391")
    outcome = tried.outcome
    assert outcome.path[0].digits == "****"
    assert (outcome.variables["pin"], outcome.variables["twice"], outcome.variables["other"]) == ("****", "****", "x")
    assert outcome.secrets == {"pin": "7391", "twice": "73917391"}
    assert "7391" not in repr(outcome)


async def test_what_is_typed_after_the_last_digit_belongs_to_the_next_question() -> None:
    collect = node("collect", {"done": "menu", "timeout": "late", "invalid": "late"}, variable="x", prompts=["a"],
                   length=2, terminator="")  # fmt: skip
    tried = await walk(flow_of(collect, menu=MENU), "12#")
    assert [(step.exit, step.digits) for step in tried.outcome.path[:2]] == [("done", "12"), ("#", "#")]


# --- set, test, hours ----------------------------------------------------------------------------------------------


async def test_variables_are_set_from_what_is_known_of_the_caller() -> None:
    flow = flow_of(node("set", {"next": "end"}, variables={"who": "${name} ${caller}>${dialled}", "language": "fr"}))
    outcome = (await walk(flow)).outcome
    assert outcome.variables["who"] == "张伟明 +8613800001234>4000"
    assert outcome.language == "zh"  # there are no prompts in French


@pytest.mark.parametrize(
    ("test", "value", "to", "holds"),
    [
        ("equals", "a", "a", True),
        ("equals", "1", "1.0", False),
        ("differs", "a", "b", True),
        ("starts_with", "+8613800001234", "+86", True),
        ("ends_with", "4000", "00", True),
        ("contains", "${caller}", "138", True),
        ("among", "2", "1, 2,3", True),
        ("among", "", "1,2", False),
        ("less", "9", "10", True),
        ("more", "10", "9.5", True),
        ("more", "nan", "1", False),
        ("less", "Infinity", "1", False),
        ("less", "", "1", False),
        ("empty", "${nothing}", "", True),
        ("empty", "x", "", False),
    ],
)
async def test_a_value_is_tested(test: str, value: str, to: str, holds: bool) -> None:
    flow = flow_of(node("test", {"yes": "end", "no": "end"}, value=value, test=test, to=to))
    assert way(await walk(flow))[0] == ("yes" if holds else "no")


@pytest.mark.parametrize(
    ("periods", "exit"),
    [(["lunch", "closed"], "lunch"), (["evening", "closed"], "closed"), (["evening"], "otherwise"), ([], "otherwise")],
)
async def test_the_time_of_day_decides(periods: list[str], exit: str) -> None:
    asked: list[tuple[str, Instant]] = []

    def hours(schedule: str, at: Instant) -> Sequence[str]:
        asked.append((schedule, at))
        return periods

    exits = {"lunch": "end", "closed": "end", "otherwise": "end"}
    flow = flow_of(node("hours", exits, schedule="office"))
    assert way(await walk(flow, ports=replace(PORTS, hours=hours))) == [exit, "hang_up"]
    assert asked == [("office", NOON)]


# --- lookup --------------------------------------------------------------------------------------------------------

FOUND = {"found": "end", "not_found": "end", "failed": "end"}


def crm(answer: Mapping[str, object] | Exception | None, asked: list[str] | None = None) -> Ports:
    async def fetch(url: str, _seconds: float) -> Mapping[str, object] | None:
        if asked is not None:
            asked.append(url)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def customer(number: str) -> Mapping[str, object] | None:
        return await fetch(number, 0)

    return replace(PORTS, fetch=fetch, customer=customer)


async def test_a_customer_is_found_by_the_callers_number() -> None:
    asked: list[str] = []
    fields = {"name": "Ana\r\nX: y", "level": 3, "vip": True, "Odd Name": 1, "orders": [1, 2]}
    tried = await walk(flow_of(node("lookup", FOUND)), ports=crm(fields, asked))
    assert way(tried)[0] == "found"
    assert asked == ["+8613800001234"]
    kept = {name: value for name, value in tried.outcome.variables.items() if name.startswith("customer.")}
    assert kept == {"customer.name": "AnaX: y", "customer.level": "3", "customer.vip": "yes"}


async def test_a_crm_is_asked_over_http_and_fields_of_its_answer_are_kept() -> None:
    asked: list[str] = []
    lookup = node("lookup", FOUND, source="http", url="https://crm.test/by?n=${caller}&x=${evil}",
                  keep={"agent": "owner.agent", "gone": "a.b.c", "all": "owner"})  # fmt: skip
    caller = replace(CALLER, variables={"evil": "1&admin=1#"})
    tried = await walk(flow_of(lookup), caller=caller, ports=crm({"owner": {"agent": 1002}}, asked))
    assert asked == ["https://crm.test/by?n=%2B8613800001234&x=1%26admin%3D1%23"]
    variables = tried.outcome.variables
    assert (variables["agent"], variables["gone"], "all" in variables) == ("1002", "", False)


@pytest.mark.parametrize(
    ("answer", "exit"),
    [(None, "not_found"), (LookupFailed("no"), "failed"), (OSError("refused"), "failed"), (TimeoutError(), "failed")],
)
async def test_a_look_up_that_finds_nothing_or_fails_lets_the_call_go_on(answer: Exception | None, exit: str) -> None:
    assert way(await walk(flow_of(node("lookup", FOUND, prompts=["wait"])), ports=crm(answer))) == [exit, "hang_up"]


class Typing(ScriptedLine):
    """Someone who types while something else is waited for; no time is spent on listening in slices."""

    def __init__(self, meanwhile: str = "", leaves: int | None = None) -> None:
        super().__init__((), NOON, leaves)
        self.meanwhile = list(meanwhile)

    async def digit(self, seconds: float) -> str:
        if seconds >= 0.5:
            return await super().digit(seconds)
        self._do()
        await asyncio.sleep(0)
        self._pass(seconds)
        return self.meanwhile.pop(0) if self.meanwhile else ""


def never_answering(line: ScriptedLine) -> tuple[Ports, asyncio.Event]:
    gone = asyncio.Event()

    async def customer(_number: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()

    return Ports(now=line.now, customer=customer), gone


async def test_a_look_up_has_a_deadline_and_keeps_what_is_typed_meanwhile() -> None:
    line = Typing("1")
    ports, gone = never_answering(line)
    flow = flow_of(node("lookup", {"found": "end", "not_found": "end", "failed": "menu"}, seconds=3), menu=MENU)
    outcome = await run(flow, CALLER, line, ports)
    assert [step.exit for step in outcome.path] == ["failed", "1", "hang_up"]
    assert 3000 <= outcome.path[1].at - NOON < 3500
    await gone.wait()  # nobody goes on asking


async def test_a_caller_who_leaves_during_a_look_up_is_noticed() -> None:
    line = Typing(leaves=4)
    ports, gone = never_answering(line)
    outcome = await run(flow_of(node("lookup", FOUND)), CALLER, line, ports)
    assert outcome.end == Left()
    await gone.wait()


# --- survey, record, callback --------------------------------------------------------------------------------------

SURVEY = node("survey", {"answered": "end", "unanswered": "end"}, survey="after", question="q1", prompts=["rate"],
              answers={"1": "good", "2": "bad"}, invalid_prompts=["wrong"])  # fmt: skip


@pytest.mark.parametrize(
    ("events", "value", "played"),
    [
        (["1"], "1", ["rate"]),
        (["!2"], "2", ["rate"]),
        (["9", "2"], "2", ["rate", "wrong", "rate"]),
        (["", "2"], "2", ["rate", "rate"]),
        ([], None, ["rate", "rate"]),
        (["9", "9"], None, ["rate", "wrong", "rate"]),
    ],
)
async def test_a_question_of_a_survey_is_asked_twice_at_most(
    events: list[str], value: str | None, played: list[str]
) -> None:
    tried = await walk(flow_of(SURVEY), *events)
    assert way(tried)[0] == ("unanswered" if value is None else "answered")
    assert [answer.value for answer in tried.outcome.answers] == ([] if value is None else [value])
    assert heard(tried) == played


async def test_an_answer_counts_though_the_caller_leaves_before_the_next() -> None:
    told: list[Answer] = []
    second = node("survey", {"answered": "end", "unanswered": "end"}, survey="after", question="q2", prompts=["b"],
                  answers={"1": "yes"})  # fmt: skip
    flow = flow_of({**SURVEY, "exits": {"answered": "second", "unanswered": "end"}}, second=second)
    tried = await walk(flow, "1", "hangup", ports=replace(PORTS, on_answer=told.append))
    assert tried.outcome.end == Left()
    assert [(one.survey, one.question, one.value, one.label) for one in told] == [("after", "q1", "1", "good")]
    assert tried.outcome.answers == tuple(told)


SPEAK: Mapping[str, object] = {"prompts": ["speak"], "variable": "message"}
RECORD = node("record", {"done": "end", "empty": "end"}, **SPEAK)


async def test_what_is_too_short_to_be_a_message_is_none() -> None:
    dropped: list[Message] = []
    for flow, events in ((flow_of(RECORD), []), (flow_of({**RECORD, "settings": {**SPEAK, "least": 6}}), ["#"])):
        tried = await walk(flow, *events, ports=replace(PORTS, on_empty=dropped.append))
        assert (way(tried)[0], tried.outcome.messages) == ("empty", ())
        assert "message" not in tried.outcome.variables
    assert [message.seconds for message in dropped] == [0.0, 5.0]


@pytest.mark.parametrize("events", [["#"], ["12"]])
async def test_a_message_is_recorded_under_a_name_that_holds_nothing_of_the_caller(events: list[str]) -> None:
    tried = await walk(flow_of(RECORD), *events)
    assert way(tried)[0] == "done"
    (message,) = tried.outcome.messages
    assert message.seconds == 5.0
    assert message.name == f"1763812800-17-123456-{message.at}-1"
    assert tried.outcome.variables["message"] == message.name


async def test_a_message_that_ends_with_the_hang_up_is_kept() -> None:
    outcome = (await walk(flow_of(RECORD), "hangup")).outcome
    assert outcome.end == Left()
    assert [(message.node, message.seconds) for message in outcome.messages] == [("first", 5.0)]


async def test_a_call_id_with_a_path_in_it_names_no_path() -> None:
    caller = replace(CALLER, call=type(CALLER.call)("../../x y"))
    outcome = (await walk(flow_of(RECORD), "#", caller=caller)).outcome
    assert set(outcome.messages[0].name) <= set("-x y0123456789".replace(" ", ""))


def offer(**more: object) -> dict[str, object]:
    return node("callback", {"declined": "end"}, queue="support", prompts=["offer"], accepted_prompts=["yes"], **more)


@pytest.mark.parametrize(
    ("events", "accepted"), [(["1"], True), (["", "1"], True), (["2"], False), (["2", "1"], False), ([], False)]
)
async def test_a_call_back_is_offered(events: list[str], accepted: bool) -> None:
    end = (await walk(flow_of(offer(priority=3)), *events)).outcome.end
    assert end == (
        Callback(queue=QueueName("support"), number="+8613800001234", priority=3)
        if accepted
        else HangUp(cause="normal")
    )


async def test_a_call_back_is_promised_to_those_who_hang_up_while_it_is_confirmed() -> None:
    tried = await walk(flow_of(offer()), "1", "!hangup")
    assert heard(tried, "left")
    assert tried.outcome.end == Callback(queue=QueueName("support"), number=CALLER.number)


async def test_nobody_is_promised_a_call_that_may_not_be_made() -> None:
    for allowed in ("+8613900000000", CALLER.number):
        tried = await walk(flow_of(offer()), "1", ports=replace(PORTS, may_call=allowed.__eq__))
        assert (way(tried)[0] == "declined", heard(tried) == []) == ((allowed != CALLER.number,) * 2)


@pytest.mark.parametrize("number", ["", "anonymous", "1" * 30, "138;DROP"])
async def test_nobody_is_promised_a_call_back_on_what_is_no_number(number: str) -> None:
    tried = await walk(flow_of(offer()), "1", caller=replace(CALLER, number=number))
    assert way(tried)[0] == "declined"
    assert heard(tried) == []


# --- ends ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "end", "otherwise"),
    [
        (node("to_queue", queue="sales", skills={"en": 5}, priority=10),
         ToQueue(queue=QueueName("sales"), skills={"en": 5}, priority=10), None),
        (node("to_agent", {"otherwise": "end"}, agent="${own}"), ToAgent(agent=AgentNo("1002")), "end"),
        (node("to_agent", agent="1001", seconds=10), ToAgent(agent=AgentNo("1001"), seconds=10), None),
        (node("to_number", {"otherwise": "end"}, number="${own}00", caller_id="4000"),
         ToNumber(number="100200", caller_id="4000"), "end"),
        (node("to_number", number="+861012345", caller_id="${name}"), ToNumber(number="+861012345"), None),
        (node("voicemail", box="main"), Voicemail(box="main"), None),
        (node("hang_up", cause="busy"), HangUp(cause="busy"), None),
    ],
)  # fmt: skip
async def test_a_walk_ends_where_the_call_goes_on(first: dict[str, object], end: object, otherwise: str | None) -> None:
    outcome = (await walk(flow_of(first), caller=replace(CALLER, variables={"own": "1002"}))).outcome
    assert outcome.end == end
    assert (outcome.node, outcome.otherwise) == ("first", otherwise)


@pytest.mark.parametrize("value", ["", "1002&SIP/x", "a b", "1" * 70, "PJSIP/1001"])
@pytest.mark.parametrize("kind", ["agent", "number"])
async def test_a_variable_that_holds_no_agent_or_number_dials_nothing(kind: str, value: str) -> None:
    first = node(f"to_{kind}", {"otherwise": "end"}, **{kind: "${own}"})
    tried = await walk(flow_of(first), caller=replace(CALLER, variables={"own": value}))
    assert way(tried) == ["otherwise", "hang_up"]


async def test_goodbye_is_said_to_its_end() -> None:
    assert heard(await walk(flow_of(node("hang_up", prompts=["goodbye"])), "!1")) == ["goodbye"]


# --- hang-ups ------------------------------------------------------------------------------------------------------

TALKING: Mapping[str, dict[str, object]] = {
    "play": dict(HELLO),
    "say": node("say", {"next": "end"}, kind="digits", value="12"),
    "menu": MENU,
    "collect": COLLECT,
    "lookup": node("lookup", FOUND, prompts=["wait"]),
    "survey": SURVEY,
    "record": RECORD,
    "callback": offer(),
    "hang_up": node("hang_up", prompts=["goodbye"]),
}


@pytest.mark.parametrize("kind", sorted(TALKING))
async def test_a_caller_may_leave_at_whatever_is_done_on_the_line(kind: str) -> None:
    flow = flow_of(TALKING[kind])
    whole = await walk(flow, "1")
    things = sum(line.kind in ("played", "pressed", "silence", "recorded") for line in whole.lines)
    for at in range(1, things):
        tried = await simulate(flow, CALLER, ["1"], PORTS, leaves=at)
        assert tried.outcome.end == Left()
        assert tried.outcome.path[-1].exit == "left"
