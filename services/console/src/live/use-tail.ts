import { useEffect, useState } from 'react';
import { type LiveState, useLive } from '../api/live.js';
import { useEvents } from '../api/queries.js';
import type { EventOut } from '../api/types.js';
import { extended } from './tail.js';

export interface TailFilter {
  event_type: string | null;
  agent_id: string | null;
  text: string | null;
}

export interface Tail {
  lines: EventOut[];
  state: LiveState;
  /** Events that came faster than they could be sent here. */
  missed: number;
  stored: ReturnType<typeof useEvents>;
}

const STORED = 200;
const SETTLE_MS = 3_000;

/** The last stored events of a filter, and those that come; the server filters both. */
export function useTail(filter: TailFilter, isPaused: boolean): Tail {
  const [lines, setLines] = useState<EventOut[]>([]);
  const [missed, setMissed] = useState(0);
  const stored = useEvents({ ...filter, limit: STORED }, false);
  const { event_type, agent_id, text } = filter;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter is another tail
  useEffect(() => {
    setLines([]);
    setMissed(0);
  }, [event_type, agent_id, text]);
  const { data } = stored;
  useEffect(() => {
    if (data) setLines((before) => extended(before, data.events));
  }, [data]);
  const state = useLive({ kind: 'event', ...filter }, !isPaused, {
    onEvents: (events, count) => {
      setLines((before) => extended(before, events as EventOut[]));
      setMissed((before) => before + count);
    },
    onReset: () => void stored.refetch(),
  });
  const { refetch } = stored;
  useEffect(() => {
    if (state.is !== 'live') return;
    // what was told just before the feed began to be read may have been stored only since
    const timer = setTimeout(() => void refetch(), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [state.is, refetch]);
  return { lines, state, missed, stored };
}
