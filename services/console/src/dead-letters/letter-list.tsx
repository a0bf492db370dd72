import { Badge, Button, Checkbox, Group } from '@mantine/core';
import type { ListedLetter } from '../api/types.js';
import { Time } from '../parts/time.js';
import classes from './dead-letters.module.css';

const COLORS: Record<ListedLetter['state'], string> = {
  open: 'orange',
  redriven: 'teal',
  'refused again': 'red',
};

/** Letters, newest first; those that are ticked can be sent back together. */
export function LetterList({
  letters,
  now,
  chosen,
  onChoose,
  onOpen,
  onRedrive,
}: {
  letters: readonly ListedLetter[];
  now: number;
  chosen: ReadonlySet<string>;
  onChoose: (chosen: ReadonlySet<string>) => void;
  onOpen: (letter: string) => void;
  onRedrive: () => void;
}) {
  const open = letters.filter(({ state }) => state === 'open').map(({ letter }) => letter);
  const toggle = (letter: string, isChosen: boolean) => {
    const next = new Set(chosen);
    if (isChosen) next.add(letter);
    else next.delete(letter);
    onChoose(next);
  };
  return (
    <div className={classes.list}>
      <Group className={classes.bar} gap="sm">
        <Checkbox
          size="xs"
          label={chosen.size > 0 ? `${chosen.size} chosen` : 'All that are shown and open'}
          checked={chosen.size > 0 && chosen.size === open.length}
          indeterminate={chosen.size > 0 && chosen.size < open.length}
          disabled={open.length === 0}
          onChange={(event) => onChoose(new Set(event.currentTarget.checked ? open : []))}
        />
        <Button size="compact-xs" disabled={chosen.size === 0} onClick={onRedrive}>
          Redrive the chosen
        </Button>
      </Group>
      {letters.map(({ letter, refused_at, stage, cause, message, from, attempt, state }) => (
        <div key={letter} className={classes.letter} data-testid="letter">
          <Checkbox
            size="xs"
            aria-label={`Choose ${letter}`}
            className={classes.tick!}
            checked={chosen.has(letter)}
            disabled={state !== 'open'}
            onChange={(event) => toggle(letter, event.currentTarget.checked)}
          />
          <span className="dim">
            <Time iso={refused_at} now={now} />
          </span>
          <span className={classes.what}>
            <button type="button" className={classes.open} onClick={() => onOpen(letter)}>
              <strong>{cause}</strong> {message}
            </button>
            <span className={`${classes.where} mono`}>
              {stage}
              {from && ` · ${from.topic}/${from.partition} @${from.offset}`} · letter {letter}
              {attempt > 1 && ` · refused ${attempt} times`}
            </span>
          </span>
          <Badge
            variant="light"
            radius="sm"
            tt="none"
            size="sm"
            color={COLORS[state]}
            className={classes.state!}
          >
            {state}
          </Badge>
        </div>
      ))}
    </div>
  );
}
