"""Ways in which people try to have calls dialled that somebody else pays for; every way to dial is tried with each."""

from __future__ import annotations

from typing import Final

ABROAD: Final = (
    "+12025550123",
    "0012025550123",
    "00 1 202 555 0123",
    "011 1 202 555 0123",
    "0011442071838750",
    "+882161234567",  # satellite
    "+870773111632",
    "+2521234567",
    "+860012025550123",  # abroad behind the country code of home
    "00860012025550123",
    "+86+12025550123",
    "++12025550123",
    "179510012025550123",  # behind a carrier's prefix
)
PREMIUM: Final = ("16812345", "+8616812345", "008616812345", "12112345", "128123456")
DISGUISED: Final = (
    "００１２０２５５５０１２３",
    "１３９００００１１１１",
    "٠٠١٢٠٢٥٥٥٠١٢٣",
    "\u202e3210555202100",
    "\u200f13900001111",
    "139\u200b00001111",
    "1390000\u00ad1111",
    "%2B12025550123",
    "+1-202-555-0123",
    "(001) 202 555 0123",
    "1" * 30,
    "1",
    "+",
    "0000",
    "1.39e10",
)
MORE_THAN_A_NUMBER: Final = (
    "13900001111&PJSIP/0012025550123@cti-trunk",
    "13900001111&0012025550123",
    "13900001111,30,tT",
    "13900001111/n",
    "13900001111@evil.example",
    "13900001111;phone-context=+1",
    "13900001111|60",
    "13900001111_13900002222",
    "${SHELL(id)}",
    "${CTI_NUMBER}",
    "Local/0012025550123@cti-out/n",
    "PJSIP/0012025550123@cti-trunk",
    "SIP/x/0012025550123",
    "sip:0012025550123@127.0.0.1",
    "tel:+12025550123",
    "13900001111w1234",
    "13900001111p0012025550123",
    "13900001111^0012025550123",
    '13900001111"<0012025550123>',
    "13900001111\r\nAction: Originate",
    "13900001111\nVariable: CTI_NUMBER=0012025550123",
    "13900001111\x00",
)
CODES: Final = ("*69", "*72#0012025550123", "#31#13900001111", "**21*0012025550123#", "*0012025550123", "112#")
OURS: Final = ("4000", "1002", "1002-web")
"""Numbers of the house are no numbers of the outside world."""

ATTEMPTS: Final = (*ABROAD, *PREMIUM, *DISGUISED, *MORE_THAN_A_NUMBER, *CODES, *OURS, "")
