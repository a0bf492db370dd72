import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './overview.module.css';

const MOST_RANKED = 12;

export interface Ranked {
  name: string;
  /** What its bar is as long as. */
  part: number;
  cells: ReactNode[];
  /** Index of a cell that is bad news. */
  bad?: number;
}

/** A table whose first column is a bar, too. */
export function Ranking({
  title,
  empty,
  head,
  rows,
}: {
  title: string;
  empty: string;
  /** Of the columns after the name. */
  head: string[];
  rows: Ranked[];
}) {
  const most = Math.max(1, ...rows.map(({ part }) => part));
  return (
    <section className={classes.section}>
      <h3 className={classes.subtitle}>{title}</h3>
      {rows.length === 0 ? (
        <Text c="dimmed">{empty}</Text>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              <th aria-label="Name" />
              {head.map((name) => (
                <th key={name}>{name}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, MOST_RANKED).map(({ name, part, cells, bad }) => (
              <tr key={name}>
                <td className={classes.name}>
                  <span className={classes.ranked} style={{ inlineSize: `${(part / most) * 100}%` }} />
                  <span className={classes.nameText}>{name}</span>
                </td>
                {cells.map((cell, index) => (
                  <td key={head[index]} className="num" data-bad={index === bad || undefined}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rows.length > MOST_RANKED && <Text c="dimmed">and {rows.length - MOST_RANKED} more</Text>}
    </section>
  );
}
