import { expect, test } from "vitest";

import en from "./en.json";
import zh from "./zh-CN.json";

/** Every path of a catalogue with the placeholders of its sentence. */
function paths(node: unknown, path = ""): string[] {
  if (typeof node === "string") return [`${path} ${(node.match(/\{\w+\}/g) ?? []).sort().join("")}`];
  return Object.entries(node as object).flatMap(([key, value]) => paths(value, `${path}.${key}`));
}

test("both languages have the same sentences with the same placeholders", () => {
  expect(paths(en).sort()).toEqual(paths(zh).sort());
});
