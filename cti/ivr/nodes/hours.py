"""Go by the time of day: which period of a schedule is it?"""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("hours")
@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Kind):
    """The schedule names the exit: a period, or `open` and `closed`. What has no exit here leaves by `otherwise`."""

    exits = ("otherwise",)
    free = "names"

    schedule: str = setting(of.name_of("schedule"))

    async def act(self, talk: Talk) -> str:
        periods = talk.ports.hours(self.schedule, talk.ports.now())
        return next((one for one in periods if one in talk.node.exits), "otherwise")
