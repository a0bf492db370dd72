/** One line of the audit log: who did what from where, and what came of it. */
export interface AuditEntry {
  /** ISO 8601. */
  time: string;
  /** Null: no valid key was shown. */
  key_id: string | null;
  key_name: string | null;
  /** Method and route, as `DELETE /api/v1/auth/keys/:id`. */
  action: string;
  /** What it was done to, where the route has an id. */
  target: string | null;
  result: AuditResult;
  status: number;
  ip: string;
}

/** `refused`: no key, a wrong one, or one without the scope; `limited`: over its rate; `invalid`: any other 4xx. */
export type AuditResult = 'ok' | 'refused' | 'limited' | 'invalid' | 'failed';

export function resultOf(status: number): AuditResult {
  if (status < 400) return 'ok';
  if (status === 401 || status === 403) return 'refused';
  if (status === 429) return 'limited';
  return status < 500 ? 'invalid' : 'failed';
}

const MINUTE_MS = 60_000;
/** Distinct uses of one minute that are told apart; beyond, none is written until the next minute. */
const MAX_USES = 20_000;

/**
 * Decides what is written: every refusal, every use of an admin route, and of all else the first of a minute per key, route
 * and result. So the log grows with keys and routes, not with traffic.
 */
export class AuditFilter {
  private minute = -1;
  private readonly seen = new Set<string>();

  admits(
    entry: Pick<AuditEntry, 'key_id' | 'action' | 'result' | 'ip'>,
    admin: boolean,
    nowMs: number,
  ): boolean {
    if (admin || entry.result === 'refused') return true;
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.seen.clear();
    }
    const use = `${entry.key_id ?? entry.ip} ${entry.action} ${entry.result}`;
    if (this.seen.has(use) || this.seen.size >= MAX_USES) return false;
    this.seen.add(use);
    return true;
  }
}
