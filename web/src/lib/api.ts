/** REST as the pages use it: the token in a header, every refusal as a `Problem` with the server's stable code. */

export const API = "/api/v1";

/** A refusal (RFC 9457), or `unreachable` when nobody answered. The page owns the words; `code` chooses them. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly retryAfter: number | null = null,
  ) {
    super(code);
  }
}

export async function request<T>(path: string, token: string | null, init: RequestInit = {}): Promise<T> {
  const headers = new Headers(init.headers);
  if (token !== null) headers.set("Authorization", `Bearer ${token}`);
  let reply: Response;
  try {
    reply = await fetch(API + path, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new Problem(0, "unreachable");
  }
  const body: unknown = await reply.json().catch(() => null);
  if (!reply.ok) throw problem(reply, body);
  return body as T;
}

function problem(reply: Response, body: unknown): Problem {
  const code = typeof body === "object" && body !== null ? (body as { code?: unknown }).code : undefined;
  const retry = Number(reply.headers.get("Retry-After") ?? Number.NaN);
  return new Problem(reply.status, typeof code === "string" ? code : `http_${reply.status}`, Number.isFinite(retry) ? retry : null);
}
