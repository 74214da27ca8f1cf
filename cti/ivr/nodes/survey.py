"""Ask one question of a satisfaction survey 满意度. Several in a row are a survey; each answer counts at once."""

from collections.abc import Mapping
from dataclasses import dataclass

from cti.ivr import settings as of
from cti.ivr.kind import Kind, node_type
from cti.ivr.settings import setting
from cti.ivr.talk import Talk


@node_type("survey")
@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(Kind):
    """`answers`: key -> what it means. Answers of one `survey` are counted together, by `question`."""

    exits = ("answered", "unanswered")
    typed = frozenset({"answered"})

    survey: str = setting(of.name_of("survey"))
    question: str = setting(of.name_of("question"))
    prompts: tuple[str, ...] = setting(of.prompts(1))
    answers: Mapping[str, str] = setting(of.mapping(of.key(), of.text(100), "answers", least=1))
    invalid_prompts: tuple[str, ...] = setting(of.prompts(), ())
    seconds: float = setting(of.seconds(0.5, 60), 5.0)
    tries: int = setting(of.whole(1, 10), 2)

    async def act(self, talk: Talk) -> str:
        for left in reversed(range(self.tries)):
            await talk.play(self.prompts)
            digit = await talk.digit(self.seconds)
            if digit in self.answers:
                talk.answer(self.survey, self.question, digit, self.answers[digit])
                return "answered"
            talk.clear()
            if digit and left:
                await talk.play(self.invalid_prompts)
        return "unanswered"
