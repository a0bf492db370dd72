import { Link } from 'react-router';
import type { Flow } from '../api/types.js';
import classes from './overview.module.css';

/** What was accepted in 24 hours and what became of it: the sum is right, or the rest is lost. */
export function Flows({ flow: { total } }: { flow: Flow }) {
  return (
    <p className={`${classes.flow} num`} data-testid="flow">
      <Term count={total.accepted} what="accepted in 24 h" /> = <Term count={total.stored} what="stored" /> +{' '}
      <Term count={total.dead_lettered} what="refused" to="/dead-letters" level="note" /> +{' '}
      <Term count={total.in_flight} what="on their way" />
      {total.unaccounted > 0 && (
        <>
          {' '}
          + <Term count={total.unaccounted} what="lost" level="bad" />
        </>
      )}
    </p>
  );
}

function Term({
  count,
  what,
  to,
  level,
}: {
  count: number;
  what: string;
  to?: string;
  level?: 'note' | 'bad';
}) {
  const text = (
    <>
      <strong data-level={count > 0 ? level : undefined}>{count.toLocaleString('en')}</strong> {what}
    </>
  );
  return to && count > 0 ? <Link to={to}>{text}</Link> : <span>{text}</span>;
}
