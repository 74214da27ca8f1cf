"""Every question that may be asked of voicemail, incidents, prompts and recordings, once each."""

from __future__ import annotations

from typing import Any

from adapters.store.voicemails import Message
from cti.ids import AgentNo, CallId, Instant
from cti.recording.kept import Wanted
from cti.recording.policy import RecordingRules
from tests.adapters.store.story import DEMO, NOON
from tests.adapters.store.test_prompts import a_version
from tests.adapters.store.test_recordings import sound


def a_message(name: str = "m1") -> Message:
    return Message(
        id=name,
        call=CallId("call-1"),
        box="main",
        number="+8613800001234",
        name="张伟明",
        left_at=NOON,
        seconds=3.5,
        file=name,
    )


async def use_voicemail(voicemails: Any) -> None:
    await voicemails.add(DEMO, a_message())
    await voicemails.add(DEMO, a_message("m2"))
    first = await voicemails.list(DEMO, state="new", agents=[AgentNo("1001")], search="138", limit=1)
    await voicemails.list(DEMO, cursor=first.next)
    await voicemails.get(DEMO, "m1")
    await voicemails.change(DEMO, "m1", state="assigned", agent=AgentNo("1001"), note="")
    await voicemails.of_numbers(DEMO, {"+8613800001234"})
    await voicemails.forget(DEMO, ["m1", "m2"])


async def use_incidents(incidents: Any) -> None:
    known = await incidents.begin(DEMO, title="断网", prompt="incident", prefixes=["138"], offer=True)
    one = known.incident.id
    await incidents.version()
    await incidents.active()
    await incidents.list(DEMO)
    await incidents.get(DEMO, one)
    await incidents.heard(DEMO, one, CallId("call-1"), "+8613800001234", True)
    await incidents.callers(DEMO, one, wanting=True)
    await incidents.told(DEMO, one, CallId("call-1"))
    await incidents.end(DEMO, one)


async def use_prompts(prompts: Any) -> None:
    await prompts.has(DEMO, "welcome")
    await prompts.create(DEMO, "welcome", "p1", "欢迎", a_version(1))
    await prompts.next_version(DEMO, "welcome")
    await prompts.add(DEMO, "welcome", "p1", a_version(2))
    await prompts.rename(DEMO, "welcome", "您好")
    await prompts.version()
    await prompts.everything()
    await prompts.versions(DEMO, "welcome")
    await prompts.delete(DEMO, "welcome")


async def use_recordings(recordings: Any) -> None:
    one = await recordings.keep(sound(1))
    await recordings.has(DEMO, "call-1-7")
    await recordings.keep(sound(2))
    first = await recordings.list(DEMO, Wanted(agents=[AgentNo("1001")]), limit=1)
    await recordings.list(DEMO, cursor=first.next)
    await recordings.one(DEMO, one)
    await recordings.of_calls(DEMO, [CallId("call-1")], [AgentNo("1001")])
    await recordings.ended([CallId("call-1")])
    await recordings.of_number(DEMO, "+8613800001234")
    await recordings.older_than(DEMO, Instant(NOON))
    await recordings.forget(DEMO, [one])
    await recordings.leaving()
    await recordings.gone(DEMO, one)
    await recordings.rules()
    await recordings.set_rules(DEMO, RecordingRules())
