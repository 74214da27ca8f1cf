"""Who works and who calls in the demonstration. It declines to know how any of them is connected."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a phone in the lab."""

    agent_no: str
    name: str


AGENTS: Final = (
    Person("1001", "陈晓燕"),
    Person("1002", "李志强"),
    Person("1003", "王雪"),
    Person("1004", "赵建国"),
    Person("1005", "孙丽"),
    Person("1006", "周敏"),
)
SUPERVISOR: Final = Person("1900", "吴班长")
ROBOTS: Final = (
    Person("1101", "机器人一号"),
    Person("1102", "机器人二号"),
    Person("1103", "机器人三号"),
    Person("1104", "机器人四号"),
    Person("1105", "机器人五号"),
    Person("1106", "机器人六号"),
)
BENCH_PHONES: Final = tuple(str(number) for number in range(2001, 2101))

# The numbers are made up: operators' prefixes followed by digits nobody has been given.
VIP_CALLERS: Final[tuple[tuple[str, str], ...]] = (
    ("13800000001", "欧阳娜娜"),
    ("13900000002", "慕容雪"),
    ("18600000003", "上官云飞"),
)
CALLERS: Final[tuple[tuple[str, str], ...]] = (
    ("13800001234", "张伟明"),
    ("13500002345", "刘洋"),
    ("15000003456", "黄秀英"),
    ("17700004567", "林志远"),
    ("18900005678", "何静"),
    ("13600006789", "郭明"),
    ("15900007890", "马晓东"),
    ("18800008901", "诸葛亮"),
    ("13100009012", "罗美玲"),
    ("02100000123", "梁先生"),
    ("19900000456", "宋婷婷"),
    ("13700000789", "唐龙"),
)
