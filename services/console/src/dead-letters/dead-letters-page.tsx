import { Button, Group, SegmentedControl, Text } from '@mantine/core';
import { MailCheck } from 'lucide-react';
import { useState } from 'react';
import { useOffers } from '../api/offers.js';
import { useDeadLetters } from '../api/queries.js';
import type { RedriveIn } from '../api/types.js';
import { type Change, useAddress } from '../parts/address.js';
import { More } from '../parts/more.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { useNow } from '../parts/time.js';
import classes from './dead-letters.module.css';
import { LetterDrawer } from './letter-drawer.js';
import { LetterGroups } from './letter-groups.js';
import { LetterList } from './letter-list.js';
import { Redrive } from './redrive.js';

const STATES = [
  { value: 'open', label: 'Open' },
  { value: 'redriven', label: 'Redriven' },
  { value: 'all', label: 'All' },
];
const FILTERS = ['stage', 'cause', 'topic'] as const;

/** What could not be processed and why: looked into, and sent back once the reason is gone. Filter and open letter are in the address. */
export function DeadLettersPage() {
  const [params, change] = useAddress();
  const now = useNow();
  const isOffered = useOffers('/api/v1/dead-letters');
  const filter = Object.fromEntries(
    FILTERS.flatMap((name) => (params.get(name) ? [[name, params.get(name)!]] : [])),
  );
  const state = params.get('state') ?? 'open';
  const query = useDeadLetters({ ...filter, state }, isOffered === true);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [redriving, setRedriving] = useState<RedriveIn | null>(null);
  const set = (values: Change) => {
    setChosen(new Set());
    change(values);
  };
  if (isOffered === false)
    return (
      <Empty title="This server does not list dead letters">
        <code>vectadb dead-letters list</code> does.
      </Empty>
    );
  if (query.isPending) return <Loading what="Looking through the dead letters" />;
  if (query.isError && !query.data)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const [first] = query.data.pages;
  const letters = query.data.pages.flatMap((page) => page.letters);
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <div className={classes.page}>
      <Group className={classes.head} gap="xs">
        <h1 className={classes.title}>Dead letters</h1>
        <SegmentedControl
          aria-label="State"
          value={state}
          onChange={(value) => set({ state: value === 'open' ? null : value })}
          data={STATES}
        />
        {isFiltered && (
          <Button variant="subtle" onClick={() => set({ stage: null, cause: null, topic: null })}>
            Clear the filter
          </Button>
        )}
        <Text c="dimmed" ml="auto" className="num">
          {first!.total.toLocaleString('en')} {first!.total === 1 ? 'letter' : 'letters'}
        </Text>
      </Group>
      {first!.total === 0 ? (
        <Empty
          icon={MailCheck}
          title={isFiltered || state !== 'open' ? 'No letter is like this' : 'Nothing was refused'}
        >
          {isFiltered || state !== 'open'
            ? 'Look at all of them, or clear the filter.'
            : 'What cannot be processed would be here, with the reason and its bytes untouched.'}
        </Empty>
      ) : (
        <>
          <LetterGroups
            groups={first!.summary}
            now={now}
            onChoose={({ stage, cause, topic }) => set({ stage, cause, topic })}
            onRedrive={({ stage, cause, topic }) => setRedriving({ stage, cause, topic })}
          />
          <LetterList
            letters={letters}
            now={now}
            chosen={chosen}
            onChoose={setChosen}
            onOpen={(letter) => set({ letter })}
            onRedrive={() => setRedriving({ letters: [...chosen] })}
          />
          <More query={query} label="Older letters" />
        </>
      )}
      <LetterDrawer
        name={params.get('letter')}
        onClose={() => set({ letter: null })}
        onOpen={(letter) => set({ letter })}
        onRedrive={(letter) => setRedriving({ letters: [letter], again: true })}
      />
      <Redrive
        wanted={redriving}
        onClose={() => {
          setRedriving(null);
          setChosen(new Set());
        }}
      />
    </div>
  );
}
