import { Badge } from '@mantine/core';
import classes from './status.module.css';

const COLORS: Record<string, string> = {
  failed: 'red',
  completed: 'teal',
  running: 'indigo',
  truncated: 'orange',
};

/** The state of a trace. */
export function Status({ status, size = 'sm' }: { status: string; size?: 'sm' | 'md' }) {
  return (
    <Badge
      variant="light"
      color={COLORS[status] ?? 'gray'}
      size={size}
      radius="sm"
      className={classes.status}
      leftSection={<span className={status === 'running' ? classes.pulse : classes.dot} />}
    >
      {status}
    </Badge>
  );
}
