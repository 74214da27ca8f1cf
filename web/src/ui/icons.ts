/** Shapes on a 20 x 20 grid. `fill` ones are solid, `line` ones are drawn; no two states share a shape. */

export interface Shape {
  fill?: string;
  line?: string;
}

const HANDSET =
  "M5.1 3.2 7.3 3.4 8.3 6.6 6.6 8.1C7.6 10.3 9.3 12.1 11.8 13.3L13.4 11.7 16.5 12.7 16.7 15C16.6 16.2 15.9 16.8 14.8 16.8 8.5 16.7 3.4 11.6 3.2 5.2 3.2 4 3.9 3.3 5.1 3.2Z";

export const ICONS = {
  ready: { fill: "M10 4a6 6 0 1 0 0 12a6 6 0 0 0 0-12Z" },
  logged_out: { line: "M10 4.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11Z" },
  offered: { fill: "M10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5Z", line: "M10 3.5v1.5M10 15v1.5M3.5 10H5M15 10h1.5M5.4 5.4l1 1M13.6 13.6l1 1M14.6 5.4l-1 1M6.4 13.6l-1 1" },
  ringing: { fill: "M10 2.8a1 1 0 0 0-1 1V4.2A4.6 4.6 0 0 0 5.4 8.7C5.4 12 4 12.8 4 14H16C16 12.8 14.6 12 14.6 8.7A4.6 4.6 0 0 0 11 4.2V3.8a1 1 0 0 0-1-1ZM8.1 15.2a1.95 1.95 0 0 0 3.8 0Z" },
  talking: { fill: HANDSET },
  held: { fill: "M5 4h3.5v12H5ZM11.5 4H15v12h-3.5Z" },
  consulting: { line: "M3.5 4.5h8.5v5.5H8l-2.5 2.2V10h-2ZM13.8 8h2.7v5.5h-1.8v2l-2.3-2H8.5" },
  ivr: { line: "M4 5.5h12M4 10h12M4 14.5h7" },
  dialling: { line: `${HANDSET}M12 7.8 16.8 3M13 3h3.8v3.8` },
  survey: { line: "M4.2 4.2h11.6v11.6H4.2ZM7 10.2l2.2 2.2 4-4.4" },
  supervising: { line: "M3.6 13v-2.5a6.4 6.4 0 0 1 12.8 0V13M3.6 12.5h2.6v4H5a1.4 1.4 0 0 1-1.4-1.4ZM16.4 12.5h-2.6v4H15a1.4 1.4 0 0 0 1.4-1.4Z" },
  acw: { line: "M10 3.5a6.5 6.5 0 1 1-6.1 4.3M10 6.5V10l2.4 1.8" },
  busy: { line: "M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13ZM6.7 10h6.6" },
  break: { line: "M4 6.5h9v4.3a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4ZM13 7.8h1.4a1.9 1.9 0 0 1 0 3.8H13M4.5 17h8.5M7 2.8v1.5M10 2.8v1.5" },
  away: { line: "M11.5 4H5v12h6.5M9 10h8M14.2 7.2 17 10l-2.8 2.8" },
  unreachable: { fill: HANDSET, line: "M16.5 3.5 3.5 16.5" },
  alarm: { line: "M10 3.2 17.5 16.3H2.5ZM10 8v4M10 14v.2" },
  waiting: { line: "M6 3.5h8M6 16.5h8M6.8 3.5v2.7L10 10l3.2-3.8V3.5M6.8 16.5v-2.7L10 10l3.2 3.8v2.7" },
  fallback: { line: "M4 5.5h7a4 4 0 0 1 0 8H6M8.5 10.8 5.8 13.5l2.7 2.7" },
  ended: { line: "M3.5 10.5l4 4 9-9" },
  missed: { line: "M5 5l10 10M15 5 5 15" },
  hangup: { fill: "M10 7.2C6.3 7.2 3.3 8.6 2 10.7 1.7 11.3 1.7 12 2.2 12.6L3.5 13.9 6.9 12.6 7.1 10.4C9 9.9 11 9.9 12.9 10.4L13.1 12.6 16.5 13.9 17.8 12.6C18.3 12 18.3 11.3 18 10.7 16.7 8.6 13.7 7.2 10 7.2Z" },
  star: { fill: "M10 2.5 12.3 7.4 17.6 8 13.7 11.6 14.7 16.9 10 14.3 5.3 16.9 6.3 11.6 2.4 8 7.7 7.4Z" },
  plug: { line: "M7 3.5v4M13 3.5v4M5 7.5h10v2.5a5 5 0 0 1-10 0ZM10 15v2.5" },
  live: { fill: "M10 8a2 2 0 1 0 0 4a2 2 0 0 0 0-4Z", line: "M6.5 13.5a5 5 0 0 1 0-7M13.5 6.5a5 5 0 0 1 0 7M4.2 15.8a8.2 8.2 0 0 1 0-11.6M15.8 4.2a8.2 8.2 0 0 1 0 11.6" },
  globe: { line: "M10 3a7 7 0 1 0 0 14a7 7 0 0 0 0-14ZM3.3 10h13.4M10 3c-4.5 4.5-4.5 9.5 0 14M10 3c4.5 4.5 4.5 9.5 0 14" },
  sun: { line: "M10 6.8a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 0 0 0-6.4ZM10 2.5v1.5M10 16v1.5M2.5 10H4M16 10h1.5M4.7 4.7l1 1M14.3 14.3l1 1M15.3 4.7l-1 1M5.7 14.3l-1 1" },
  moon: { line: "M16 12.2A6.7 6.7 0 0 1 7.8 4 6.7 6.7 0 1 0 16 12.2Z" },
  auto: { line: "M10 3.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13Z", fill: "M10 3.5a6.5 6.5 0 0 1 0 13Z" },
  keyboard: { line: "M2.5 5.5h15v9h-15ZM5.5 8.5h.2M8.5 8.5h.2M11.5 8.5h.2M14.5 8.5h.2M6.5 11.5h7" },
  leave: { line: "M8.5 4H4v12h4.5M8 10h9M14.2 7.2 17 10l-2.8 2.8" },
  phone: { line: HANDSET },
  link: { line: "M11.5 4.5h4v4M15.5 4.5 9 11M13.5 11.5v4h-9v-9h4" },
} as const satisfies Record<string, Shape>;

export type IconName = keyof typeof ICONS;
