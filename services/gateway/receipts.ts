import type { EventRow } from '../../lib/stores/surreal/index.js';
import {
  type Findings,
  type Letter,
  type Looked,
  type Receipt,
  receiptOf,
  type SeenEvent,
} from './core/receipt.js';
import type { Ports } from './ports.js';
import { Problem } from './problem.js';

/** Receipts that look through topics at once: those that wait for the gateway's core would hold up what is sent. */
const MAX_LOOKING = 4;

/**
 * Follows an accepted event: the stores are asked first; what they do not have is on its way, between the positions of the
 * consumer groups and the ends of the topics, or in dead-letter. Nothing is kept for it, so nothing can disagree with it.
 */
export class Receipts {
  private looking = 0;

  constructor(private readonly ports: Pick<Ports, 'store' | 'search' | 'trail'>) {}

  /**
   * @returns null where nothing was found; `looked` says how far the search went.
   * @throws Problem `overloaded` when too many are looked for, `kafka-unavailable` when Kafka has to be asked and cannot be.
   */
  async find(eventId: string): Promise<{ receipt: Receipt | null; looked: Looked[] }> {
    const findings: Findings = {
      eventId,
      row: null,
      vector: null,
      trail: null,
      vectorOnItsWay: null,
      letter: null,
      vectorLetter: null,
      looked: [],
    };
    [findings.row, findings.vector] = await Promise.all([this.row(eventId), this.vector(eventId)]);
    if (!isSettled(findings)) {
      if (this.looking >= MAX_LOOKING)
        throw new Problem('overloaded', `${MAX_LOOKING} receipts are looked for already`, { retryAfterS: 1 });
      this.looking++;
      try {
        await this.look(findings);
      } finally {
        this.looking--;
      }
    }
    return { receipt: receiptOf(findings), looked: findings.looked };
  }

  /** In the order in which an event goes: what moves on meanwhile is met again further down. */
  private async look(findings: Findings): Promise<void> {
    const { eventId, looked } = findings;
    const { trail } = this.ports;
    if (!hasRow(findings)) {
      findings.trail = await trail.follow(eventId, looked);
      [findings.row, findings.vector] = await Promise.all([this.row(eventId), this.vector(eventId)]);
      const { raw, parsed, traced } = findings.trail;
      if (!hasRow(findings)) {
        const letter = await trail.letter(eventId, 'event', looked);
        // an older letter is of what was sent again since
        findings.letter = isYounger(letter, traced ?? parsed ?? raw) ? letter : null;
      }
    }
    if (isSettled(findings) || findings.vector === true) return;
    const groupId = hasRow(findings)?.groupId ?? findings.trail?.traced?.event.groupId;
    if (groupId === undefined) return;
    findings.vectorOnItsWay = await trail.vectorOnItsWay(eventId, groupId, looked);
    const letter = await trail.letter(eventId, 'vector', looked);
    findings.vectorLetter = isYounger(letter, findings.vectorOnItsWay) ? letter : null;
  }

  private async row(eventId: string): Promise<Findings['row']> {
    const row = await unlessDown(() => this.ports.store.getEvent(eventId));
    return row === undefined ? null : row === null ? 'none' : seenRow(row);
  }

  private async vector(eventId: string): Promise<boolean | null> {
    return (await unlessDown(() => this.ports.search.has(eventId))) ?? null;
  }
}

const hasRow = ({ row }: Findings): SeenEvent | null => (row === null || row === 'none' ? null : row);

const isSettled = (findings: Findings): boolean => {
  const row = hasRow(findings);
  return row !== null && (findings.vector === true || !row.wantsVector);
};

const isYounger = (letter: Letter | null, seen: { atMs: number } | null): boolean =>
  letter !== null && (seen === null || letter.atMs >= seen.atMs);

const seenRow = (row: EventRow): SeenEvent => ({
  traceId: row.trace_id,
  groupId: row.group_id,
  raw: row.raw,
  createdMs: Date.parse(row.created_at),
  wantsVector: row.options?.generate_embeddings ?? true,
});

/** undefined while the store does not answer: what is on its way to it can be followed all the same. */
async function unlessDown<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Problem && error.problem === 'store-unavailable') return undefined;
    throw error;
  }
}
