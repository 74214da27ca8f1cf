"""What is wrong with a flow: each problem names its node, has a stable code and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cti.errors import BadRequest


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`node` is empty when the flow as a whole is meant."""

    node: str
    code: str
    message: str


class BadFlow(BadRequest):
    """A flow that cannot be read, or may not be published."""

    code = "flow_broken"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        where = f"node {first.node}: " if first.node else ""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{where}{first.message}{more}")
        self.problems = tuple(problems)
