import type { ReactNode } from 'react';
import { Link } from 'react-router';
import classes from './overview.module.css';

/** A number with what it is of; with `to` it leads to what it counts. */
export function Figure({
  label,
  value,
  more,
  to,
  isBad = false,
}: {
  label: string;
  value: string;
  more: ReactNode;
  to?: string;
  isBad?: boolean;
}) {
  const content = (
    <>
      <span className={classes.label}>{label}</span>
      <span className={`${classes.value} num`} data-bad={isBad || undefined}>
        {value}
      </span>
      <span className={classes.more}>{more}</span>
    </>
  );
  return to ? (
    <Link to={to} className={classes.figure}>
      {content}
    </Link>
  ) : (
    <div className={classes.figure}>{content}</div>
  );
}
