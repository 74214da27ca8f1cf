"""Collect digits into a variable."""

from collections.abc import Iterator
from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.flow import Node
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("collect")
@dataclass(frozen=True, slots=True, kw_only=True)
class Collect(Kind):
    """From `least` to `length` digits; `terminator` ends them sooner. `masked`: they are shown to nobody."""

    exits = ("done", "timeout", "invalid")
    typed = frozenset({"done", "invalid"})

    variable: str = setting(of.variable())
    prompts: tuple[str, ...] = setting(of.prompts(1))
    timeout_prompts: tuple[str, ...] = setting(of.prompts(), ())
    invalid_prompts: tuple[str, ...] = setting(of.prompts(), ())
    least: int = setting(of.whole(1, 32), 1)
    length: int = setting(of.whole(1, 32))
    terminator: str = setting(of.key(none=True), "#")
    seconds: float = setting(of.seconds(0.5, 60), 5.0)
    between: float = setting(of.seconds(0.5, 60), 3.0)
    tries: int = setting(of.whole(1, 10), 3)
    masked: bool = setting(of.flag(), False)
    clear: bool = setting(of.flag(), False)

    async def act(self, talk: Talk) -> str:
        talk.masked = self.masked
        if self.clear:
            talk.clear()
        way = "timeout"
        for left in reversed(range(self.tries)):
            await talk.play(self.prompts)
            before = len(talk.typed)
            digits = await talk.digits(
                self.length, first=self.seconds, between=self.between, terminator=self.terminator
            )
            if len(digits) >= self.least:
                talk.set(self.variable, digits, secret=self.masked)
                return "done"
            way = "invalid" if len(talk.typed) > before else "timeout"
            talk.clear()
            if left:
                await talk.play(self.invalid_prompts if way == "invalid" else self.timeout_prompts)
        return way

    def faults(self, node: Node) -> Iterator[str]:
        if self.least > self.length:
            yield f"least is {self.least}, more than length, {self.length}"
        if self.variable == "language":
            yield "digits are no language; set it in a node of type set"
