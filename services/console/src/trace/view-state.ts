import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useAddress } from '../parts/address.js';
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

const SETTLE_MS = 200;

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
  const [params, changeAddress] = useAddress();
  const [event, setEvent] = useState(() => params.get(NAMES.event));
  const state = useMemo((): ViewState => {
    const [from, to] = [params.get(NAMES.from), params.get(NAMES.to)];
    return {
      view: params.get(NAMES.view) === 'tree' ? 'tree' : 'timeline',
      event,
      why: params.has(NAMES.why),
      filter: {
        text: params.get(NAMES.text) ?? '',
        kinds: params.get(NAMES.kinds)?.split(',').filter(Boolean) ?? [],
        failuresOnly: params.has(NAMES.failuresOnly),
        between: from && to ? [from, to] : null,
      },
    };
  }, [params, event]);
  const current = useRef(event);
  current.current = event;
  const write = useCallback(
    (given: ViewChange) =>
      changeAddress(
        Object.fromEntries(
          Object.entries({ event: current.current, ...given }).map(([name, value]) => [
            NAMES[name as keyof typeof NAMES],
            value,
          ]),
        ),
      ),
    [changeAddress],
  );
  // A key that is held down moves the choice many times a second; browsers refuse to write an address that often. The router is
  // not asked: it would give up a way to another page that it is on.
  useEffect(() => {
    const timer = setTimeout(() => {
      const address = new URL(window.location.href);
      if (address.searchParams.get(NAMES.event) === event) return;
      if (event) address.searchParams.set(NAMES.event, event);
      else address.searchParams.delete(NAMES.event);
      window.history.replaceState(window.history.state, '', address);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [event]);
  const change = useCallback(
    (given: ViewChange) => {
      const { event: chosen, ...others } = given;
      if (chosen !== undefined) setEvent(chosen);
      if (Object.keys(others).length > 0) write(given);
    },
    [write],
  );
  return [state, change];
}
