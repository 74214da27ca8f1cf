"""What is asked over a session: exactly the bytes, one outcome, within the deadline, and never twice."""

import asyncio
import logging

import pytest

from adapters.asterisk import asks
from adapters.asterisk.encode import Action
from adapters.asterisk.failures import BadValue, LinkFailure, Lost, NotSent, Rejected, SentUnknown, TooMuch
from tests.adapters.asterisk.ami_server import AmiServer, Asked
from tests.adapters.asterisk.rig import CALM, session_on
from tests.adapters.asterisk.waiting import Ears, turns

REDIRECT = Action("Redirect", [("Channel", "PJSIP/cti-trunk-00000001"), ("Context", "cti-deliver")])


async def test_an_answer_comes_back_to_its_asker() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Getvar"] = lambda asked: asked.success(f"Value: {asked.headers['Variable']}!\r\n")

        replies = await asyncio.gather(*(session.ask(Action("Getvar", [("Variable", f"v{n}")]), 5) for n in range(50)))

        assert [reply["Value"] for reply in replies] == [f"v{n}!" for n in range(50)]
        assert session.open_asks == 0


async def test_answers_may_come_in_any_order() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Getvar"] = lambda _asked: b""
        asking = [asyncio.create_task(session.ask(Action("Getvar", [("Variable", str(n))]), 5)) for n in range(3)]
        peer = await server.logged_in()
        await server.until(lambda: len(peer.named("Getvar")) == 3)
        for asked in reversed(peer.named("Getvar")):
            peer.send(asked.success(f"Value: {asked.headers['Variable']}\r\n"))

        assert [(await task)["Value"] for task in asking] == ["0", "1", "2"]


async def test_an_error_is_a_rejection_with_asterisks_words() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Redirect"] = lambda asked: asked.error("Channel does not exist: x")

        with pytest.raises(Rejected, match="Channel does not exist: x") as caught:
            await session.ask(REDIRECT, 5)

        assert caught.value.code == "ami_rejected"
        assert not caught.value.maybe_done


async def test_no_answer_by_the_deadline_is_a_typed_failure_and_leaves_nothing_behind() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Redirect"] = lambda _asked: b""
        outcomes = await asyncio.gather(*(session.ask(REDIRECT, 0.02) for _ in range(50)), return_exceptions=True)

        assert all(isinstance(outcome, SentUnknown) and outcome.maybe_done for outcome in outcomes)
        assert session.open_asks == 0
        peer = await server.logged_in()
        for asked in peer.named("Redirect"):
            peer.send(asked.success())
        await session.ask(Action("Getvar"), 5)
        assert session._asks.late == 50
        assert session.up


async def test_an_asker_who_leaves_leaves_nothing_behind() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Redirect"] = lambda _asked: b""
        asking = asyncio.create_task(session.ask(REDIRECT, 5))
        await server.until(lambda: server.named("Redirect"))
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

        assert session.open_asks == 0


async def test_play_dtmf_and_originate_without_async_are_plain_answers() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        words = {
            "PlayDTMF": "DTMF successfully queued",
            "Originate": "Originate successfully queued",
            "QueueAdd": "Added interface to queue",
        }
        for name in words:
            server.answers[name] = lambda asked: asked.success(message=words[asked.name])
            assert (await session.ask(Action(name), 5))["Message"] == words[name]
        assert session.up


# lists


def three_channels(asked: Asked) -> bytes:
    start = asked.success("EventList: start\r\n", "Channel status will follow")
    items = b"".join(asked.item("Status", f"Channel: c{n}\r\nVariable: CTI_CALLID={n}\r\n") for n in range(3))
    return start + items + asked.complete("StatusComplete", 3)


async def test_a_list_is_gathered_to_its_end() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Status"] = three_channels

        items = await session.ask_list(Action("Status"), 5)

        assert [item["Channel"] for item in items] == ["c0", "c1", "c2"]
        assert session._asks.lists == session.open_asks == 0
        assert ears.events == []  # items are the asker's, not news


async def test_two_lists_at_once_are_kept_apart() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        held: list[Asked] = []

        def begin(asked: Asked) -> bytes:
            held.append(asked)
            return asked.success("EventList: start\r\n")

        server.answers["DBGetTree"] = begin
        first = asyncio.create_task(session.ask_list(Action("DBGetTree", [("Family", "a")]), 5))
        second = asyncio.create_task(session.ask_list(Action("DBGetTree", [("Family", "b")]), 5))
        await server.until(lambda: len(held) == 2)
        peer = await server.logged_in()
        for n in range(2):
            for asked in held:
                peer.send(asked.item("DBGetTreeResponse", f"Key: /{asked.headers['Family']}/{n}\r\n"))
        for asked in held:
            peer.send(asked.complete("DBGetTreeComplete", 2))

        assert [item["Key"] for item in await first] == ["/a/0", "/a/1"]
        assert [item["Key"] for item in await second] == ["/b/0", "/b/1"]


async def test_a_list_that_is_refused_ends_at_once() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["QueueStatus"] = lambda asked: asked.error("Permission denied")

        with pytest.raises(Rejected, match="Permission denied"):
            await session.ask_list(Action("QueueStatus"), 3600)


async def test_a_list_cut_off_in_the_middle_ends_with_the_link() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Status"] = lambda asked: three_channels(asked).rpartition(b"Event: StatusComplete")[0]
        asking = asyncio.create_task(session.ask_list(Action("Status"), 3600))
        await server.until(lambda: server.named("Status"))
        (await server.logged_in()).cut()

        with pytest.raises(Lost) as caught:
            await asking
        assert caught.value.maybe_done


async def test_a_list_without_end_is_cut_at_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asks, "MOST_ITEMS", 1000)
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Status"] = lambda asked: asked.success() + asked.item("Status", "Channel: c\r\n") * 3000

        with pytest.raises(TooMuch):
            await session.ask_list(Action("Status"), 3600)
        assert await session.ask(Action("Getvar"), 5)
        assert session.open_asks == 0


# nothing twice


async def test_nothing_is_sent_again_after_a_reconnect() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Originate"] = lambda _asked: b""
        asking = asyncio.create_task(session.ask(Action("Originate", [("Exten", "13800138000")]), 3600))
        session.send_nowait(Action("Originate", [("Exten", "10086")]), ears.outcome, deadline=3600)
        await server.until(lambda: len(server.named("Originate")) == 2)
        (await server.logged_in()).reset()

        with pytest.raises(Lost):
            await asking
        assert isinstance(ears.outcomes[0], Lost)
        await ears.bell.until(lambda: ears.ups == 2)
        (await server.logged_in()).event("FullyBooted", ("Status", "Fully Booted"))
        await session.ask(Action("Getvar"), 5)

        assert len(server.named("Originate")) == 2
        assert session.open_asks == 0


async def test_what_is_asked_while_down_is_refused_at_once_and_never_sent() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        await server.shut()
        await ears.bell.until(lambda: ears.downs)
        with pytest.raises(NotSent) as caught:
            await session.ask(REDIRECT, 3600)
        assert not caught.value.maybe_done
        with pytest.raises(NotSent):
            await session.ask_list(Action("Status"), 3600)
        session.send_nowait(REDIRECT, ears.outcome)
        assert ears.outcomes == []  # not before send_nowait has returned
        await ears.bell.until(lambda: ears.outcomes)
        assert isinstance(ears.outcomes[0], NotSent)

        await server.open()
        await ears.bell.until(lambda: ears.ups == 2)
        await session.ask(Action("Getvar"), 5)
        assert server.named("Redirect") == server.named("Status") == []


async def test_before_the_login_nothing_can_be_sent() -> None:
    ears = Ears()
    async with AmiServer() as server:
        server.answers["Login"] = lambda _asked: b""
        async with session_on(server, ears, wait=False) as session:
            await server.until(lambda: server.named("Login"))
            with pytest.raises(NotSent):
                await session.ask(REDIRECT, 5)


# sending without waiting


async def test_sending_without_waiting_tells_the_outcome_once() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Redirect"] = lambda asked: asked.error("no")
        session.send_nowait(Action("Setvar", [("Variable", "CTI_HB"), ("Value", "1")]), ears.outcome)
        session.send_nowait(REDIRECT, ears.outcome)
        await ears.bell.until(lambda: len(ears.outcomes) == 2)

        assert not isinstance(ears.outcomes[0], LinkFailure)
        assert isinstance(ears.outcomes[1], Rejected)


async def test_sending_without_waiting_is_on_the_wire_before_it_returns() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        for n in range(100):
            session.send_nowait(Action("Setvar", [("Variable", "CTI_HB"), ("Value", str(n))]))
        transport = session._connection._protocol._transport  # type: ignore[union-attr]
        assert transport.get_write_buffer_size() == 0  # type: ignore[union-attr]
        await server.until(lambda: len(server.named("Setvar")) == 100)

        assert [asked.headers["Value"] for asked in server.named("Setvar")] == [str(n) for n in range(100)]


async def test_a_bad_value_is_refused_to_the_sender_up_or_down() -> None:
    ears = Ears()
    evil = Action("Setvar", [("Value", "v\r\n\r\nAction: Originate\r\nChannel: PJSIP/x")])
    async with AmiServer() as server, session_on(server, ears) as session:
        with pytest.raises(BadValue):
            session.send_nowait(evil, ears.outcome)
        with pytest.raises(BadValue):
            await session.ask(evil, 5)
        await session.ask(Action("Getvar"), 5)
        assert [asked.name for asked in server.peers[0].asked] == ["Challenge", "Login", "Getvar"]
        session.close()
        with pytest.raises(BadValue):
            session.send_nowait(evil, ears.outcome)
        assert ears.outcomes == []


async def test_a_failing_callback_costs_nothing_but_a_log_line(caplog: pytest.LogCaptureFixture) -> None:
    def stumble(_outcome: object) -> None:
        raise ValueError("a bug")

    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        with caplog.at_level(logging.ERROR):
            session.send_nowait(REDIRECT, stumble)
            assert await session.ask(Action("Getvar"), 5)
        assert session.up
        assert "failed on the outcome" in caplog.text


async def test_closing_ends_every_open_question_at_once() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears) as session:
        server.answers["Redirect"] = lambda _asked: b""
        asking = asyncio.create_task(session.ask(REDIRECT, 3600))
        await server.until(lambda: server.named("Redirect"))
        session.close()
        with pytest.raises(Lost):
            await asking


async def test_a_peer_that_does_not_read_is_taken_for_lost() -> None:
    ears = Ears()
    async with AmiServer() as server, session_on(server, ears, pace=CALM) as session:
        peer = await server.logged_in()
        peer.transport.pause_reading()
        sent = 0
        action = Action("Setvar", [("Variable", "CTI_HB"), ("Value", "x" * 900)])
        while session.up and sent < 100_000:
            session.send_nowait(action, lambda _outcome: None)
            sent += 1

        assert sent < 100_000
        assert ears.downs == ["backpressure"]
        assert session.open_asks == 0
        await turns()


async def test_no_log_line_shows_a_secret_or_a_value(caplog: pytest.LogCaptureFixture) -> None:
    ears = Ears()
    with caplog.at_level(logging.DEBUG):
        async with AmiServer() as server, session_on(server, ears) as session:
            server.answers["Setvar"] = lambda asked: asked.error("No")
            session.send_nowait(Action("Setvar", [("Value", "13800138000")]))
            with pytest.raises(Rejected):
                await session.ask(Action("Setvar", [("Value", "13800138000")]), 5)
            (await server.logged_in()).cut()
            await ears.bell.until(lambda: ears.ups == 2)
    text = caplog.text + repr(session._login)

    assert caplog.records
    assert "13800138000" not in text
    assert "move-it" not in text
