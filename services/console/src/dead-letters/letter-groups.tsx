import { Button } from '@mantine/core';
import type { LetterGroup } from '../api/types.js';
import { countText } from '../parts/format.js';
import { Time } from '../parts/time.js';
import classes from './dead-letters.module.css';

/** Letters by who refused them and why. */
export function LetterGroups({
  groups,
  now,
  onChoose,
  onRedrive,
}: {
  groups: readonly LetterGroup[];
  now: number;
  onChoose: (group: LetterGroup) => void;
  onRedrive: (group: LetterGroup) => void;
}) {
  return (
    <div className={classes.groups}>
      {groups.map((group) => (
        <section
          key={`${group.stage}/${group.cause}/${group.topic}`}
          className={classes.group}
          data-testid="letter-group"
        >
          <div className={classes.groupHead}>
            <button type="button" className={classes.cause} onClick={() => onChoose(group)}>
              {group.cause}
            </button>
            <span className="num">
              <strong>{countText(group.letters)}</strong>
              {group.open < group.letters && <span className="dim"> · {countText(group.open)} open</span>}
            </span>
            {group.open > 0 && (
              <Button
                variant="default"
                size="compact-xs"
                ml="auto"
                onClick={() => onRedrive(group)}
                aria-label={`Redrive ${group.cause} of ${group.stage}`}
              >
                Redrive
              </Button>
            )}
          </div>
          <div className={classes.message}>{group.example.message}</div>
          <div className="dim">
            refused by <strong>{group.stage}</strong> from <span className="mono">{group.topic}</span>, last{' '}
            <Time iso={group.newest_at} now={now} />
          </div>
        </section>
      ))}
    </div>
  );
}
