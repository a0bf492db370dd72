import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { durationText } from '../parts/format.js';
import type { Row } from './rows.js';
import { TimelineRow } from './timeline-row.js';
import classes from './trace.module.css';
import { TreeRow } from './tree-row.js';
import type { View } from './view-state.js';

const TIMELINE_ROW_PX = 30;
const TREE_ROW_PX = 64;
const OVERSCAN = 12;

export interface TimeFrame {
  fromMs: number;
  spanMs: number;
}

export interface RowProps {
  row: Row;
  /** The time that bars are drawn in, milliseconds since the trace began. */
  time: TimeFrame;
  isChosen: boolean;
  isCollapsed: boolean;
  /** A filter is on: lines stand in order of time, without their tree. */
  isFlat: boolean;
  onChoose: (row: Row) => void;
  onChooseTo: (row: Row) => void;
  onFold: (row: Row, isFolded: boolean) => void;
}

/** The steps of a trace. Only those in sight are drawn: there may be ten thousand. */
export function RowList({
  shown,
  view,
  chosen,
  collapsed,
  ...rest
}: Omit<RowProps, 'row' | 'isChosen' | 'isCollapsed'> & {
  shown: Row[];
  view: View;
  chosen: Row | null;
  collapsed: ReadonlySet<string>;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (view === 'tree' ? TREE_ROW_PX : TIMELINE_ROW_PX),
    getItemKey: (index) => shown[index]!.event.event_id,
    overscan: OVERSCAN,
  });
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new choice scrolls: what is shown changes while a trace goes on
  useEffect(() => {
    const at = chosen ? shown.indexOf(chosen) : -1;
    if (at >= 0) rows.scrollToIndex(at, { align: isFirst.current ? 'center' : 'auto' });
    isFirst.current = false;
  }, [chosen?.event.event_id]);
  const Line = view === 'tree' ? TreeRow : TimelineRow;
  return (
    <div className={classes.list} ref={scroller} data-testid="rows" role="listbox" aria-label="Steps">
      {view === 'timeline' && <Axis time={rest.time} />}
      <div className={classes.sheet} style={{ blockSize: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((item) => {
          const row = shown[item.index]!;
          return (
            <div
              key={item.key}
              data-index={item.index}
              ref={view === 'tree' ? rows.measureElement : undefined}
              className={classes.slot}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Line
                {...rest}
                row={row}
                isChosen={row === chosen}
                isCollapsed={collapsed.has(row.event.event_id)}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

const axisText = (ms: number): string => (ms === 0 ? '0' : durationText(ms));

const TICKS = [0, 0.25, 0.5, 0.75];

function Axis({ time }: { time: TimeFrame }) {
  return (
    <div className={`${classes.line} ${classes.axis}`}>
      <span className={classes.offset}>Since start</span>
      <span className={classes.step}>Step</span>
      <span className={classes.track}>
        {TICKS.map((part) => (
          <span key={part} className={classes.tick} style={{ insetInlineStart: `${part * 100}%` }}>
            {axisText(time.fromMs + part * time.spanMs)}
          </span>
        ))}
      </span>
    </div>
  );
}
