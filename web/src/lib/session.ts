/** Who is signed in on this tab. The token lives in sessionStorage: it survives a reload and ends with the tab. */

import { Problem, request } from "./api";
import type { Agent } from "./shapes";

export type Role = "agent" | "supervisor" | "admin" | "api";

export interface Me {
  token: string;
  username: string;
  role: Role;
  /** The number this person takes calls under; null for people without a desk. */
  agentNo: string | null;
  name: string;
}

const KEY = "cti.token";

export function storedToken(): string | null {
  return sessionStorage.getItem(KEY);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** Exchange a password for a token and keep it. */
export async function signIn(username: string, password: string): Promise<Me> {
  const form = new URLSearchParams({ grant_type: "password", username, password });
  const { access_token } = await request<{ access_token: string }>("/auth/token", null, { method: "POST", body: form });
  const me = await whoAmI(access_token);
  sessionStorage.setItem(KEY, access_token);
  return me;
}

/** Whom a token speaks for. The role only decides what is asked for; the server decides what is given. */
export async function whoAmI(token: string): Promise<Me> {
  const { sub, role } = claims(token);
  const agent = role === "admin" || role === "api" ? null : await myAgent(token);
  return { token, username: sub, role, agentNo: agent?.agent_no ?? null, name: agent?.name ?? sub };
}

async function myAgent(token: string): Promise<Agent | null> {
  try {
    return await request<Agent>("/agents/me", token);
  } catch (problem) {
    if (problem instanceof Problem && (problem.status === 404 || problem.status === 403)) return null;
    throw problem;
  }
}

/** The readable middle of the token. A forged one gains nothing: the server checks the signature of every request. */
export function claims(token: string): { sub: string; role: Role } {
  try {
    const middle = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(middle), (letter) => letter.charCodeAt(0));
    const { sub, role } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; role?: unknown };
    return { sub: String(sub ?? ""), role: (typeof role === "string" ? role : "agent") as Role };
  } catch {
    return { sub: "", role: "agent" };
  }
}
