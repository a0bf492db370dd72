import { useEffect, useRef, useState } from 'react';
import { ApiError, type Query, send, withQuery } from './client.js';
import { type SentEvent, SentEventReader } from './sse.js';

/** `refused`: asking again would change nothing. */
export type LiveState =
  | { is: 'connecting' | 'live' | 'off' }
  | { is: 'waiting' | 'refused'; error: ApiError };

export interface LiveListener {
  /** What came since the last call, in order; `missed` counts what the server had to drop. */
  onEvents: (events: unknown[], missed: number) => void;
  /** What came meanwhile is not kept by the server any more: lists are to be loaded again. */
  onReset: () => void;
}

const LEAST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 15_000;
const MOST_SILENCE_MS = 40_000;
/** Messages are handed on in batches: a screen shows no more than some images a second. */
const BATCH_MS = 150;

/** Follows `GET /api/v1/live` while it is `on`, and comes back by itself from the last message that it saw. */
export function useLive(query: Query, on: boolean, listener: LiveListener): LiveState {
  const [state, setState] = useState<LiveState>({ is: 'connecting' });
  const current = useRef(listener);
  current.current = listener;
  const path = withQuery('/api/v1/live', query);
  const lastSeen = useRef<{ path: string; id: string } | null>(null);
  useEffect(() => {
    if (!on) {
      setState({ is: 'off' });
      return;
    }
    const ending = new AbortController();
    void follow(path, ending.signal, {
      lastId: lastSeen.current?.path === path ? lastSeen.current.id : null,
      setState,
      onSeen: (id) => {
        lastSeen.current = { path, id };
      },
      onEvents: (events, missed) => current.current.onEvents(events, missed),
      onReset: () => current.current.onReset(),
    });
    return () => ending.abort();
  }, [path, on]);
  return state;
}

interface Following extends LiveListener {
  lastId: string | null;
  setState: (state: LiveState) => void;
  onSeen: (id: string) => void;
}

async function follow(path: string, signal: AbortSignal, following: Following): Promise<void> {
  let { lastId } = following;
  let waitMs = LEAST_WAIT_MS;
  const batch = new Batch(following, signal);
  const take = (sent: SentEvent) => {
    if (sent.event === 'reset') following.onReset();
    else if (sent.event === 'dropped') batch.miss((JSON.parse(sent.data) as { n: number }).n);
    else if (sent.event !== 'hello') batch.add(JSON.parse(sent.data));
    if (sent.id === null) return;
    lastId = sent.id;
    following.onSeen(sent.id);
  };
  while (!signal.aborted) {
    const silence = new Silence();
    try {
      following.setState({ is: 'connecting' });
      const response = await send(path, {
        accept: 'text/event-stream',
        signal: AbortSignal.any([signal, silence.signal]),
        ...(lastId ? { headers: { 'last-event-id': lastId } } : {}),
      });
      following.setState({ is: 'live' });
      waitMs = LEAST_WAIT_MS;
      await readAll(response, take, silence);
    } catch (error) {
      if (signal.aborted) return;
      const told = error instanceof ApiError ? error : new ApiError(0, 'The live feed ended', String(error));
      if (told.status >= 400 && told.status < 500 && told.status !== 429) {
        following.setState({ is: 'refused', error: told });
        return;
      }
      following.setState({ is: 'waiting', error: told });
    } finally {
      silence.end();
    }
    await pause(waitMs, signal);
    waitMs = Math.min(MOST_WAIT_MS, waitMs * 2);
  }
}

/** Resolves when the server ends the stream. */
async function readAll(response: Response, take: (sent: SentEvent) => void, silence: Silence): Promise<void> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events = new SentEventReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    silence.broken();
    for (const sent of events.take(value)) take(sent);
  }
}

/** Ends a connection that says nothing any more: the server sends at least a comment every 15 s. */
class Silence {
  private readonly ending = new AbortController();
  private timer = this.start();

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  broken(): void {
    this.end();
    this.timer = this.start();
  }

  end(): void {
    clearTimeout(this.timer);
  }

  private start(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.ending.abort(), MOST_SILENCE_MS);
  }
}

class Batch {
  private events: unknown[] = [];
  private missed = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly listener: LiveListener,
    private readonly signal: AbortSignal,
  ) {}

  add(event: unknown): void {
    this.events.push(event);
    this.plan();
  }

  miss(count: number): void {
    this.missed += count;
    this.plan();
  }

  private plan(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      const { events, missed } = this;
      this.events = [];
      this.missed = 0;
      // nobody looks at the old feed any more; whoever took its place has seen none of it
      if (!this.signal.aborted) this.listener.onEvents(events, missed);
    }, BATCH_MS);
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
