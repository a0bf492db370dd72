import { Badge, Button, Code, Group, Select, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Pause, Play, Radio, Search } from 'lucide-react';
import { useRef, useState } from 'react';
import { Link } from 'react-router';
import { aboutEvent } from '../../../../lib/model/describe-event.js';
import type { LiveState } from '../api/live.js';
import type { EventOut } from '../api/types.js';
import { useAddress } from '../parts/address.js';
import { EVENT_TYPES, EventType, typeText } from '../parts/event-kind.js';
import { clockText, countText, plainText } from '../parts/format.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useKeys } from '../shell/keys.js';
import { agentName } from '../traces/trace-list.js';
import classes from './live.module.css';
import { useTail } from './use-tail.js';

const ROW_PX = 28;
const TYPING_MS = 300;

/** Events as they come, newest first, before those that are stored. A pause keeps what is read where it is; the server filters. */
export function LivePage() {
  const [params, change] = useAddress();
  const type = params.get('type');
  const text = params.get('text');
  const set = (name: string, value: string | null) => change({ [name]: value });
  const [isPaused, setPaused] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const filterBy = useDebouncedCallback(set, TYPING_MS);
  const agent = params.get('agent');
  const { lines, state, missed, stored } = useTail({ event_type: type, agent_id: agent, text }, isPaused);
  useKeys({
    ' ': () => setPaused((before) => !before),
    p: () => setPaused((before) => !before),
    f: () => field.current?.focus(),
  });
  const isFiltered = Boolean(type || text || agent);
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
          onChange={(value) => set('type', value)}
          data={EVENT_TYPES.map((value) => ({ value, label: typeText(value) }))}
        />
        <TextInput
          ref={field}
          aria-label="Filter"
          placeholder="Only lines with these words"
          leftSection={<Search size={13} />}
          w={220}
          defaultValue={text ?? ''}
          onChange={(event) => filterBy('text', event.currentTarget.value.trim())}
        />
        <TextInput
          aria-label="Agent"
          placeholder="Agent"
          w={130}
          defaultValue={agent ?? ''}
          onChange={(event) => filterBy('agent', event.currentTarget.value.trim())}
        />
        {missed > 0 && (
          <Text fz="xs" c="dimmed">
            {countText(missed)} came too fast to be shown; a filter lets fewer through
          </Text>
        )}
        <StateBadge state={state} />
      </Group>
      {lines.length > 0 ? (
        <Lines lines={lines} />
      ) : stored.isError ? (
        <Failure error={stored.error} onRetry={() => void stored.refetch()} />
      ) : stored.isPending ? (
        <Loading what="Listening" />
      ) : (
        <Empty icon={Radio} title={isFiltered ? 'No line is like this' : 'Nothing has come yet'}>
          {isFiltered ? (
            'Change the filter above; what comes is looked at, too.'
          ) : (
            <>
              Lines show here as they come. <Code>make demo</Code> sends some.
            </>
          )}
        </Empty>
      )}
    </div>
  );
}

const STATES: Record<LiveState['is'], [text: string, color: string]> = {
  live: ['live', 'teal'],
  connecting: ['connecting', 'gray'],
  off: ['paused', 'orange'],
  waiting: ['no answer, trying again', 'red'],
  refused: ['refused', 'red'],
};

function StateBadge({ state }: { state: LiveState }) {
  const [text, color] = STATES[state.is];
  return (
    <Badge
      variant="light"
      radius="sm"
      tt="none"
      ml="auto"
      color={color}
      title={'error' in state ? state.error.message : undefined}
      data-testid="live-state"
    >
      {text}
    </Badge>
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
