"""Let the caller leave a message with the flow; it goes on afterwards."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("record")
@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Kind):
    """The name of the message is kept in `variable`. `silence` or the key `stop_at` ends it; what is shorter than
    `least` is no message."""

    exits = ("done", "empty")

    variable: str = setting(of.variable(), "message")
    prompts: tuple[str, ...] = setting(of.prompts(1))
    seconds: float = setting(of.seconds(1, 600), 120.0)
    silence: float = setting(of.seconds(0, 30), 4.0)
    least: float = setting(of.seconds(0, 60), 1.0)
    stop_at: str = setting(of.key(none=True), "#")

    async def act(self, talk: Talk) -> str:
        talk.clear()
        await talk.play(self.prompts)
        talk.clear()
        message = await talk.record(seconds=self.seconds, stop_at=self.stop_at, silence=self.silence, least=self.least)
        if message not in talk.messages:
            return "empty"
        talk.set(self.variable, message.name)
        return "done"
