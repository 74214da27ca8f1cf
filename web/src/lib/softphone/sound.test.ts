import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { SEARCH_MOST_MS, SILENT_MS, Sound, type Carrier } from "./sound";

class Way implements Carrier {
  connectionState = "new";
  #listeners: Array<() => void> = [];

  addEventListener(_event: "connectionstatechange", listener: () => void): void {
    this.#listeners.push(listener);
  }

  becomes(state: string): void {
    this.connectionState = state;
    this.#listeners.forEach((listener) => listener());
  }
}

function begun(): { way: Way; sound: Sound; told: unknown[] } {
  const way = new Way();
  const told: unknown[] = [];
  const sound = new Sound(way, (lost) => told.push(lost ? "lost" : "there"), () => told.push("search"));
  return { way, sound, told };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a call whose sound comes in time says nothing of it", () => {
  const { way, told } = begun();
  way.becomes("connecting");
  vi.advanceTimersByTime(SILENT_MS - 1);
  way.becomes("connected");
  vi.advanceTimersByTime(SILENT_MS * 3);
  expect(told).toEqual([]);
});

test("sound that finds no way is told once and searched for, ever more patiently, until it is there", () => {
  const { way, told, sound } = begun();
  way.becomes("connecting");
  vi.advanceTimersByTime(SILENT_MS);
  way.becomes("failed");
  expect([told, sound.lost]).toEqual([["lost", "search"], true]);
  vi.advanceTimersByTime(SILENT_MS);
  vi.advanceTimersByTime(2 * SILENT_MS - 1);
  way.becomes("connected");
  vi.advanceTimersByTime(SEARCH_MOST_MS);
  expect([told, sound.lost]).toEqual([["lost", "search", "search", "there"], false]);
});

test("a short break in a talk is nothing, a long one is told", () => {
  const { way, told } = begun();
  way.becomes("connected");
  way.becomes("disconnected");
  vi.advanceTimersByTime(SILENT_MS - 1);
  way.becomes("connected");
  way.becomes("disconnected");
  vi.advanceTimersByTime(SILENT_MS - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(["lost", "search"]);
});

test("a call that has ended searches for nothing", () => {
  const { way, sound, told } = begun();
  sound.close();
  way.becomes("failed");
  vi.advanceTimersByTime(SILENT_MS * 3);
  expect(told).toEqual([]);
});
