import { Code, Group, Text } from '@mantine/core';
import { SpellCheck } from 'lucide-react';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useEvents } from '../api/queries.js';
import type { EventOut } from '../api/types.js';
import { Copyable } from '../parts/copy.js';
import { plainText } from '../parts/format.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { Time, useNow } from '../parts/time.js';
import { agentName } from '../traces/trace-list.js';
import classes from './patterns.module.css';
import { type Shape, shapesOf } from './shapes.js';

const EVERY_MS = 10_000;
const MOST = 1_000;

const lineOf = ({ properties }: EventOut): string => {
  const { message } = properties as { message?: unknown };
  return plainText(typeof message === 'string' ? message : JSON.stringify(properties));
};

/** Which lines the parser keeps as they are: the last ones, those of one shape together. */
export function PatternsPage() {
  const now = useNow();
  const query = useEvents({ event_type: 'log', limit: MOST }, EVERY_MS);
  const events = query.data?.events;
  const shapes = useMemo(() => shapesOf(events ?? [], lineOf), [events]);
  return (
    <div className={classes.page}>
      <header className={classes.head}>
        <h1 className={classes.title}>Lines that are not understood</h1>
        <Text c="dimmed">
          They are stored and can be searched, as <Code>log</Code>. A rule of yours tells what they are:{' '}
          <Code>vectadb patterns suggest agent.log</Code> proposes some, <Code>vectadb parse --text</Code>{' '}
          tries them, and <Code>parser_rules</Code> of <Code>config.yaml</Code> takes them.
        </Text>
      </header>
      {query.isPending ? (
        <Loading what="Reading the lines" />
      ) : query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : shapes.length === 0 ? (
        <Empty icon={SpellCheck} title="Every line is understood">
          None is kept as a plain line.
        </Empty>
      ) : (
        <>
          <Text className={classes.count}>
            {shapes.length} shapes among the last {events!.length.toLocaleString('en')} such lines, most
            frequent first
          </Text>
          {shapes.map((shape) => (
            <ShapeLine key={shape.shape} shape={shape} now={now} />
          ))}
        </>
      )}
    </div>
  );
}

function ShapeLine({ shape, now }: { shape: Shape; now: number }) {
  const [newest] = shape.lines;
  return (
    <details className={classes.shape} data-testid="shape">
      <summary>
        <span className={`${classes.number} num`}>{shape.count}×</span>
        <span className={`${classes.text} mono`}>{lineOf(newest!)}</span>
        <span className="dim">
          <Time iso={newest!.timestamp} now={now} />
        </span>
      </summary>
      <div className={classes.lines}>
        {shape.lines.map((event) => (
          <Group key={event.event_id} gap={6} wrap="nowrap">
            <Link
              to={`/traces/${encodeURIComponent(event.trace_id)}?event=${encodeURIComponent(event.event_id)}`}
              className={`${classes.line} mono`}
            >
              {lineOf(event)}
            </Link>
            <span className={`${classes.agent} cut`}>{event.agent_id && agentName(event.agent_id)}</span>
            <Copyable value={lineOf(event)} what="the line" />
          </Group>
        ))}
      </div>
    </details>
  );
}
