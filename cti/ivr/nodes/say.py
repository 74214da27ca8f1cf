"""Say a value in the caller's language: a number, digits, money, a date."""

from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk
from cti.speech import KINDS


@node_type("say")
@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Kind):
    """`before` and `after` are spoken in one breath with it. What cannot be said leaves by `invalid`."""

    exits = ("next",)
    optional = {"invalid": "next"}

    kind: str = setting(of.one_of(*KINDS))
    value: str = setting(of.text())
    before: tuple[str, ...] = setting(of.prompts(), ())
    after: tuple[str, ...] = setting(of.prompts(), ())
    barge_in: bool = setting(of.flag(), True)

    async def act(self, talk: Talk) -> str:
        try:
            words = talk.words(self.kind, talk.fill(self.value).strip())
        except ValueError:
            return "invalid"
        await talk.play((*self.before, *words, *self.after), barge_in=self.barge_in)
        return "next"
