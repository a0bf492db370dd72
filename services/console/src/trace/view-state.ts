import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { RowFilter } from './rows.js';

export type View = 'timeline' | 'tree';

/** What the trace page shows; all of it is in the address, so that a link opens the same view. */
export interface ViewState {
  view: View;
  /** The chosen event. */
  event: string | null;
  why: boolean;
  filter: RowFilter;
}

const NAMES = {
  view: 'view',
  event: 'event',
  why: 'why',
  text: 'q',
  kinds: 'kinds',
  failuresOnly: 'errors',
  from: 'from',
  to: 'to',
} as const;

export type ViewChange = Partial<Record<keyof typeof NAMES, string | null>>;

export function useViewState(): [ViewState, (change: ViewChange) => void] {
  const [params, setParams] = useSearchParams();
  const state = useMemo((): ViewState => {
    const [from, to] = [params.get(NAMES.from), params.get(NAMES.to)];
    return {
      view: params.get(NAMES.view) === 'tree' ? 'tree' : 'timeline',
      event: params.get(NAMES.event),
      why: params.has(NAMES.why),
      filter: {
        text: params.get(NAMES.text) ?? '',
        kinds: params.get(NAMES.kinds)?.split(',').filter(Boolean) ?? [],
        failuresOnly: params.has(NAMES.failuresOnly),
        between: from && to ? [from, to] : null,
      },
    };
  }, [params]);
  const change = useCallback(
    (given: ViewChange) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(given)) {
            const parameter = NAMES[name as keyof typeof NAMES];
            if (value) next.set(parameter, value);
            else next.delete(parameter);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [state, change];
}
