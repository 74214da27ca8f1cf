"""Say goodbye and hang up."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.outcome import HangUp
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("hang_up")
@dataclass(frozen=True, slots=True, kw_only=True)
class End(Kind):
    prompts: tuple[str, ...] = setting(of.prompts(), ())
    cause: str = setting(of.one_of("normal", "busy", "rejected"), "normal")

    async def act(self, talk: Talk) -> HangUp:
        await talk.play(self.prompts, barge_in=False)
        return HangUp(cause=self.cause)
