import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Values by parameter; null, or an empty one, takes the parameter out. */
export type Change = Readonly<Record<string, string | null>>;

/** What a page shows, kept in its address so that a link opens the same; a change takes the place of the address before it. */
export function useAddress(): [URLSearchParams, (change: Change) => void] {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (values: Change) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [params, change];
}
