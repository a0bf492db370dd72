import { UnstyledButton } from '@mantine/core';
import { ChevronDown, ChevronRight } from 'lucide-react';
import type { Row } from './rows.js';
import classes from './trace.module.css';

/** Hides or shows what belongs to a step. */
export function Fold({
  row,
  isCollapsed,
  onFold,
}: {
  row: Row;
  isCollapsed: boolean;
  onFold: (row: Row, isFolded: boolean) => void;
}) {
  if (row.children.length === 0) return <span className={classes.foldNone} />;
  return (
    <UnstyledButton
      className={classes.fold}
      tabIndex={-1}
      aria-label={isCollapsed ? 'Unfold' : 'Fold'}
      onClick={(click) => {
        click.stopPropagation();
        onFold(row, !isCollapsed);
      }}
    >
      {isCollapsed ? <ChevronRight size={13} /> : <ChevronDown size={13} />}
    </UnstyledButton>
  );
}
