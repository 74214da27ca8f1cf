"""Offer to call back instead of waiting on the line."""

from contextlib import suppress
from dataclasses import dataclass

from cti.ids import QueueName
from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.line import HungUp
from cti.ivr.nodes.to_number import DIALLABLE
from cti.ivr.outcome import Callback
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("callback")
@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Kind):
    """The `key` accepts and any other declines, as do silence and a number that cannot be called."""

    exits = ("declined",)

    queue: str = setting(of.name_of("queue"))
    prompts: tuple[str, ...] = setting(of.prompts(1))
    accepted_prompts: tuple[str, ...] = setting(of.prompts(), ())
    number: str = setting(of.text(64), "${caller}")
    key: str = setting(of.key(), "1")
    priority: int = setting(of.whole(-100, 100), 0)
    seconds: float = setting(of.seconds(0.5, 60), 5.0)
    tries: int = setting(of.whole(1, 10), 2)

    async def act(self, talk: Talk) -> str | Callback:
        number = talk.fill(self.number).strip()
        if not DIALLABLE.fullmatch(number) or not talk.ports.may_call(number):
            return "declined"
        for _ in range(self.tries):
            await talk.play(self.prompts)
            digit = await talk.digit(self.seconds)
            if digit == self.key:
                with suppress(HungUp):  # what was promised holds, also for those who do not hear us out
                    await talk.play(self.accepted_prompts, barge_in=False)
                return Callback(queue=QueueName(self.queue), number=number, priority=self.priority)
            if digit:
                break
        return "declined"
