import { Button, Code, Drawer, Group, Text, UnstyledButton } from '@mantine/core';
import { useDeadLetter } from '../api/queries.js';
import type { LetterOut } from '../api/types.js';
import { momentText } from '../parts/format.js';
import { JsonTree } from '../parts/json-tree.js';
import { Facts, Section } from '../parts/section.js';
import { Failure, Loading } from '../parts/states.js';
import classes from './dead-letters.module.css';

/** One letter with its data, which its own key may not be allowed to see. */
export function LetterDrawer({
  name,
  onClose,
  onOpen,
  onRedrive,
}: {
  name: string | null;
  onClose: () => void;
  onOpen: (letter: string) => void;
  onRedrive: (letter: string) => void;
}) {
  const query = useDeadLetter(name);
  return (
    <Drawer
      opened={name !== null}
      onClose={onClose}
      position="right"
      size="min(720px, 100%)"
      title={<span className="mono">dead-letter {name}</span>}
      closeButtonProps={{ 'aria-label': 'Close' }}
      transitionProps={{ duration: 120 }}
    >
      {query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data ? (
        <Letter letter={query.data} onOpen={onOpen} onRedrive={onRedrive} />
      ) : (
        <Loading what="Reading the letter" />
      )}
    </Drawer>
  );
}

const placeText = (place: LetterOut['from']): string | null =>
  place && `${place.topic}/${place.partition} @${place.offset}`;

function Letter({
  letter,
  onOpen,
  onRedrive,
}: {
  letter: LetterOut;
  onOpen: (letter: string) => void;
  onRedrive: (letter: string) => void;
}) {
  const { from, origin, headers, hex } = letter;
  return (
    <div data-testid="letter-data">
      <Text fw={600} className={classes.message}>
        {letter.cause}: {letter.message}
      </Text>
      <Group my="sm" gap="xs">
        <Button variant="default" onClick={() => onRedrive(letter.letter)}>
          Redrive it
        </Button>
        {letter.predecessor && <Other text="It was" name={letter.predecessor} onOpen={onOpen} />}
        {letter.successor && <Other text="It became" name={letter.successor} onOpen={onOpen} />}
      </Group>
      <Section title="What happened">
        <Facts
          facts={{
            'refused by': letter.stage,
            at: momentText(letter.refused_at),
            state: letter.state,
            from: placeText(from),
            'first stood': placeText(origin) === placeText(from) ? null : placeText(origin),
            appended: letter.appended_at && momentText(letter.appended_at),
            attempt: letter.attempt,
            bytes: letter.bytes,
            format: letter.format,
            key: letter.key,
          }}
        />
      </Section>
      {letter.trail.length > 0 && (
        <Section title="What was done about it">
          <ul className={classes.trail}>
            {letter.trail.map(({ at, result, to }) => (
              <li key={at}>
                {momentText(at)}: {result} {placeText(to)}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Data" copy={JSON.stringify(letter.value)}>
        <JsonTree value={letter.value} />
      </Section>
      {Object.keys(headers).length > 0 && (
        <Section title="Headers">
          <JsonTree value={headers} />
        </Section>
      )}
      {hex && (
        <Section title="Its first bytes" copy={hex}>
          <Code block className={classes.hex!}>
            {hex.replace(/(..)/g, '$1 ').trim()}
          </Code>
        </Section>
      )}
    </div>
  );
}

function Other({ text, name, onOpen }: { text: string; name: string; onOpen: (letter: string) => void }) {
  return (
    <Text fz="xs" c="dimmed">
      {text}{' '}
      <UnstyledButton className={classes.open} onClick={() => onOpen(name)}>
        {name}
      </UnstyledButton>
    </Text>
  );
}
