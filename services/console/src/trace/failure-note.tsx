import { UnstyledButton } from '@mantine/core';
import { ChevronRight, CircleAlert } from 'lucide-react';
import { useState } from 'react';
import type { TraceDetail } from '../api/types.js';
import { typeText } from '../parts/event-kind.js';
import { offsetText } from '../parts/format.js';
import { pathOf, type Row, type TraceRows } from './rows.js';
import classes from './trace.module.css';

const MAX_SHOWN = 3;

/** Why the run failed, before anything else: its errors in their own words, with the steps that led there, last first. */
export function FailureNote({
  trace,
  rows,
  onChoose,
}: {
  trace: TraceDetail;
  rows: TraceRows;
  onChoose: (row: Row) => void;
}) {
  const [all, setAll] = useState(false);
  const failures = rows.byTime.filter(({ failed }) => failed).toReversed();
  if (failures.length === 0) return null;
  const shown = all ? failures : failures.slice(0, trace.status === 'failed' ? MAX_SHOWN : 1);
  return (
    <section
      className={trace.status === 'failed' ? classes.failures : classes.failuresPast}
      aria-label="Errors of this trace"
      data-testid="failures"
    >
      <strong className={classes.failuresTitle}>
        <CircleAlert size={14} />
        {trace.status === 'failed' ? 'Failed' : 'Errors on the way'}
      </strong>
      <div className={classes.failureList}>
        {shown.map((row) => (
          <UnstyledButton key={row.event.event_id} className={classes.failure} onClick={() => onChoose(row)}>
            <span className={`${classes.failureAt} mono`}>{offsetText(row.atMs)}</span>
            <span className={classes.failureText}>
              <strong>{row.title || typeText(row.event.event_type)}</strong>
              {row.detail && <span> {row.detail}</span>}
              <span className={classes.path}>
                {pathOf(row).map((above) => (
                  <span key={above.event.event_id}>
                    {above.title || typeText(above.event.event_type)}
                    <ChevronRight size={11} />
                  </span>
                ))}
                {typeText(row.event.event_type)}
              </span>
            </span>
          </UnstyledButton>
        ))}
        {failures.length > shown.length && (
          <UnstyledButton className={classes.noteClear} onClick={() => setAll(true)}>
            {failures.length - shown.length} more
          </UnstyledButton>
        )}
      </div>
    </section>
  );
}
