import { Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';
import { agoText, clockText, momentText } from './format.js';

/** The time, again every `everyMs`. */
export function useNow(everyMs = 5_000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** How long ago; the moment itself where it is pointed at. `both` shows it beside. */
export function Time({ iso, now, both = false }: { iso: string; now: number; both?: boolean }) {
  const ago = agoText(Date.parse(iso), now);
  const moment = momentText(iso);
  return (
    <Tooltip label={`${moment}${clockText(iso).slice(8)} local · ${iso}`} openDelay={300}>
      <time dateTime={iso} style={{ whiteSpace: 'nowrap' }}>
        {both ? `${moment} · ${ago}` : ago}
      </time>
    </Tooltip>
  );
}
