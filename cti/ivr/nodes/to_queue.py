"""On to a queue 技能组, with what the caller needs and how much it presses."""

from collections.abc import Mapping
from dataclasses import dataclass

from cti.ids import QueueName
from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.outcome import ToQueue
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("to_queue")
@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Kind):
    """`skills`: name -> least level of 1 to 10. Of `priority` and a caller's own (VIP) the larger counts."""

    queue: str = setting(of.name_of("queue"))
    skills: Mapping[str, int] = setting(of.mapping(of.name_of("skill"), of.whole(1, 10), "levels"), {})
    priority: int = setting(of.whole(-100, 100), 0)

    async def act(self, talk: Talk) -> ToQueue:
        return ToQueue(queue=QueueName(self.queue), skills=dict(self.skills), priority=self.priority)
