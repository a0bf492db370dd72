import { type FlowAccount, flowAccountKey, hourOf } from '../../../../lib/model/flow-account.js';
import type { ProcessorContext, StateStore } from '../../../../lib/topology/topology.js';

export const FLOW_ACCOUNTS = 'flow-accounts';

/** Accounts are sent so long after the first change, and after they were sent last, milliseconds: a busy partition sends one a second and hour. */
const SEND_AFTER_MS = 1_000;
/** Hours kept: as long as raw-logs keeps its records, and a day. Older ones do not change any more. */
const KEPT_HOURS = 8 * 24;

type Context = Pick<ProcessorContext<unknown>, 'state' | 'transaction'>;

/** Keys of the accounts in the state of their stage; no other key of a stage begins so. */
const PREFIX = 'f/';
const OPEN = `${PREFIX}open`;
const keyOf = (hour: number): string => PREFIX + hour;

/** The account of an hour, as it was sent last. */
interface SentState {
  kind: 'account';
  counts: Record<string, number>;
}

/** The accounts that have changed since they were sent: one entry, because each record changes it. */
interface OpenState<Counts> {
  kind: 'open';
  /** null: a timer of an older version's state came before the first record. */
  partition: number | null;
  hours: { hour: number; counts: Counts }[];
  /** The oldest hour that is kept. */
  oldest: number;
  /** The timer that sends them; null: none is set. */
  wake: number | null;
  /** When they were sent last, processing time: what is read is older than that while a backlog is worked off. */
  sentMs?: number;
}

/**
 * The accounts of one partition: numbers by hour, part of the stage's state and so exact whatever crashes, sent to flow-accounts in the
 * same transactions. Invariant: an hour's account is what is open of it, else what was sent.
 */
export class HourAccounts<Counts extends object> {
  private open: OpenState<Counts> | null = null;
  private store: StateStore<unknown> | null = null;
  private changed = false;
  private nowMs = 0;
  /** The transaction in which the open state was put last. */
  private putIn = -1;

  /** @param none an account of an hour in which nothing was counted */
  constructor(
    private readonly stage: string,
    private readonly none: Counts,
  ) {}

  /** Before a record or timer is worked at. `nowMs`: its append time, or processing time. */
  begin(partition: number | null, nowMs: number, { state: store, transaction }: Context): void {
    this.changed = false;
    this.nowMs = nowMs;
    if (this.putIn === transaction && this.open!.wake !== null) return;
    this.store = store;
    this.open = store.get(OPEN) as OpenState<Counts> | null;
    this.open ??= { kind: 'open', partition, hours: [], oldest: hourOf(nowMs), wake: null };
    this.open.partition ??= partition;
  }

  /** The account of the hour of `appendMs`, to be changed. Between {@link begin} and {@link end}. */
  of(appendMs: number): Counts {
    const { hours } = this.open!;
    const hour = hourOf(appendMs);
    if (hour < hourOf(this.nowMs) - KEPT_HOURS) return { ...this.none };
    this.changed = true;
    for (let at = 0; at < hours.length; at++) if (hours[at]!.hour === hour) return hours[at]!.counts;
    const sent = this.store!.get(keyOf(hour)) as SentState | undefined;
    if (sent === undefined) this.dropOld(hour);
    const counts: Counts = { ...this.none, ...sent?.counts };
    hours.push({ hour, counts });
    return counts;
  }

  /** Puts what was counted into the state. */
  end(nowMs: number, { transaction }: Context): void {
    // what was put in this transaction is written with it as it is then
    const open = this.open!;
    if (!this.changed || (this.putIn === transaction && open.wake !== null)) return;
    this.putIn = transaction;
    if (open.partition !== null) open.wake ??= Math.max(nowMs, open.sentMs ?? 0) + SEND_AFTER_MS;
    this.store!.put(OPEN, open, open.wake ?? undefined);
  }

  /** Whether a timer is the accounts' own. */
  owns = (key: string): boolean => key === OPEN;

  /** Sends what has changed. */
  send({ state: store, forward }: Pick<ProcessorContext<unknown>, 'state' | 'forward'>, nowMs: number): void {
    this.putIn = -1;
    const open = store.get(OPEN) as OpenState<Counts>;
    const partition = open.partition!;
    for (const { hour, counts: all } of open.hours) {
      const counts = Object.fromEntries(Object.entries(all).filter(([, count]) => count !== 0));
      const account: FlowAccount = { stage: this.stage, partition, hour, counts };
      forward({ topic: FLOW_ACCOUNTS, key: flowAccountKey(account), value: account });
      store.put(keyOf(hour), { kind: 'account', counts } satisfies SentState);
    }
    store.put(OPEN, { ...open, hours: [], wake: null, sentMs: nowMs });
  }

  private dropOld(hour: number): void {
    const open = this.open!;
    const from = open.oldest;
    open.oldest = Math.max(Math.min(from, hour), hour - KEPT_HOURS);
    if (open.oldest <= from) return;
    for (const [key] of [...this.store!.entries(PREFIX)])
      if (Number(key.slice(PREFIX.length)) < open.oldest) this.store!.delete(key);
  }
}
