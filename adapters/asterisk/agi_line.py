"""A call on FastAGI: the few things that can be said and asked on it. When the caller leaves, every method is HungUp.

It knows how a thing is said to Asterisk, not why. Values of our own variables travel percent-encoded, as everywhere.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Final
from urllib.parse import unquote

from adapters.asterisk import agi_wire
from adapters.asterisk.agi_peer import HANGUP, AgiPeer
from adapters.asterisk.agi_wire import AgiReply, Garbled
from adapters.asterisk.encode import decode_value, encode_value
from adapters.asterisk.failures import BadWord, HungUp, LineRefused

ANSWER_SECONDS: Final = 5.0
SAMPLES: Final = 8000  # a second, in the wav files of Asterisk
_OURS: Final = re.compile(r"(?:__)?CTI_[A-Z_]{1,24}")
_READABLE: Final = frozenset({"CALLERID(name)", "CALLERID(num)", "CHANNEL", "CHANNEL(language)", "CONTEXT", "EXTEN"})
_SOUND: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9_./-]{0,199}")
_DIGITS: Final = re.compile(r"[0-9*#]{0,12}")
_KEY: Final = re.compile(r"[1-9][0-9]{0,2}")
_PLAIN: Final = re.compile(r"[A-Za-z0-9 _./:-]{0,200}")
APPLICATIONS: Final = frozenset(
    {"Congestion", "Goto", "NoOp", "Playback", "Progress", "Ringing", "SayAlpha", "SayDigits", "SayNumber"}
    | {"StartMusicOnHold", "StopMusicOnHold", "Wait"}
)


class AgiLine:
    """One call. Ask one thing at a time."""

    def __init__(self, peer: AgiPeer, env: Mapping[str, str]) -> None:
        self._peer = peer
        self._asking = False
        self.env: Final = env
        """What Asterisk said of the call at the start: `agi_channel`, `agi_uniqueid`, `agi_network_script`, ..."""

    async def command(self, verb: str, *words: str, seconds: float = ANSWER_SECONDS) -> AgiReply:
        """Say one command and return its own reply; a caller who is gone, or no reply in `seconds`, is HungUp."""
        wire = agi_wire.command(verb, *words)
        if self._asking:
            raise RuntimeError("one question at a time on a line")
        self._asking = True
        try:
            self._peer.write(wire)
            reply = await self._reply(seconds)
        except BaseException:
            self._peer.end("a reply was not awaited")  # a later question would get the answer to this one
            raise
        finally:
            self._asking = False
        if reply.code == 511:
            self._peer.end("hung up")
            raise HungUp("the channel is dead")
        if reply.code != 200:
            raise LineRefused(f"{verb}: {reply.code}")
        return reply

    async def answer(self) -> None:
        """Take the call, if it is not taken yet."""
        self._alive(await self.command("ANSWER"))

    async def hangup(self) -> None:
        """End the call."""
        await self.command("HANGUP")

    async def get_variable(self, name: str) -> str:
        """Return a variable of ours, or one of the few others that may be read; empty if it is not set.

        Asterisk is asked for it URI-encoded: a caller's name may hold whatever breaks a reply in two.
        """
        ours = _OURS.fullmatch(name)
        if not ours and name not in _READABLE:
            raise BadWord("a variable that is not read")
        reply = await self.command("GET FULL VARIABLE", f"${{URIENCODE(${{{name}}})}}")
        value = unquote(reply.text)
        return decode_value(value) if ours else value

    async def set_variable(self, name: str, value: str) -> None:
        """Set a variable of ours; the dialplan reads it with URIDECODE where it holds more than letters and digits."""
        if not _OURS.fullmatch(name):
            raise BadWord("a variable that is not ours")
        await self.command("SET VARIABLE", name, encode_value(value))

    async def stream_file(self, sound: str | PurePath, stop_at: str = "", seconds: float = 300.0) -> str:
        """Play a sound to its end or until one of the digits `stop_at` is pressed; return that digit, or nothing.

        A text names a sound of Asterisk's own; a path is a file of ours, without its ending.
        """
        return self._digit(await self.command("STREAM FILE", _sound(sound), _digits(stop_at), seconds=seconds))

    async def record_file(
        self, file: PurePath, stop_at: str = "", seconds: float = 60.0, silence: float = 0.0
    ) -> tuple[str, float]:
        """Record into a wav file of ours; return the digit of `stop_at` that ended it, or nothing, and its seconds.

        `silence` of so many seconds ends it too, unless 0. A caller who hangs up leaves what was said until then.
        """
        words = (_sound(file), "wav", _digits(stop_at), str(round(seconds * 1000)))
        pause = (f"s={round(silence)}",) if silence else ()
        reply = await self.command("RECORD FILE", *words, *pause, seconds=seconds + ANSWER_SECONDS)
        length = (reply.endpos or 0) / SAMPLES
        try:
            self._alive(reply)
        except HungUp as gone:
            gone.recorded = length
            raise
        # Without a digit the result is the time that was left.
        return (self._digit(reply) if reply.text == "dtmf" else ""), length

    async def wait_for_digit(self, seconds: float) -> str:
        """Return the next digit pressed, or nothing when none comes in time."""
        reply = await self.command("WAIT FOR DIGIT", str(round(seconds * 1000)), seconds=seconds + ANSWER_SECONDS)
        return self._digit(reply)

    async def get_data(self, sound: str, seconds: float, most: int, play_seconds: float = 300.0) -> str:
        """Play a sound, gather up to `most` digits with at most `seconds` between them; return what was pressed."""
        words = (_sound(sound), str(round(seconds * 1000)), str(most))
        reply = await self.command("GET DATA", *words, seconds=play_seconds + seconds * (most + 1) + ANSWER_SECONDS)
        self._alive(reply)
        return reply.result

    async def exec_(self, application: str, *arguments: str, seconds: float = 300.0) -> None:
        """Run one of the few applications that flows may run."""
        if application not in APPLICATIONS or not all(_PLAIN.fullmatch(each) for each in arguments):
            raise BadWord("an application or argument that is not allowed")
        reply = await self.command("EXEC", application, ",".join(arguments), seconds=seconds)
        if reply.result == "-2":
            raise LineRefused(f"EXEC {application}: Asterisk does not have it")
        self._alive(reply)

    async def _reply(self, seconds: float) -> AgiReply:
        answer = agi_wire.Answer()
        try:
            async with asyncio.timeout(seconds):
                while True:
                    line = await self._peer.line()
                    if line == HANGUP:
                        raise HungUp("the caller has hung up")
                    if reply := answer.take(line):
                        return reply
        except (TimeoutError, Garbled) as fault:
            raise HungUp(str(fault) or "silence") from None

    def _digit(self, reply: AgiReply) -> str:
        self._alive(reply)
        return chr(int(reply.result)) if _KEY.fullmatch(reply.result) else ""

    def _alive(self, reply: AgiReply) -> None:
        if reply.result == "-1":
            self._peer.end("hung up")
            raise HungUp("the caller has hung up")


def _sound(name: str | PurePath) -> str:
    if isinstance(name, PurePath):
        path = str(name)
        if not name.is_absolute() or ".." in name.parts or not path.isprintable():
            raise BadWord("a path of ours that is none")
        return path
    if not _SOUND.fullmatch(name):
        raise BadWord("a sound name that is none")
    return name


def _digits(digits: str) -> str:
    if not _DIGITS.fullmatch(digits):
        raise BadWord("digits that are none")
    return digits
