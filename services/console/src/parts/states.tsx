import { Button, Code, Group, Loader, Stack, Text } from '@mantine/core';
import { CircleSlash, type LucideIcon, PlugZap, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.js';
import classes from './states.module.css';

/** Nothing to show, and what to do about it. */
export function Empty({
  icon: Icon = CircleSlash,
  title,
  children,
}: {
  icon?: LucideIcon;
  title: string;
  children?: ReactNode;
}) {
  return (
    <Stack align="center" gap={6} className={classes.state}>
      <Icon size={26} strokeWidth={1.5} className={classes.dim} />
      <Text fw={600}>{title}</Text>
      {children && <div className={classes.text}>{children}</div>}
    </Stack>
  );
}

/** What went wrong in words, and the way on. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error instanceof ApiError && error.isMissingRoute) {
    return (
      <Empty icon={PlugZap} title="This server does not offer this">
        {error.detail}. The console is newer than the gateway that serves it, or a part of it is switched off.
      </Empty>
    );
  }
  const title = error instanceof ApiError ? error.title : 'Something went wrong in this page';
  const detail = error instanceof Error ? error.message : String(error);
  return (
    <Stack align="center" gap={8} className={classes.state} role="alert">
      <TriangleAlert size={26} strokeWidth={1.5} className={classes.bad} />
      <Text fw={600}>{title}</Text>
      <div className={classes.text}>
        {detail}
        {adviceFor(error)}
      </div>
      {onRetry && (
        <Button size="xs" variant="default" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Stack>
  );
}

function adviceFor(error: unknown): ReactNode {
  if (!(error instanceof ApiError)) return null;
  if (error.status === 503 || error.status === 0) {
    return (
      <>
        {' '}
        <Code>make status</Code> shows every component, <Code>make logs SERVICE=gateway</Code> what it says.
      </>
    );
  }
  if (error.status === 403) return ' Enter a key with that scope: the key symbol at the top.';
  return null;
}

export function Loading({ what }: { what: string }) {
  return (
    <Group justify="center" gap="xs" className={classes.state}>
      <Loader size="xs" />
      <Text c="dimmed">{what}…</Text>
    </Group>
  );
}
