import { ActionIcon, Chip, Group, SegmentedControl, TextInput, Tooltip } from '@mantine/core';
import { ChevronsDownUp, ChevronsUpDown, Search } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { EventIcon, KINDS, type Kind, kindOf } from '../parts/event-kind.js';
import type { TraceRows } from './rows.js';
import classes from './trace.module.css';
import type { ViewChange, ViewState } from './view-state.js';

const SETTLE_MS = 150;

/** How the steps are shown, and which. */
export function TraceTools({
  rows,
  state,
  onChange,
  searchRef,
  onFoldAll,
}: {
  rows: TraceRows;
  state: ViewState;
  onChange: (change: ViewChange) => void;
  searchRef: React.Ref<HTMLInputElement>;
  onFoldAll: (isFolded: boolean) => void;
}) {
  const [text, setText] = useState(state.filter.text);
  useEffect(() => setText(state.filter.text), [state.filter.text]);
  useEffect(() => {
    if (text === state.filter.text) return;
    const timer = setTimeout(() => onChange({ text }), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, state.filter.text, onChange]);

  const kinds = useMemo(() => {
    const counts = new Map<Kind, { count: number; type: string }>();
    for (const { event } of rows.byTime) {
      const kind = kindOf(event.event_type);
      const known = counts.get(kind);
      if (known) known.count++;
      else counts.set(kind, { count: 1, type: event.event_type });
    }
    return Object.keys(KINDS)
      .map((kind) => kind as Kind)
      .flatMap((kind) => (counts.has(kind) ? [{ kind, ...counts.get(kind)! }] : []));
  }, [rows]);
  const chosen = state.filter.kinds;
  return (
    <Group className={classes.tools} gap="xs">
      <SegmentedControl
        aria-label="View"
        value={state.view}
        onChange={(view) => onChange({ view: view === 'tree' ? 'tree' : null })}
        data={[
          { value: 'timeline', label: 'Timeline' },
          { value: 'tree', label: 'Tree' },
        ]}
      />
      <TextInput
        ref={searchRef}
        aria-label="Find in this trace"
        placeholder="Find in this trace"
        leftSection={<Search size={13} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        w={190}
      />
      <Group gap={4} className={classes.kinds}>
        {kinds.map(({ kind, count, type }) => (
          <Chip
            key={kind}
            size="xs"
            variant="light"
            radius="sm"
            icon={null}
            checked={chosen.includes(kind)}
            onChange={(on) =>
              onChange({ kinds: (on ? [...chosen, kind] : chosen.filter((one) => one !== kind)).join(',') })
            }
            classNames={{ iconWrapper: classes.chipMark!, label: classes.chip! }}
          >
            <EventIcon type={type} size={13} /> {KINDS[kind].label} <span className="dim num">{count}</span>
          </Chip>
        ))}
      </Group>
      <Group gap={2} ml="auto" wrap="nowrap" visibleFrom="sm">
        <Tooltip label="Fold all">
          <ActionIcon variant="subtle" color="gray" onClick={() => onFoldAll(true)} aria-label="Fold all">
            <ChevronsDownUp size={15} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Unfold all">
          <ActionIcon variant="subtle" color="gray" onClick={() => onFoldAll(false)} aria-label="Unfold all">
            <ChevronsUpDown size={15} />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Group>
  );
}
