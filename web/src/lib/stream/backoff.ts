/** How long to wait before the next attempt: doubling from half a second to ten, spread so that a room full of
 *  pages does not come back in the same instant. There is no last attempt. */

const FIRST_MS = 500;
const MOST_MS = 10_000;

export function pause(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(whole / 2 + (whole / 2) * random());
}
