import { memo } from 'react';
import { colorOf, EventIcon, typeText } from '../parts/event-kind.js';
import { durationText, offsetText } from '../parts/format.js';
import { contentOf } from './content.js';
import { Fold } from './fold.js';
import type { RowProps } from './row-list.js';
import { StepLine } from './step-line.js';
import classes from './trace.module.css';

const INDENT_PX = 20;
const MAX_INDENT = 10;

/** A step with what was thought, asked and answered in it. */
export const TreeRow = memo(function TreeRow(props: RowProps) {
  const { row, isCollapsed, isFlat, onFold } = props;
  const { event } = row;
  const { name, parts, tokens } = contentOf(event);
  return (
    <StepLine
      {...props}
      className={classes.branch}
      style={{ paddingInlineStart: 10 + (isFlat ? 0 : Math.min(row.depth, MAX_INDENT) * INDENT_PX) }}
    >
      <div className={classes.branchHead}>
        {!isFlat && <Fold row={row} isCollapsed={isCollapsed} onFold={onFold} />}
        <EventIcon type={event.event_type} />
        <span className={classes.stepType} style={{ color: colorOf(event.event_type) }}>
          {typeText(event.event_type)}
        </span>
        {name && <strong className="cut">{name}</strong>}
        <span className={classes.branchFacts}>
          {tokens && <span className="num">{tokens}</span>}
          {row.tookMs !== null && <span className="num">{durationText(row.tookMs)}</span>}
          <span className="mono">{offsetText(row.atMs)}</span>
        </span>
      </div>
      {parts.map(({ label, text, isPayload }) => (
        <div key={label} className={classes.part}>
          <span className={classes.partLabel}>{label}</span>
          <span className={isPayload ? `${classes.partText} mono` : classes.partText}>{text}</span>
        </div>
      ))}
    </StepLine>
  );
});
