import { Button, Code, Group, Text } from '@mantine/core';
import { FlaskConical, SpellCheck } from 'lucide-react';
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

/** Which lines the parser keeps as they are: the last ones, those of one shape together. `onTry` takes some to be tried. */
export function UnreadLines({ onTry }: { onTry: (lines: string) => void }) {
  const now = useNow();
  const query = useEvents({ event_type: 'log', limit: MOST }, EVERY_MS);
  const events = query.data?.events;
  const shapes = useMemo(() => shapesOf(events ?? [], lineOf), [events]);
  return (
    <>
      <Text c="dimmed" className={classes.intro}>
        They are stored and can be searched, as <Code>log</Code>. A rule of yours tells what they are: open a
        shape and try one on it.
      </Text>
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
            <ShapeLine key={shape.shape} shape={shape} now={now} onTry={onTry} />
          ))}
        </>
      )}
    </>
  );
}

function ShapeLine({ shape, now, onTry }: { shape: Shape; now: number; onTry: (lines: string) => void }) {
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
        <Button
          variant="default"
          size="compact-xs"
          mt={6}
          leftSection={<FlaskConical size={12} />}
          onClick={() => onTry(shape.lines.map(lineOf).toReversed().join('\n'))}
        >
          Try a rule on {shape.lines.length === 1 ? 'it' : 'these'}
        </Button>
      </div>
    </details>
  );
}
