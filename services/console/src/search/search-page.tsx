import { Badge, Code, Group, SegmentedControl, Select, Text, UnstyledButton } from '@mantine/core';
import { SearchX, Sparkles } from 'lucide-react';
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';
import { useSearch } from '../api/queries.js';
import type { SearchBy } from '../api/types.js';
import { useAddress } from '../parts/address.js';
import { typeText } from '../parts/event-kind.js';
import { PERIODS, startOf } from '../parts/period.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useNow } from '../parts/time.js';
import { agentName } from '../traces/trace-list.js';
import { facetOf, runsOf } from './group-hits.js';
import { HitLine, RunHits } from './hits.js';
import classes from './search.module.css';

const HOWS: { value: SearchBy; label: string }[] = [
  { value: 'both', label: 'Both' },
  { value: 'meaning', label: 'Meaning' },
  { value: 'text', label: 'Text' },
];

/** Finds events by meaning and by their text, best first, together with the runs that they are of. */
export function SearchPage() {
  const [params, change] = useAddress();
  const now = useNow(60_000);
  const words = params.get('q') ?? '';
  const type = params.get('type');
  const agent = params.get('agent');
  const period = params.get('period');
  const by = params.get('by') === 'event' ? 'event' : 'run';
  const from = startOf(period, now);
  const filter = useMemo(
    () => ({
      ...(type ? { event_type: type } : {}),
      ...(agent ? { agent_id: agent } : {}),
      ...(from ? { from } : {}),
    }),
    [type, agent, from],
  );
  const how = HOWS.find(({ value }) => value === params.get('how'))?.value ?? 'both';
  const query = useSearch(words, how, filter);
  const hits = query.data?.results ?? [];
  const best = Math.max(Number.MIN_VALUE, ...hits.map(({ score }) => score));
  const set = (name: string, value: string | null) => change({ [name]: value });

  if (!words) return <Intro />;
  const types = facetOf(hits, (event) => event.event_type);
  const agents = facetOf(hits, (event) => event.agent_id);
  return (
    <div className={classes.page}>
      <aside className={classes.facets}>
        <Select
          aria-label="Period"
          placeholder="Any time"
          clearable
          value={period}
          onChange={(value) => set('period', value)}
          data={Object.entries(PERIODS).map(([value, { label }]) => ({ value, label }))}
        />
        <Facet
          title="Type"
          counts={types}
          chosen={type}
          label={typeText}
          onChoose={(value) => set('type', value)}
        />
        <Facet
          title="Agent"
          counts={agents}
          chosen={agent}
          label={agentName}
          onChoose={(value) => set('agent', value)}
        />
      </aside>
      <div className={classes.results} aria-busy={query.isPlaceholderData}>
        <Group className={classes.bar} gap="xs">
          <SegmentedControl
            aria-label="Group by"
            value={by}
            onChange={(value) => set('by', value === 'event' ? value : null)}
            data={[
              { value: 'run', label: 'Runs' },
              { value: 'event', label: 'Events' },
            ]}
          />
          <SegmentedControl
            aria-label="Compare"
            value={how}
            onChange={(value) => set('how', value === 'both' ? null : value)}
            data={HOWS}
          />
          {how !== 'text' && query.data && <Mode mode={query.data.mode} />}
        </Group>
        {query.isPending ? (
          <Loading what="Searching" />
        ) : query.isError ? (
          <Failure error={query.error} onRetry={() => void query.refetch()} />
        ) : hits.length === 0 ? (
          <Empty icon={SearchX} title="Nothing is like this">
            Use other words, or take filters away. An event can be found a moment after it was stored.
          </Empty>
        ) : by === 'event' ? (
          hits.map((hit) => (
            <HitLine key={hit.event.event_id} hit={hit} best={best} words={words} now={now} />
          ))
        ) : (
          runsOf(hits).map((run) => (
            <RunHits key={run.traceId} run={run} best={best} words={words} now={now} />
          ))
        )}
      </div>
    </div>
  );
}

function Mode({ mode }: { mode: string }) {
  const isSemantic = mode === 'semantic';
  return (
    <Group gap={6}>
      <Badge variant="light" radius="sm" tt="none" color={isSemantic ? 'teal' : 'orange'}>
        {isSemantic ? 'by meaning' : mode}
      </Badge>
      {!isSemantic && (
        <Text c="dimmed" fz="xs">
          No model is installed, so words are compared. <Code>vectadb model pull</Code> gets one.
        </Text>
      )}
    </Group>
  );
}

function Facet({
  title,
  counts,
  chosen,
  label,
  onChoose,
}: {
  title: string;
  counts: [string, number][];
  chosen: string | null;
  label: (value: string) => string;
  onChoose: (value: string | null) => void;
}) {
  if (counts.length === 0 && !chosen) return null;
  const shown: [string, number | null][] =
    chosen && !counts.some(([value]) => value === chosen) ? [[chosen, null], ...counts] : counts;
  return (
    <fieldset className={classes.facet}>
      <legend>{title}</legend>
      {shown.map(([value, count]) => (
        <UnstyledButton
          key={value}
          className={classes.facetValue}
          aria-pressed={chosen === value}
          title={label(value)}
          onClick={() => onChoose(chosen === value ? null : value)}
        >
          <span className="cut">{label(value)}</span> <span className="dim num">{count}</span>
        </UnstyledButton>
      ))}
    </fieldset>
  );
}

const EXAMPLES = [
  'why was the booking refused',
  'the model ran out of tokens',
  'refund for a duplicate charge',
];

function Intro() {
  const [, setParams] = useSearchParams();
  return (
    <Empty icon={Sparkles} title="Say what you look for in words of your own">
      Press <Code>/</Code> and type. Events are compared by what they mean, and shown with the runs that they
      are of. For example:
      <div className={classes.examples}>
        {EXAMPLES.map((example) => (
          <UnstyledButton key={example} className={classes.example} onClick={() => setParams({ q: example })}>
            {example}
          </UnstyledButton>
        ))}
      </div>
    </Empty>
  );
}
