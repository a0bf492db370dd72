import { memo } from 'react';
import { colorOf, EventIcon, typeText } from '../parts/event-kind.js';
import { durationText, offsetText } from '../parts/format.js';
import { Fold } from './fold.js';
import type { RowProps } from './row-list.js';
import { StepLine } from './step-line.js';
import classes from './trace.module.css';

const INDENT_PX = 14;
const MAX_INDENT = 12;

/** A step as a line of the waterfall: when, what, and how long as a bar. */
export const TimelineRow = memo(function TimelineRow(props: RowProps) {
  const { row, time, isCollapsed, isFlat, onFold } = props;
  const { event } = row;
  const left = (Math.max(0, row.startMs - time.fromMs) / time.spanMs) * 100;
  const width = Math.min(100 - left, ((row.endMs - Math.max(row.startMs, time.fromMs)) / time.spanMs) * 100);
  // beside the bar where there is room, else in it
  const took =
    left + width < 82
      ? { insetInlineStart: `calc(${left + width}% + 8px)` }
      : left > 18
        ? { insetInlineEnd: `calc(${100 - left}% + 6px)` }
        : { insetInlineStart: `calc(${left}% + 6px)` };
  return (
    <StepLine {...props} className={classes.line}>
      <span className={`${classes.offset} mono`}>{offsetText(row.atMs)}</span>
      <span
        className={classes.step}
        style={{ paddingInlineStart: isFlat ? 0 : Math.min(row.depth, MAX_INDENT) * INDENT_PX }}
      >
        {!isFlat && <Fold row={row} isCollapsed={isCollapsed} onFold={onFold} />}
        <EventIcon type={event.event_type} />
        <span className={classes.stepType} style={{ color: colorOf(event.event_type) }}>
          {typeText(event.event_type)}
        </span>
        <span className={`${classes.stepText} cut`}>
          {row.title} {row.detail && <span className="dim">{row.detail}</span>}
        </span>
        {isCollapsed && row.failedBelow && <span className={classes.failedBelow} title="An error below" />}
      </span>
      <span className={classes.track}>
        <span
          className={width > 0 ? classes.span : classes.point}
          style={{
            insetInlineStart: `${left}%`,
            inlineSize: width > 0 ? `max(3px, ${width}%)` : undefined,
            background: colorOf(event.event_type),
          }}
        />
        {row.tookMs !== null && (
          <span className={`${classes.took} num`} style={took}>
            {durationText(row.tookMs)}
          </span>
        )}
      </span>
    </StepLine>
  );
});
