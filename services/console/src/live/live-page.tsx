import { Badge, Button, Code, Group, Select, TextInput } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Pause, Play, Radio, Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'react-router';
import { aboutEvent } from '../../../../lib/model/describe-event.js';
import { useEvents } from '../api/queries.js';
import type { EventOut } from '../api/types.js';
import { EVENT_TYPES, EventType, typeText } from '../parts/event-kind.js';
import { clockText, plainText } from '../parts/format.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useKeys } from '../shell/keys.js';
import { agentName } from '../traces/trace-list.js';
import classes from './live.module.css';
import { extended, matching } from './tail.js';

const EVERY_MS = 2_000;
const PAGE = 200;
const ROW_PX = 28;

/** Events as they are stored, newest first. A pause keeps what is read where it is. */
export function LivePage() {
  const [isPaused, setPaused] = useState(false);
  const [type, setType] = useState<string | null>(null);
  const [text, setText] = useState('');
  const [lines, setLines] = useState<EventOut[]>([]);
  const field = useRef<HTMLInputElement>(null);
  const query = useEvents({ event_type: type, limit: PAGE }, isPaused ? false : EVERY_MS);

  const came = query.data?.events;
  useEffect(() => {
    if (came && !isPaused) setLines((before) => extended(before, came));
  }, [came, isPaused]);
  const shown = useMemo(
    () => matching(type ? lines.filter((event) => event.event_type === type) : lines, text),
    [lines, type, text],
  );
  useKeys({
    ' ': () => setPaused((before) => !before),
    p: () => setPaused((before) => !before),
    f: () => field.current?.focus(),
  });
  return (
    <div className={classes.page}>
      <Group gap="xs" className={classes.bar}>
        <Button
          variant={isPaused ? 'filled' : 'default'}
          leftSection={isPaused ? <Play size={13} /> : <Pause size={13} />}
          onClick={() => setPaused(!isPaused)}
        >
          {isPaused ? 'Go on' : 'Pause'}
        </Button>
        <Select
          aria-label="Type"
          placeholder="Every type"
          clearable
          searchable
          w={160}
          value={type}
          onChange={setType}
          data={EVENT_TYPES.map((value) => ({ value, label: typeText(value) }))}
        />
        <TextInput
          ref={field}
          aria-label="Filter"
          placeholder="Only lines that hold"
          leftSection={<Search size={13} />}
          w={200}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Badge
          variant="light"
          radius="sm"
          tt="none"
          ml="auto"
          color={query.isError ? 'red' : isPaused ? 'orange' : 'teal'}
          data-testid="live-state"
        >
          {query.isError ? 'no answer' : isPaused ? 'paused' : `live, every ${EVERY_MS / 1_000} s`}
        </Badge>
      </Group>
      {query.isError && lines.length === 0 ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.isPending && lines.length === 0 ? (
        <Loading what="Listening" />
      ) : shown.length === 0 ? (
        <Empty icon={Radio} title={lines.length === 0 ? 'Nothing has come yet' : 'No line is like this'}>
          {lines.length === 0 ? (
            <>
              Lines show here as they are stored. <Code>make demo</Code> sends some.
            </>
          ) : (
            'Change the filter above; what comes is looked at, too.'
          )}
        </Empty>
      ) : (
        <Lines lines={shown} />
      )}
    </div>
  );
}

function Lines({ lines }: { lines: EventOut[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => lines[index]!.event_id,
    overscan: 10,
  });
  return (
    <div className={classes.list} ref={scroller}>
      <div style={{ blockSize: rows.getTotalSize(), position: 'relative' }}>
        {rows.getVirtualItems().map((item) => {
          const event = lines[item.index]!;
          return (
            <Link
              key={item.key}
              to={`/traces/${encodeURIComponent(event.trace_id)}?event=${encodeURIComponent(event.event_id)}`}
              className={classes.line}
              style={{ transform: `translateY(${item.start}px)` }}
              data-testid="live-line"
            >
              <span className={`${classes.time} mono`}>{clockText(event.timestamp)}</span>
              <EventType type={event.event_type} />
              <span className={`${classes.text} cut`}>{aboutEvent(event).map(plainText).join(' · ')}</span>
              <span className={`${classes.agent} cut`}>{event.agent_id && agentName(event.agent_id)}</span>
            </Link>
          );
        })}
      </div>
    </div>
  );
}
