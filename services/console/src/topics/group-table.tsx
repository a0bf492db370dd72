import { ChevronDown, ChevronRight } from 'lucide-react';
import { Fragment, useState } from 'react';
import type { GroupOut } from '../api/types.js';
import { countText } from '../parts/format.js';
import classes from './topics.module.css';

/** Consumer groups; one that is opened shows its partitions and who has them. */
export function GroupTable({
  groups,
  onOpen,
}: {
  groups: readonly GroupOut[];
  onOpen: (topic: string) => void;
}) {
  const [open, setOpen] = useState<string | null>(null);
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th>Group</th>
          <th className={classes.wide}>Reads</th>
          <th>State</th>
          <th className={`${classes.wide} ${classes.number}`}>Members</th>
          <th className={classes.number}>Behind</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => {
          const isOpen = group.group === open;
          return (
            <Fragment key={group.group}>
              <tr data-testid="group">
                <td>
                  <button
                    type="button"
                    className={`${classes.fold} mono`}
                    aria-expanded={isOpen}
                    onClick={() => setOpen(isOpen ? null : group.group)}
                  >
                    {isOpen ? <ChevronDown size={13} /> : <ChevronRight size={13} />}
                    {group.group}
                  </button>
                </td>
                <td className={`${classes.wide} mono dim`}>
                  {[...new Set(group.partitions.map(({ topic }) => topic))].join(', ')}
                </td>
                <td data-bad={group.members === 0 || undefined}>
                  {group.members === 0 ? 'nobody reads' : group.state}
                </td>
                <td className={`${classes.wide} ${classes.number} num`}>{group.members}</td>
                <td className={`${classes.number} num`} data-behind={group.lag > 0 || undefined}>
                  {countText(group.lag)}
                </td>
              </tr>
              {isOpen && (
                <tr>
                  <td colSpan={5} className={classes.inner}>
                    <Partitions group={group} onOpen={onOpen} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function Partitions({ group, onOpen }: { group: GroupOut; onOpen: (topic: string) => void }) {
  return (
    <>
      {group.exactlyOnce && (
        <p className="dim">
          Its true position is in its changelog, written with its output. What is shown here is told to Kafka
          about once a second.
        </p>
      )}
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Topic</th>
            <th className={classes.number}>Partition</th>
            <th className={classes.number}>Position</th>
            <th className={classes.number}>End</th>
            <th className={classes.number}>Behind</th>
            <th className={classes.wide}>Member</th>
          </tr>
        </thead>
        <tbody>
          {group.partitions.map(({ topic, partition, position, end, lag, member }) => (
            <tr key={`${topic}/${partition}`} data-testid="group-partition">
              <td>
                <button type="button" className={`${classes.name} mono`} onClick={() => onOpen(topic)}>
                  {topic}
                </button>
              </td>
              <td className={`${classes.number} num`}>{partition}</td>
              <td className={`${classes.number} num`}>{position ?? 'none'}</td>
              <td className={`${classes.number} num`}>{end}</td>
              <td className={`${classes.number} num`} data-behind={lag > 0 || undefined}>
                {lag}
              </td>
              <td className={`${classes.wide} mono dim`} data-bad={member === null || undefined}>
                {member ?? 'nobody'}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
