/** How durations and times of day are written, the same on every page. */

const two = (n: number): string => String(n).padStart(2, "0");

/** `3:07` or `1:03:07`; never negative, because a clock that runs ahead is not worth showing. */
export function duration(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** `hh:mm:ss` on the viewer's wall. */
export function timeOfDay(milliseconds: number): string {
  const at = new Date(milliseconds);
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `11-22 09:41`: enough to place a past contact. */
export function dayAndTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  return `${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}
