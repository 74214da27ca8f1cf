"""A person at a browser: signs in on the page, reads the board, presses buttons. Console errors fail the test."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from adapters.lab.tools import tool
from tests.live.centre import Centre

PATIENCE_MS = 15_000
# What a browser says of itself when a server it should reach is dead; everything else is our page's doing.
EXPECTED = re.compile(r"ERR_CONNECTION_(REFUSED|RESET|CLOSED)|WebSocket connection to .* failed|status of 401")


class Person:
    """One page."""

    def __init__(self, page: Page, centre: Centre) -> None:
        self.page = page
        self.centre = centre
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    async def try_password(self, username: str, password: str) -> None:
        await self.page.goto(self.centre.url)
        await self.page.fill("#username", username)
        await self.page.fill("#password", password)
        await self.page.keyboard.press("Enter")

    async def sign_in(self, username: str) -> None:
        """Sign in and wait until the board is there."""
        await self.try_password(username, self.centre.password(username))
        await self.sees(self.page.locator("[data-queue]").first)

    # --- what is on the board ---

    def queue(self, name: str) -> Locator:
        return self.page.locator(f"[data-queue={name}]")

    def agent(self, number: str, face: str = "") -> Locator:
        return self.page.locator(f'[data-agent="{number}"]' + (f"[data-face={face}]" if face else ""))

    def pop(self, stage: str = "") -> Locator:
        return self.page.locator("[data-offer]" + (f"[data-stage={stage}]" if stage else ""))

    def call(self, state: str) -> Locator:
        return self.page.locator(f"[data-call][data-state={state}]")

    @property
    def notices(self) -> Locator:
        return self.page.locator(".notice")

    async def sees(self, what: Locator, text: str | re.Pattern[str] = "") -> None:
        """Wait until it is there, and says this."""
        await expect(what).to_be_visible(timeout=PATIENCE_MS)
        if text:
            await expect(what).to_contain_text(text, timeout=PATIENCE_MS)

    async def misses(self, what: Locator) -> None:
        """Wait until it is gone."""
        await expect(what).to_have_count(0, timeout=PATIENCE_MS)

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """A headless browser of this machine, or of the unpacked packages."""
    chromium = tool("chromium")
    assert chromium is not None, "the browser is missing: run `make test`, which brings it"
    async with async_playwright() as driver:
        started = await driver.chromium.launch(
            executable_path=str(chromium.path),
            env={**os.environ, **chromium.environ},
            args=[
                "--no-sandbox",
                "--disable-dev-shm-usage",
                # for phones in the page: a microphone that needs no permission, and sound over loopback
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                "--allow-loopback-in-peer-connection",
            ],
        )
        try:
            yield started
        finally:
            await started.close()


ALERTS: Final = """
// What the page shows on the desktop is kept where a test can look at it; the window is behind another one.
(() => {
  window.alerts = [];
  window.Notification = class {
    static permission = "PERMISSION";
    static requestPermission = async () => Notification.permission;
    constructor(title, how) {
      window.alerts.push({ title, body: how.body, up: true });
      this.close = () => { window.alerts.at(-1).up = false; };
    }
  };
  document.hasFocus = () => false;
})();
"""


VOICE: Final = """
// The microphone is a tone: a made-up voice cannot be measured. What is heard is kept where a test can look at it.
(() => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let permitted = null; // a page gathers no addresses for its sound before it has been permitted to listen
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    permitted ??= await real(wanted);
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: HERTZ });
    const out = context.createMediaStreamDestination();
    tone.connect(new GainNode(context, { gain: 0.3 })).connect(out);
    tone.start();
    return out.stream;
  };
  const Plain = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Plain {
    constructor(...how) {
      super(...how);
      this.addEventListener("track", (event) => {
        const context = new AudioContext({ sampleRate: 8000 });
        const ear = new AnalyserNode(context, { fftSize: 2048, smoothingTimeConstant: 0 });
        context.createMediaStreamSource(event.streams[0] ?? new MediaStream([event.track])).connect(ear);
        window.heard = (hertz) => {
          const levels = new Float32Array(ear.frequencyBinCount);
          ear.getFloatFrequencyData(levels);
          return levels[Math.round((hertz * ear.fftSize) / 8000)]; // decibels
        };
      });
    }
  };
})();
"""


USELESS: Final = """
// The first address that is found is one that Asterisk can do nothing with: addresses come in any order.
(() => {
  const candidate = "candidate:1 1 tcp 1518280447 127.0.0.1 9 typ host tcptype active";
  const useless = new RTCIceCandidate({ candidate, sdpMid: "0" });
  const listen = RTCPeerConnection.prototype.addEventListener;
  RTCPeerConnection.prototype.addEventListener = function (event, listener, ...how) {
    listen.call(this, event, listener, ...how);
    if (event === "icecandidate") listener.call(this, new RTCPeerConnectionIceEvent(event, { candidate: useless }));
  };
})();
"""

DEAF: Final = r"""
// As long as it is deaf, each side gets an address of the other at which nobody is.
(() => {
  window.deaf = true;
  const elsewhere = (sdp) => sdp.replace(/(a=candidate:\S+ 1 udp \d+) \S+/gi, "$1 10.77.0.9");
  const bent = (said) => (window.deaf && said ? { type: said.type, sdp: elsewhere(said.sdp) } : said);
  const { localDescription } = Object.getOwnPropertyDescriptors(RTCPeerConnection.prototype);
  Object.defineProperty(RTCPeerConnection.prototype, "localDescription", {
    get() {
      return bent(localDescription.get.call(this));
    },
  });
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (said) {
    return take.call(this, bent(said));
  };
})();
"""


@asynccontextmanager
async def person(
    shown: Browser, centre: Centre, *, english: bool = False, hertz: int = 0, alerts: str = "", network: str = ""
) -> AsyncIterator[Person]:
    """Somebody with a window of their own. `hertz`: the voice that a phone in the page sends; `alerts`: whether the
    browser is allowed to show them (granted or denied); `network`: what is wrong with theirs."""
    context = await shown.new_context(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
    if english:
        await context.add_init_script("localStorage.setItem('cti.language', 'en')")
    if alerts:
        await context.add_init_script(ALERTS.replace("PERMISSION", alerts))
    if network:
        await context.add_init_script(network)
    if hertz:
        await context.add_init_script(VOICE.replace("HERTZ", str(hertz)))
    somebody = Person(await context.new_page(), centre)
    try:
        yield somebody
    finally:
        await context.close()
    assert somebody.complaints == []
