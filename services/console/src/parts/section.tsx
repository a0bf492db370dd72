import { Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { Copyable } from './copy.js';
import classes from './section.module.css';

/** Something under a small title; `copy` is what its button copies. */
export function Section({
  title,
  copy,
  isBad = false,
  children,
}: {
  title: string;
  copy?: string;
  isBad?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={classes.section} data-bad={isBad || undefined}>
      <Group gap={4} className={classes.sectionHead}>
        <span>{title}</span>
        {copy !== undefined && <Copyable value={copy} what={title} />}
      </Group>
      {children}
    </section>
  );
}

/** Names and values; what is not there is left out. */
export function Facts({ facts }: { facts: Record<string, unknown> }) {
  const given = Object.entries(facts).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  return (
    <dl className={classes.dl}>
      {given.map(([name, value]) => (
        <div key={name}>
          <dt>{name.replaceAll('_', ' ')}</dt>
          <dd className="mono">{String(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
