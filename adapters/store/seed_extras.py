"""The demonstration: queues with a survey, comfort, skills and memory, one that calls back; an incident, recorded
numbers, special days; each made once."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from adapters.store import meta
from adapters.store.database import Database
from adapters.store.directory import DirectoryStore
from adapters.store.entry import EntryStore
from adapters.store.incidents import Incidents
from adapters.store.lists import Lists
from adapters.store.recordings import Recordings
from adapters.store.seed import DEMO
from adapters.store.skills import Skill, Skills
from cti.entry.decide import EntryPoint
from cti.entry.entries import ListEntry
from cti.entry.shapes import schedule_of
from cti.errors import BadRequest, Conflict, NotFound
from cti.ids import AgentNo, QueueName
from cti.recording.policy import RecordingRules
from cti.records import QueueSettings
from cti.targets import ENDS, ENTRIES, target

_SEEDED: Final = "seeded:extras"
_BY: Final = "cti lab seed"

OVERFLOW: Final = QueueSettings(
    name=QueueName("overflow-demo"), title="回电演示", no_agents="ready", no_agents_target="callback"
)
"""People alone serve it: with nobody at work the caller is offered to be called back."""
INCIDENT_AREA: Final = "0571"
"""None of the demonstration's own callers are from there."""
QUEUES: Final = (
    OVERFLOW,
    QueueSettings(name=QueueName("survey-demo"), title="满意度演示", strategy="longest_idle", survey="survey"),
    QueueSettings(
        name=QueueName("comfort-demo"),
        title="排队提示演示",
        announce_position=True,
        announce_ewt=True,
        announce_every_seconds=45,
        comfort_prompts=("comfort", "comfort-2"),
        comfort_every_seconds=20,
        agent_announcement="number",
        whisper="support",
        age_seconds_per_priority=60,
        max_wait_seconds=180,
        max_wait_target="voicemail:main",
        max_length=20,
        max_length_target="queue:sales",
    ),
    QueueSettings(
        name=QueueName("skills-demo"), title="技能路由演示", strategy="skills", relax_after_seconds=20, relax_levels=2
    ),
    QueueSettings(name=QueueName("sticky-demo"), title="熟客演示", strategy="sticky"),
)
ENGLISH: Final[Mapping[str, int]] = {"1001": 8, "1002": 6, "1003": 3}

SPECIAL: Final[Mapping[str, Any]] = {
    "name": "special-demo",
    "title": "特殊日演示",
    "calendar": "china",
    "hours": [
        {"days": ["workday"], "from": "09:00", "to": "18:00", "target": "queue:support"},
        {"days": ["daily"], "from": "22:00", "to": "02:00", "target": "flow:closed", "name": "night", "open": False},
    ],
    "special_days": [
        {"date": "2026-12-31", "from": "12:00", "to": "18:00", "target": "message:closed", "title": "年会"},
        {"date": "2027-01-01", "target": "agent:1001", "title": "元旦值班"},
    ],
    "otherwise": "flow:closed",
}

NUMBERS: Final = (
    ("4019", "满意度评价", "queue:survey-demo"),
    ("4020", "突发事件（0571 开头的来电）", "flow:main"),
    ("4021", "无人则回电", "queue:overflow-demo"),
    ("4022", "排队提示、超时留言", "queue:comfort-demo"),
    ("4023", "流程：按语言的技能", "flow:language-demo"),
    ("4024", "熟客", "queue:sticky-demo"),
    ("4025", "全程录音", "queue:sales"),
    ("4026", "按需录音", "queue:sales"),
    ("4027", "特殊日", "schedule:special-demo"),
)
RULES: Final = RecordingRules(numbers={"4025": "always", "4026": "on_demand"}, announcement="recording-notice")
FORWARDED: Final = ListEntry(
    kind="deny",
    number="13700000407",
    name="推销",
    reason="演示：转分机",
    target=target("extension:1900", ENDS),
    added_by=_BY,
)


async def seed_extras(database: Database, robots: Collection[str] = ()) -> None:
    """Make what was never made; the tenant, its queues, agents and calendar are there."""
    entry = EntryStore(database)
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "skill english": lambda: _skill(database),
        "schedule special-demo": lambda: entry.put_schedule(DEMO, schedule_of(SPECIAL), new=True),
        "recording rules": lambda: _rules(database),
        f"incident {INCIDENT_AREA}": lambda: Incidents(database).begin(
            DEMO, title="演示：杭州断网", prompt="incident", prefixes=(INCIDENT_AREA,), offer=True
        ),
        "deny forwarded": lambda: Lists(database).put_many(DEMO, [FORWARDED]),
    }
    for queue in QUEUES:
        steps[f"queue {queue.name}"] = _queue(database, queue, robots if queue is OVERFLOW else ())
    for number, title, leads in NUMBERS:
        point = EntryPoint(number=number, title=title, entry=target(leads, ENTRIES), options={"safe_queue": "sales"})
        steps[f"number {number}"] = _number(entry, point)
    async with database.reading() as connection:
        done = set(json.loads(await meta.read(connection, _SEEDED) or "[]"))
    for name, make in steps.items():
        if name not in done:
            try:
                await make()
            except (Conflict, BadRequest, NotFound):
                pass  # somebody made one of that name, or has removed what it leads to
    async with database.writing() as connection:
        await meta.write(connection, _SEEDED, json.dumps(sorted(done | steps.keys())))


async def _skill(database: Database) -> None:
    await Skills(database).put(DEMO, Skill(name="english", title="英语"))
    directory = DirectoryStore(database)
    for agent in (await directory.read(DEMO)).agents:
        level = ENGLISH.get(agent.agent_no)
        if level is not None:
            await directory.update_agent(DEMO, agent.agent_no, skills={**agent.skills, "english": level})


async def _rules(database: Database) -> None:
    """Whoever has rules already keeps them."""
    store = Recordings(database)
    if (await store.rules()).get(DEMO) in (None, RecordingRules()):
        await store.set_rules(DEMO, RULES)


def _queue(database: Database, settings: QueueSettings, but: Collection[str]) -> Callable[[], Awaitable[object]]:
    async def make() -> None:
        """Whoever serves sales serves it too, but for these."""
        directory = DirectoryStore(database)
        await directory.create_queue(DEMO, settings)
        people = (await directory.read(DEMO)).agents
        members: list[AgentNo] = [one.agent_no for one in people if "sales" in one.queues and one.agent_no not in but]
        await directory.set_members(DEMO, settings.name, members)

    return make


def _number(store: EntryStore, point: EntryPoint) -> Callable[[], Awaitable[object]]:
    return lambda: store.put_number(DEMO, point, new=True)
