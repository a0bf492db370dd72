import type { CSSProperties, ReactNode } from 'react';
import type { RowProps } from './row-list.js';

/** A step in a list of steps: it is chosen by a click, with Shift together with all up to it. */
export function StepLine({
  row,
  isChosen,
  onChoose,
  onChooseTo,
  className,
  style,
  children,
}: Pick<RowProps, 'row' | 'isChosen' | 'onChoose' | 'onChooseTo'> & {
  className: string | undefined;
  style?: CSSProperties;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and the arrows move the choice, see useKeys of the page
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, not its lines
    <div
      className={className}
      style={style}
      data-chosen={isChosen || undefined}
      data-failed={row.failed || undefined}
      data-event={row.event.event_id}
      role="option"
      aria-selected={isChosen}
      onClick={(click) => (click.shiftKey ? onChooseTo(row) : onChoose(row))}
    >
      {children}
    </div>
  );
}
