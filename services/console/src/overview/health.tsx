import { Code } from '@mantine/core';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { useReadiness } from '../api/queries.js';
import { Loading } from '../parts/states.js';
import { Lag } from './lag.js';
import classes from './overview.module.css';

const PARTS: Record<string, string> = {
  kafka: 'Kafka',
  answers: 'Answers of the processor',
  surreal: 'SurrealDB',
  qdrant: 'Qdrant',
  search: 'Search',
  keys: 'API keys',
};

/** Whether anything is down, lags or is lost: the first thing to know. */
export function Health() {
  const query = useReadiness();
  if (query.isPending) return <Loading what="Asking the parts" />;
  const parts = Object.entries(query.data?.parts ?? {});
  const bad = parts.filter(([, { state }]) => state !== 'up');
  const isWell = query.data?.ready === true && bad.length === 0;
  return (
    <section className={classes.health} aria-label="State of the system" data-testid="health">
      <div className={classes.verdict} data-well={isWell || undefined}>
        {isWell ? <CircleCheck size={18} /> : <CircleAlert size={18} />}
        <strong>
          {query.isError
            ? 'The gateway does not say how it is'
            : isWell
              ? 'Every part is up'
              : `${bad.map(([name]) => PARTS[name] ?? name).join(', ')}: not up`}
        </strong>
        {!isWell && (
          <span className="dim">
            <Code>make status</Code> shows every component.
          </span>
        )}
      </div>
      <div className={classes.parts}>
        {parts.map(([name, { state, detail }]) => (
          <span key={name} className={classes.part} data-state={state} title={detail}>
            {PARTS[name] ?? name}
            {detail && <span className="dim"> {detail}</span>}
          </span>
        ))}
      </div>
      <Lag />
    </section>
  );
}
