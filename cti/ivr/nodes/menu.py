"""Offer doors, each behind a key."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("menu")
@dataclass(frozen=True, slots=True, kw_only=True)
class Menu(Kind):
    """Each key that is an exit is a door. After `tries` the silent leave by `timeout`, the mistaken by `invalid`."""

    exits = ("timeout", "invalid")
    free = "keys"
    typed = frozenset({"invalid"})

    prompts: tuple[str, ...] = setting(of.prompts(1))
    timeout_prompts: tuple[str, ...] = setting(of.prompts(), ())
    invalid_prompts: tuple[str, ...] = setting(of.prompts(), ())
    seconds: float = setting(of.seconds(0.5, 60), 5.0)
    tries: int = setting(of.whole(1, 10), 3)
    clear: bool = setting(of.flag(), False)

    async def act(self, talk: Talk) -> str:
        if self.clear:
            talk.clear()
        for left in reversed(range(self.tries)):
            await talk.play(self.prompts)
            digit = await talk.digit(self.seconds)
            if digit and digit in talk.node.exits:
                return digit
            talk.clear()
            if left:
                await talk.play(self.invalid_prompts if digit else self.timeout_prompts)
        return "invalid" if digit else "timeout"
