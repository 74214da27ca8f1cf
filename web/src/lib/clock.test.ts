import { expect, test } from "vitest";

import { makeClock, ms } from "./clock";
import { duration } from "./format";

const HOUR = 3_600_000;

test("a PC that is an hour wrong shows the server's time after the first stamp", () => {
  let ticks = 5_000;
  const clock = makeClock(() => ticks, () => 1_000_000 + HOUR);
  expect(clock.now()).toBe(1_000_000 + HOUR);
  clock.atLeast(1_000_000);
  ticks += 250;
  expect(clock.now()).toBe(1_000_250);
});

test("a slow delivery and a resumed old event change nothing, a faster one corrects", () => {
  let ticks = 0;
  const clock = makeClock(() => ticks, () => 0);
  clock.atLeast(10_000);
  ticks = 1_000;
  clock.atLeast(10_400);
  expect(clock.now()).toBe(11_000);
  clock.atLeast(11_030);
  expect(clock.now()).toBe(11_030);
});

test("a server whose clock was set back is believed on the next connection", () => {
  const clock = makeClock(() => 0, () => 0);
  clock.atLeast(90_000);
  clock.restart(30_000);
  expect(clock.now()).toBe(30_000);
});

test("stamps that are none are none", () => {
  expect([ms(null), ms(""), ms("soon"), ms("1970-01-01T00:00:01.500Z")]).toEqual([null, null, null, 1500]);
});

test("durations have no negative and grow hours when they need them", () => {
  expect([-5_000, 0, 59_999, 60_000, 3_599_000, 3_787_000].map(duration)).toEqual(["0:00", "0:00", "0:59", "1:00", "59:59", "1:03:07"]);
});
