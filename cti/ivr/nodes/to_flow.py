"""On to the start of another flow; variables and what was typed ahead go along."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Jump, Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("to_flow")
@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Kind):
    """`otherwise` is for the day when that flow is not published."""

    optional = {"otherwise": ""}

    flow: str = setting(of.name_of("flow"))

    async def act(self, talk: Talk) -> Jump:
        return Jump(self.flow)
