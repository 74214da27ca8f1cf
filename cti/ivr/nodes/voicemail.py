"""On to a voicemail box, which has its own greeting."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.outcome import Voicemail
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("voicemail")
@dataclass(frozen=True, slots=True, kw_only=True)
class Box(Kind):
    box: str = setting(of.name_of("box"))

    async def act(self, talk: Talk) -> Voicemail:
        return Voicemail(box=self.box)
