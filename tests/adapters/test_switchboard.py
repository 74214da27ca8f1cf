"""What becomes of callers between the entry, the flow, the queue and the survey, as the dialplan is told."""

from __future__ import annotations

import pytest

from cti.control.dialling import DialRules
from cti.effects import Deliver
from cti.ids import QueueName
from cti.incidents import Incident
from cti.ivr.flow import Flow
from cti.records import QueueSettings, Result, State
from cti.trunks import Line
from tests.adapters.house import House, leads_to
from tests.cti.ivr.flows import flow_of, node

PATIENT = QueueSettings(name=QueueName("sales"), max_wait_seconds=300, max_wait_target="callback")
TO_QUEUE = node("to_queue", queue="sales")


def house(target: str = "queue:sales", *agents: str, queues: tuple[QueueSettings, ...] = (PATIENT,)) -> House:
    return House(*(agents or ("1001", "1002")), queues=queues, decision=leads_to(target))


# --- called back instead of waiting ----------------------------------------------------------------------------------


async def test_who_takes_the_offer_of_a_full_queue_keeps_the_place_they_had() -> None:
    place = house()
    caller = await place.enters()
    call = place.follows(caller)
    arrived = call.queued_at
    place.world.passes(300)
    caller = await place.again(caller, call.sent_to, "!1")
    promised = place.callback(caller)
    assert promised is not None
    assert (promised.queued_at, promised.number) == (arrived, "+8613800001234")
    assert caller.variables["CTI_NEXT"] == "hangup"
    assert place.hangs_up(caller).result is Result.CALLBACK


async def test_who_hangs_up_as_soon_as_they_have_accepted_is_called_back_all_the_same() -> None:
    place = house()
    caller = await place.enters()
    call = place.follows(caller)
    place.world.passes(300)
    caller = await place.again(caller, call.sent_to, "!1", "!hangup")
    assert place.callback(caller) is not None


async def test_who_would_rather_wait_says_so_into_the_prompt_and_waits_on_at_the_old_place() -> None:
    place = house()
    caller = await place.enters()
    arrived = place.follows(caller).queued_at
    place.world.passes(300)
    caller = await place.again(caller, "callback", "!2")
    assert place.heard == ["[zh] callback-offer"]
    call = place.follows(caller)
    assert (call.state, call.queued_at) == (State.WAITING, arrived)
    assert place.hangs_up(caller).result is Result.ABANDONED, "they gave up in the queue, whatever they were offered"


@pytest.mark.parametrize("number", ["", "anonymous", "0012025550123"])
async def test_nobody_is_offered_a_call_that_could_not_be_made(number: str) -> None:
    place = house()
    caller = await place.enters(number=number)
    place.follows(caller)
    place.world.passes(300)
    caller = await place.again(caller, "callback", "!1")
    assert place.heard == []
    assert place.follows(caller).state is State.WAITING


# --- one agent -------------------------------------------------------------------------------------------------------


def to_agent(no: str, exits: dict[str, str] | None = None, **more: object) -> dict[str, object]:
    return node("to_agent", exits or {}, agent=no, **more)


async def test_a_flow_goes_on_each_time_that_an_agent_is_not_there() -> None:
    place = house("flow:f")
    place.publish(flow_of(to_agent("1001", {"otherwise": "b"}), b=to_agent("1002", {"otherwise": "c"}), c=TO_QUEUE))
    caller = await place.enters()
    assert caller.variables["CTI_ARG"] == "agent-1001"
    for then in ("agent-1002", "sales"):
        assert place.follows(caller).sent_to == "flow:otherwise", "at once: nobody is ready"
        caller = await place.again(caller, "flow:otherwise")
        assert caller.variables["CTI_ARG"] == then
    assert place.follows(caller).queue == "sales"


async def test_an_agent_who_is_busy_is_waited_for_as_long_as_the_flow_says() -> None:
    place = house("flow:f")
    place.world.ready("1001")
    other = place.world.caller_joins()
    place.world.answers(other)
    place.publish(flow_of(to_agent("1001", {"otherwise": "b"}, seconds=60), b=TO_QUEUE))
    caller = await place.enters()
    call = place.follows(caller)
    place.world.passes(59)
    assert call.state is State.WAITING
    place.world.passes(2)
    assert call.sent_to == "flow:otherwise"


async def test_an_agents_phone_rings_for_as_long_as_the_flow_says_and_not_in_vain_for_longer() -> None:
    place = house("flow:f")
    place.world.ready("1001")
    place.publish(flow_of(to_agent("1001", {"otherwise": "b"}, seconds=15), b=TO_QUEUE))
    call = place.follows(await place.enters())
    ordered = place.world.wished(Deliver)
    assert [one.ring_seconds for one in ordered if isinstance(one, Deliver)] == [15]
    place.world.rings_out(call.id)
    assert call.sent_to == "flow:otherwise"


async def test_an_agent_who_declines_keeps_nobody_waiting() -> None:
    place = house("flow:f")
    place.world.ready("1001")
    place.publish(flow_of(to_agent("1001", {"otherwise": "b"}), b=TO_QUEUE))
    call = place.follows(await place.enters())
    place.world.delivery_ends(call.id, "BUSY", 21)
    assert call.sent_to == "flow:otherwise"


async def test_who_waits_for_an_agent_goes_on_when_that_agent_goes() -> None:
    place = house("flow:f")
    place.world.ready("1001")
    other = place.world.caller_joins()
    place.world.answers(other)
    place.publish(flow_of(to_agent("1001", {"otherwise": "b"}), b=TO_QUEUE))
    call = place.follows(await place.enters())
    place.world.status("1001", "not_ready", "小休")
    place.world.agent_hangs_up(other)
    place.world.passes(10)  # after-call work
    assert call.sent_to == "flow:otherwise"


async def test_a_vip_whose_own_agent_is_not_there_goes_where_everybody_goes() -> None:
    place = house("agent:1001")
    place.without_lists = leads_to("flow:f")
    place.publish(flow_of(TO_QUEUE))
    caller = await place.enters()
    call = place.follows(caller)
    caller = await place.again(caller, call.sent_to)
    assert (caller.variables["CTI_NEXT"], caller.variables["CTI_ARG"]) == ("queue", "sales")


async def test_a_denied_caller_sent_to_somebody_who_is_not_there_gets_no_further() -> None:
    place = house()
    place.decision = leads_to("agent:1001", list="deny", open=False)
    place.without_lists = leads_to("queue:sales")
    caller = await place.enters()
    call = place.follows(caller)
    caller = await place.again(caller, call.sent_to)
    assert caller.variables["CTI_NEXT"] == "hangup"
    assert place.hangs_up(caller).result is Result.DENIED


BROKEN = flow_of(node("set", {"next": "number"}, variables={"n": "x"}), number=node("to_number", number="${n}"))


@pytest.mark.parametrize("flows", [(), (BROKEN,)])
@pytest.mark.parametrize(("listed", "way"), [("deny", "hangup"), (None, None)])
async def test_a_flow_that_is_missing_or_broken_lets_no_denied_caller_in(
    flows: tuple[Flow, ...], listed: str | None, way: str | None
) -> None:
    place = house()
    place.publish(*flows)
    place.decision = leads_to("flow:f", list=listed)
    caller = await place.enters()
    assert caller.variables.get("CTI_NEXT") == way, "others go to the safe queue, which the dialplan knows"
    assert place.hangs_up(caller).result is (Result.DENIED if listed else Result.IVR)


@pytest.mark.parametrize("target", ["agent:1002", "number:+8613900001111"])
async def test_who_was_sent_from_a_queue_to_somebody_who_does_not_answer_is_back_at_the_old_place(target: str) -> None:
    place = house(queues=(QueueSettings(name=QueueName("sales"), max_wait_seconds=300, max_wait_target=target),))
    caller = await place.enters()
    call = place.follows(caller)
    arrived = call.queued_at
    place.world.passes(300)
    assert call.sent_to == target
    if target == "agent:1002":
        caller = await place.again(caller, target)
        assert caller.variables["CTI_ARG"] == "agent-1002"
        place.follows(caller)
    caller = await place.again(caller, "flow:otherwise")
    assert caller.variables["CTI_ARG"] == "sales"
    call = place.follows(caller)
    assert (call.queue, call.queued_at, call.state) == ("sales", arrived, State.WAITING)
    assert place.hangs_up(caller).result is Result.ABANDONED


# --- an extension ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listed", "otherwise", "result"), [("deny", "", Result.DENIED), (None, "flow:otherwise", Result.FORWARDED)]
)
async def test_a_phone_rings_whoever_sits_there(listed: str | None, otherwise: str, result: Result) -> None:
    place = house()
    place.decision = leads_to("extension:1900", list=listed)
    caller = await place.enters()
    told = caller.variables
    assert (told["CTI_NEXT"], told["CTI_ARG"], told["CTI_ELSE"], told["CTI_SHOWN"]) == ("phone", "1900", otherwise, "")
    assert place.hangs_up(caller).result is result


async def test_a_phone_shows_no_number_where_its_agent_may_see_none() -> None:
    place = house("extension:1006")
    place.blind.add("1006")
    assert (await place.enters()).variables["CTI_SHOWN"] == "138****1234"


async def test_nobody_at_the_phone_costs_nobody_the_call() -> None:
    place = house("extension:1900")
    caller = await place.again(await place.enters(), "flow:otherwise")
    assert not caller.variables["CTI_NEXT"], "the dialplan has a safe queue for this"


# --- the outside world -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "dialled"),
    [("01065529988", "01065529988"), ("+861065529988", "01065529988"), ("013900001111", "13900001111")],
)
async def test_a_number_is_dialled_as_the_trunk_wants_it_however_it_is_written(number: str, dialled: str) -> None:
    caller = await house(f"number:{number}").enters()
    assert (caller.variables["CTI_NEXT"], caller.variables["CTI_ARG"]) == ("number", dialled)


async def test_a_flow_goes_on_where_its_number_may_not_be_dialled() -> None:
    place = house("flow:f")
    place.publish(flow_of(node("to_number", {"otherwise": "b"}, number="+12025550123"), b=TO_QUEUE))
    caller = await place.enters()
    assert (caller.variables["CTI_NEXT"], caller.variables["CTI_ARG"]) == ("queue", "sales")


async def test_a_number_that_may_not_be_dialled_costs_nobody_the_call() -> None:
    caller = await house("number:+12025550123").enters()
    assert "CTI_NEXT" not in caller.variables, "the dialplan has a safe queue for this"


async def test_a_flow_shows_a_number_of_ours_and_no_other() -> None:
    place = house("flow:f")
    place.rules = DialRules(caller_ids=("02150001000", "02150002000"))
    for asked, shown in (("02150002000", "02150002000"), ("13800000000", "02150001000"), ("", "02150001000")):
        place.publish(flow_of(node("to_number", number="+8613900001111", caller_id=asked)))
        assert (await place.enters()).variables["CTI_SHOWN"] == shown


async def test_a_flow_s_number_of_ours_chooses_the_trunk_it_leaves_by() -> None:
    place = house("flow:f")
    north = Line(trunk="cti-trunk-north", caller_ids=("02150002000",))
    place.rules = DialRules(caller_ids=("02150001000",), lines=(north,))
    for asked, trunk in (("02150002000", "cti-trunk-north"), ("02150001000", "cti-trunk"), ("", "cti-trunk")):
        place.publish(flow_of(node("to_number", number="+8613900001111", caller_id=asked)))
        assert (await place.enters()).variables["CTI_TRUNK"] == trunk


# --- versions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_call_goes_on_in_the_version_it_began_whatever_is_published_meanwhile(restarted: bool) -> None:
    place = house("flow:f")
    first = flow_of(
        node("set", {"next": "a"}, variables={"order": "88"}), "f",
        a=to_agent("1001", {"otherwise": "old"}), old=node("play", {"next": "again"}, prompts=["old"]),
        again=node("to_flow", flow="g"),
    )  # fmt: skip
    place.publish(first, flow_of(TO_QUEUE, "g"))
    caller = await place.enters()
    call = place.follows(caller)
    place.publish(flow_of(node("play", {"next": "end"}, prompts=["new"])))
    if restarted:
        place.restart()
    caller = await place.again(caller, call.sent_to)
    assert place.heard == ["[zh] old"]
    assert [(step.flow, step.version) for step in call.journey.path][-1] == ("g", 1)
    assert call.journey.data["order"] == "88"


async def test_what_nobody_may_see_is_still_known_when_a_flow_goes_on() -> None:
    place = house("flow:f")
    pin = node(
        "collect", {"done": "a", "timeout": "a", "invalid": "a"}, variable="pin", prompts=["pin"], length=4, masked=True
    )
    same = node("test", {"yes": "good", "no": "bad"}, value="${pin}", to="1234")
    place.publish(
        flow_of(pin, a=to_agent("1001", {"otherwise": "same"}), same=same, good=TO_QUEUE, bad=node("hang_up"))
    )  # fmt: skip
    caller = await place.enters("1234")
    call = place.follows(caller)
    assert call.journey.data["pin"] == "****"
    caller = await place.again(caller, call.sent_to)
    assert caller.variables["CTI_NEXT"] == "queue"


# --- language --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "heard"),
    [("voicemail:main", "[en] voicemail"), ("callback", "[en] callback-offer"), ("flow:closed", "[en] closed")],
)
async def test_who_has_chosen_a_language_is_spoken_to_in_it_after_the_queue_too(target: str, heard: str) -> None:
    place = house("flow:f")
    closed = flow_of(node("play", {"next": "end"}, prompts=["closed"]), "closed")
    place.publish(flow_of(node("set", {"next": "q"}, variables={"language": "en"}), q=TO_QUEUE), closed)
    caller = await place.enters()
    place.follows(caller)
    await place.again(caller, target)
    assert place.heard[0] == heard


async def test_a_survey_asks_in_the_language_of_the_call() -> None:
    place = house("flow:f")
    asked = node("survey", {"answered": "end", "unanswered": "end"}, survey="s", question="q", prompts=["rate"],
                 answers={"1": "good"})  # fmt: skip
    place.publish(flow_of(node("set", {"next": "q"}, variables={"language": "en"}), q=TO_QUEUE), flow_of(asked, "s"))
    place.world.ready("1001")
    caller = await place.enters()
    call = place.follows(caller)
    place.world.answers(call.id)
    await place.after(caller, "s", "1")
    assert place.heard == ["[en] rate"]
    assert call.journey.survey is not None
    assert call.journey.survey.score == 1


# --- incidents -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "leaves", "told"),
    [
        (["!1"], None, [("i", True)]),
        (["", ""], None, [("i", False)]),
        (["!hangup"], None, [("i", False)]),
        (["hangup"], None, [("i", False)]),
        ([], 0, []),  # gone before anything was said
    ],
)
async def test_callers_who_heard_of_an_incident_are_counted_also_those_who_hang_up_on_it(
    events: list[str], leaves: int | None, told: list[tuple[str, bool]]
) -> None:
    place = house()
    place.known_incidents = [Incident(id="i", title="断网", prompt="incident", offer=True)]
    await place.enters(*events, leaves=leaves)
    assert place.told == told


# --- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "said", "messages", "result"),
    [
        (["1"], ["[zh] voicemail", "[zh] voicemail-saved"], 1, Result.VOICEMAIL),
        ([""], ["[zh] voicemail", "[zh] voicemail-empty"], 0, Result.OVERFLOWED),
        (["hangup"], ["[zh] voicemail"], 1, Result.VOICEMAIL),
        (["!hangup"], ["[zh] voicemail"], 0, Result.OVERFLOWED),
    ],
)
async def test_only_a_message_that_is_kept_is_said_to_be(
    events: list[str], said: list[str], messages: int, result: Result
) -> None:
    place = house(
        queues=(QueueSettings(name=QueueName("sales"), max_wait_seconds=5, max_wait_target="voicemail:main"),)
    )
    caller = await place.enters()
    place.follows(caller)
    place.world.passes(5)
    await place.again(caller, "voicemail:main", *events)
    assert place.heard == said
    assert [box for box, _ in place.messages] == ["main"] * messages
    assert len(place.dropped) == (events == [""]), "what is no message is not left lying about"
    assert place.hangs_up(caller).result is result


async def test_a_low_rank_of_a_flow_counts_and_that_of_a_vip_counts_more() -> None:
    place = house("flow:f")
    place.publish(flow_of(node("to_queue", queue="sales", priority=-10)))
    assert place.follows(await place.enters()).priority == -10
    place.decision = leads_to("flow:f", list="vip", priority=5)
    assert place.follows(await place.enters()).priority == 5


@pytest.mark.parametrize(("events", "kept"), [(["1"], True), ([""], False), (["hangup"], True)])
async def test_what_a_flow_records_is_a_message_or_is_gone(events: list[str], kept: bool) -> None:
    place = house("flow:f")
    place.publish(flow_of(node("record", {"done": "end", "empty": "end"}, prompts=["speak"], least=2, seconds=60)))
    await place.enters(*events)
    assert (len(place.messages), len(place.dropped)) == ((1, 0) if kept else (0, 1))
