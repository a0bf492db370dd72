import { ActionIcon, Button, Code, Group, SegmentedControl, Select, Switch, TextInput } from '@mantine/core';
import { ListTree, RefreshCw } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useAccepts } from '../api/offers.js';
import { useTraces } from '../api/queries.js';
import { useTraceNews } from '../api/trace-news.js';
import { type Change, useAddress } from '../parts/address.js';
import { More } from '../parts/more.js';
import { PERIODS, startOf } from '../parts/period.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useNow } from '../parts/time.js';
import { useKeys } from '../shell/keys.js';
import { TraceList } from './trace-list.js';
import classes from './traces.module.css';

const FILTERS = ['session_id', 'agent_id', 'text', 'sort'] as const;

const SORTS = [
  { value: 'duration', label: 'Longest first' },
  { value: 'errors', label: 'Most errors first' },
  { value: 'tokens', label: 'Most tokens first' },
  { value: 'cost', label: 'Dearest first' },
];

/** How often the list is asked for where changes are told, and where they are not. */
const SELDOM_MS = 15_000;
const OFTEN_MS = 3_000;

export function TracesPage() {
  const [params, change] = useAddress();
  const [live, setLive] = useState(true);
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const now = useNow();
  const filterField = useRef<HTMLInputElement>(null);

  const takesText = useAccepts('/api/v1/traces', 'text');
  const from = startOf(params.get('period'), now);
  const filter = useMemo(
    () => ({
      status: params.get('status'),
      ...Object.fromEntries(FILTERS.map((name) => [name, params.get(name)])),
      from,
    }),
    [params, from],
  );
  const followed = useTraceNews(live);
  const query = useTraces(filter, live && (followed ? SELDOM_MS : OFTEN_MS));
  const traces = query.data?.pages.flatMap((page) => page.traces) ?? [];
  const isFiltered = [...params.keys()].length > 0;

  const setAll = (values: Change) => {
    setChosen(0);
    change(values);
  };
  const set = (name: string, value: string | null) => setAll({ [name]: value });
  const open = (index: number) => {
    const trace = traces[index];
    if (trace) navigate(`/traces/${encodeURIComponent(trace.trace_id)}`);
  };
  useKeys({
    j: () => setChosen((index) => Math.min(index + 1, traces.length - 1)),
    k: () => setChosen((index) => Math.max(index - 1, 0)),
    ArrowDown: () => setChosen((index) => Math.min(index + 1, traces.length - 1)),
    ArrowUp: () => setChosen((index) => Math.max(index - 1, 0)),
    Enter: () => open(chosen),
    f: () => filterField.current?.focus(),
  });

  return (
    <div className={classes.page}>
      <Group gap="xs" className={classes.filters}>
        <SegmentedControl
          aria-label="Status"
          value={params.get('status') ?? ''}
          onChange={(value) => set('status', value)}
          data={[
            { value: '', label: 'All' },
            { value: 'failed', label: 'Failed' },
            { value: 'running', label: 'Running' },
            { value: 'completed', label: 'Completed' },
          ]}
        />
        <Select
          aria-label="Period"
          placeholder="Any time"
          clearable
          w={126}
          value={params.get('period')}
          onChange={(value) => set('period', value)}
          data={Object.entries(PERIODS).map(([value, { label }]) => ({ value, label }))}
        />
        <Select
          aria-label="Order"
          placeholder="Newest first"
          clearable
          w={142}
          value={params.get('sort')}
          onChange={(value) => set('sort', value)}
          data={SORTS}
        />
        <FilterField
          inputRef={filterField}
          label="Agent"
          value={params.get('agent_id')}
          onChange={(value) => set('agent_id', value)}
        />
        <FilterField
          label="Session"
          value={params.get('session_id')}
          onChange={(value) => set('session_id', value)}
        />
        {takesText && (
          <FilterField label="Text" value={params.get('text')} onChange={(value) => set('text', value)} />
        )}
        {isFiltered && (
          <Button
            variant="subtle"
            onClick={() => setAll(Object.fromEntries([...params.keys()].map((name) => [name, null])))}
          >
            Clear
          </Button>
        )}
        <Group gap="xs" ml="auto">
          <Switch
            size="xs"
            label="Live"
            checked={live}
            onChange={(event) => setLive(event.currentTarget.checked)}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label="Refresh"
            loading={query.isFetching && !live}
            onClick={() => void query.refetch()}
          >
            <RefreshCw size={15} />
          </ActionIcon>
        </Group>
      </Group>
      <div className={classes.body}>
        {query.isError && traces.length === 0 ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : query.isPending ? (
          <Loading what="Reading the traces" />
        ) : traces.length === 0 ? (
          <NoTraces isFiltered={isFiltered} />
        ) : (
          <>
            <TraceList traces={traces} now={now} chosen={chosen} onFilter={set} />
            <More query={query} label="Older traces" />
          </>
        )}
      </div>
    </div>
  );
}

/** Filters by an exact value, once it is entered. */
function FilterField({
  label,
  value,
  onChange,
  inputRef,
}: {
  label: string;
  value: string | null;
  onChange: (value: string | null) => void;
  inputRef?: React.Ref<HTMLInputElement>;
}) {
  const [text, setText] = useState(value ?? '');
  useEffect(() => setText(value ?? ''), [value]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onChange(text.trim() || null);
      }}
    >
      <TextInput
        ref={inputRef}
        aria-label={label}
        placeholder={label}
        w={140}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => text.trim() !== (value ?? '') && onChange(text.trim() || null)}
      />
    </form>
  );
}

function NoTraces({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No trace is like this">Widen the period or clear the filters.</Empty>;
  return (
    <Empty icon={ListTree} title="No traces yet">
      Send a log: <Code>make demo</Code> sends those of three agents, and
      <Code block mt="xs" ta="left">
        {`curl ${window.location.origin}/api/v1/logs?log_stream=my-agent \\
  -H "Authorization: Bearer $KEY" -H 'content-type: text/plain' \\
  --data-binary @agent.log`}
      </Code>
      one of your own. It shows here by itself.
    </Empty>
  );
}
