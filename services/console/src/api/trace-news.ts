import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { useLive } from './live.js';

/** A change is told before it is stored; the list is asked for once it should be, and not more often. */
const SETTLE_MS = 800;

/** Has lists of traces loaded again when traces change, while it is `on`. Whether changes are told. */
export function useTraceNews(on: boolean): boolean {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(
    () => () => {
      if (timer.current) clearTimeout(timer.current);
    },
    [],
  );
  const reload = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      void queries.invalidateQueries({ queryKey: ['traces'] });
    }, SETTLE_MS);
  };
  const state = useLive({ kind: 'trace' }, on, { onEvents: reload, onReset: reload });
  return state.is === 'live';
}
