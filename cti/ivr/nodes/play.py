"""Play one or more prompts."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("play")
@dataclass(frozen=True, slots=True, kw_only=True)
class Play(Kind):
    """Without `barge_in` it is heard to its end, and digits typed meanwhile are lost. `clear` forgets earlier ones."""

    exits = ("next",)

    prompts: tuple[str, ...] = setting(of.prompts(1))
    barge_in: bool = setting(of.flag(), True)
    clear: bool = setting(of.flag(), False)

    async def act(self, talk: Talk) -> str:
        if self.clear:
            talk.clear()
        await talk.play(self.prompts, barge_in=self.barge_in)
        return "next"
