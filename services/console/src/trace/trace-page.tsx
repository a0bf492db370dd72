import { Anchor, Drawer, Group, Text, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { X } from 'lucide-react';
import { useCallback, useMemo, useRef, useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import { useTrace } from '../api/queries.js';
import type { TraceDetail } from '../api/types.js';
import { kindOf } from '../parts/event-kind.js';
import { durationText, shortId } from '../parts/format.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useKeys } from '../shell/keys.js';
import { EventPanel } from './event-panel.js';
import { FailureNote } from './failure-note.js';
import { RowList } from './row-list.js';
import { isFiltering, type Row, rowsOf, shownRows, tallyOf, timeFrameOf } from './rows.js';
import classes from './trace.module.css';
import { TraceHead } from './trace-head.js';
import { TraceTools } from './trace-tools.js';
import { useViewState } from './view-state.js';

export function TracePage() {
  const { traceId = '' } = useParams();
  const query = useTrace(traceId);
  if (query.data) return <TraceView key={query.data.trace_id} trace={query.data} />;
  if (query.isPending) return <Loading what="Reading the trace" />;
  return (
    <>
      <Failure error={query.error} onRetry={() => void query.refetch()} />
      <Text ta="center">
        <Anchor component={Link} to="/traces">
          All traces
        </Anchor>
      </Text>
    </>
  );
}

function TraceView({ trace }: { trace: TraceDetail }) {
  const [state, change] = useViewState();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const isNarrow = useMediaQuery('(max-width: 900px)', false, { getInitialValueInEffect: false });
  const navigate = useNavigate();
  const search = useRef<HTMLInputElement>(null);
  const rows = useMemo(() => rowsOf(trace.events, trace.start_time), [trace.events, trace.start_time]);
  const shown = useMemo(
    () => shownRows(rows, collapsed, state.filter, kindOf),
    [rows, collapsed, state.filter],
  );
  const time = useMemo(() => timeFrameOf(rows, shown, state.filter), [rows, shown, state.filter]);
  const chosen = state.event ? (rows.byId.get(state.event) ?? null) : null;

  const choose = useCallback((row: Row | null) => change({ event: row?.event.event_id ?? null }), [change]);
  const chooseTo = useCallback(
    (row: Row) => {
      const id = row.event.event_id;
      // with Shift: everything between the chosen step and this one
      if (chosen && chosen !== row) change({ from: chosen.event.event_id, to: id });
      else change({ event: id });
    },
    [change, chosen],
  );
  const fold = useCallback((row: Row, isFolded: boolean) => {
    setCollapsed((before) => {
      const next = new Set(before);
      if (isFolded) next.add(row.event.event_id);
      else next.delete(row.event.event_id);
      return next;
    });
  }, []);
  const move = (by: number) => {
    const at = chosen ? shown.indexOf(chosen) : -1;
    const next = shown[Math.max(0, Math.min(shown.length - 1, at < 0 && by < 0 ? 0 : at + by))];
    if (next) choose(next);
  };
  const nextFailure = () => {
    const failures = shown.filter(({ failed }) => failed);
    const at = chosen ? shown.indexOf(chosen) : -1;
    choose(failures.find((row) => shown.indexOf(row) > at) ?? failures[0] ?? chosen);
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => shown[0] && choose(shown[0]),
    End: () => shown.at(-1) && choose(shown.at(-1)!),
    e: nextFailure,
    h: () => chosen && fold(chosen, true),
    l: () => chosen && fold(chosen, false),
    v: () => change({ view: state.view === 'tree' ? null : 'tree' }),
    w: () => change({ why: state.why ? null : '1' }),
    f: () => search.current?.focus(),
    '[': () => chosen && change({ from: chosen.event.event_id, to: rows.byTime.at(-1)!.event.event_id }),
    ']': () =>
      chosen &&
      change({
        from: state.filter.between?.[0] ?? rows.byTime[0]!.event.event_id,
        to: chosen.event.event_id,
      }),
    Escape: () => {
      if (chosen) choose(null);
      else if (isFiltering(state.filter)) clear();
      else navigate('/traces');
    },
  });
  const clear = () => change({ text: null, kinds: null, failuresOnly: null, from: null, to: null });

  const panel = chosen && (
    <EventPanel
      key={chosen.event.event_id}
      row={chosen}
      rows={rows}
      trace={trace}
      why={state.why}
      onWhy={(why) => change({ why: why ? '1' : null })}
      onChoose={choose}
      onBetween={(from, to) => change({ from, to })}
      onMove={move}
    />
  );
  return (
    <div className={classes.page}>
      <TraceHead trace={trace} />
      <FailureNote trace={trace} rows={rows} onChoose={choose} />
      <TraceTools
        rows={rows}
        state={state}
        onChange={change}
        searchRef={search}
        onFoldAll={(isFolded) =>
          setCollapsed(
            new Set(
              isFolded
                ? rows.byTree.filter((row) => row.children.length > 0).map((row) => row.event.event_id)
                : [],
            ),
          )
        }
      />
      {isFiltering(state.filter) && (
        <FilterNote
          shown={shown}
          total={rows.byTime.length}
          between={state.filter.between !== null}
          onClear={clear}
        />
      )}
      <div className={classes.split}>
        {shown.length === 0 ? (
          <Empty title="No step is like this">Clear the filter above to see all of them.</Empty>
        ) : (
          <RowList
            key={state.view}
            shown={shown}
            time={time}
            view={state.view}
            isFlat={isFiltering(state.filter)}
            chosen={chosen}
            collapsed={collapsed}
            onChoose={choose}
            onChooseTo={chooseTo}
            onFold={fold}
          />
        )}
        {!isNarrow && panel && <aside className={classes.panel}>{panel}</aside>}
      </div>
      {isNarrow && (
        <Drawer
          opened={chosen !== null}
          onClose={() => choose(null)}
          position="bottom"
          size="82%"
          withCloseButton={false}
          padding={0}
          transitionProps={{ duration: 120 }}
        >
          {panel}
        </Drawer>
      )}
      {trace.events_truncated && (
        <Text p="xs" c="dimmed" ta="center">
          Only the first {trace.events.length.toLocaleString('en')} of{' '}
          {trace.total_events.toLocaleString('en')} events are shown.
        </Text>
      )}
    </div>
  );
}

/** What a filter leaves, in figures: between two steps that is the answer to what happened there. */
function FilterNote({
  shown,
  total,
  between,
  onClear,
}: {
  shown: Row[];
  total: number;
  between: boolean;
  onClear: () => void;
}) {
  const tally = tallyOf(shown);
  const parts = [
    `${tally.events} of ${total} steps`,
    ...(between ? [`over ${durationText(tally.spanMs)}`] : []),
    ...(tally.thoughts > 0 ? [`${tally.thoughts} thoughts`] : []),
    ...(tally.tools.length > 0
      ? [
          `tools: ${tally.tools.slice(0, 4).map(shortId).join(', ')}${tally.tools.length > 4 ? ` and ${tally.tools.length - 4} more` : ''}`,
        ]
      : []),
    ...(tally.failures > 0 ? [`${tally.failures} errors`] : []),
  ];
  return (
    <Group className={classes.note} gap="xs" wrap="nowrap" data-testid="filter-note">
      <Text fw={600} style={{ whiteSpace: 'nowrap' }}>
        {between ? 'Between two steps' : 'Filtered'}
      </Text>
      <span className="cut">{parts.join(' · ')}</span>
      <UnstyledButton className={classes.noteClear} onClick={onClear}>
        <X size={13} /> show all
      </UnstyledButton>
    </Group>
  );
}
