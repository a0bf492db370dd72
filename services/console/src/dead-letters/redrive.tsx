import { Alert, Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { ask } from '../api/client.js';
import type { RedriveIn, RedriveOut } from '../api/types.js';
import { countText } from '../parts/format.js';
import { Failure, Loading } from '../parts/states.js';
import classes from './dead-letters.module.css';

const MOST = 5_000;
const REFUSED_ENCODING = 'INVALID_UTF8';

const redrive = (body: RedriveIn, signal?: AbortSignal) =>
  ask<RedriveOut>('/api/v1/dead-letters/redrive', { method: 'POST', body, ...(signal ? { signal } : {}) });

/** Says first what would be sent back and what cannot be, then sends it. */
export function Redrive({ wanted, onClose }: { wanted: RedriveIn | null; onClose: () => void }) {
  return (
    <Modal opened={wanted !== null} onClose={onClose} title="Send back to where they came from" size="lg">
      {wanted && <Steps wanted={wanted} onClose={onClose} />}
    </Modal>
  );
}

function Steps({ wanted, onClose }: { wanted: RedriveIn; onClose: () => void }) {
  const queries = useQueryClient();
  const [again, setAgain] = useState(wanted.again ?? false);
  const [encoding, setEncoding] = useState('');
  const body: RedriveIn = { ...wanted, again, limit: MOST, ...(encoding ? { encoding } : {}) };
  const plan = useQuery({
    queryKey: ['redrive-plan', body],
    queryFn: ({ signal }) => redrive({ ...body, dry_run: true }, signal),
    placeholderData: (before) => before,
    gcTime: 0,
  });
  const sending = useMutation({ mutationFn: () => redrive(body) });
  useEffect(() => {
    if (sending.isSuccess) void queries.invalidateQueries({ queryKey: ['dead-letters'] });
  }, [sending.isSuccess, queries]);

  if (sending.isSuccess) return <Done done={sending.data} onClose={onClose} />;
  if (plan.isPending) return <Loading what="Looking at what would be sent" />;
  if (plan.isError) return <Failure error={plan.error} onRetry={() => void plan.refetch()} />;
  const { letters, outcomes } = plan.data;
  const needsEncoding = encoding !== '' || outcomes.some(({ cause }) => cause === REFUSED_ENCODING);
  return (
    <Stack gap="md">
      <Text>
        Each is sent once, whoever asks and however often; what is refused again becomes a new letter.
      </Text>
      <Outcomes outcomes={outcomes} />
      {needsEncoding && (
        <TextInput
          label="What their bytes are written in"
          description="Those that are no UTF-8 are refused again without it"
          placeholder="windows-1252"
          maw={320}
          value={encoding}
          onChange={(event) => setEncoding(event.currentTarget.value.trim())}
        />
      )}
      <Checkbox
        size="xs"
        label="Those, too, that were redriven before"
        checked={again}
        onChange={(event) => setAgain(event.currentTarget.checked)}
      />
      {sending.isError && (
        <Alert color="red" variant="light" p="xs">
          {sending.error.message}
        </Alert>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Leave them
        </Button>
        <Button disabled={letters === 0} loading={sending.isPending} onClick={() => sending.mutate()}>
          Send {countText(letters)} back
        </Button>
      </Group>
    </Stack>
  );
}

function Done({ done, onClose }: { done: RedriveOut; onClose: () => void }) {
  return (
    <Stack gap="md" data-testid="redriven">
      <Text fw={600}>{countText(done.letters)} sent back</Text>
      <Outcomes outcomes={done.outcomes} />
      {done.more && <Text>There may be more: the limit of one redrive was reached.</Text>}
      <Group justify="flex-end">
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Stack>
  );
}

function Outcomes({ outcomes }: Pick<RedriveOut, 'outcomes'>) {
  if (outcomes.length === 0) return <Text c="dimmed">No letter is selected.</Text>;
  return (
    <ul className={classes.outcomes}>
      {outcomes.map(({ stage, cause, result, reason, to, letters, example }) => (
        <li
          key={`${stage}/${cause}/${result}/${reason}/${to}`}
          data-bad={result === 'impossible' || undefined}
        >
          <strong className="num">{countText(letters)}</strong> {cause} of {stage}: {result}
          {to && (
            <>
              {' '}
              to <span className="mono">{to}</span>
            </>
          )}
          {reason && <span className="dim"> ({reason})</span>} <span className="dim mono">as {example}</span>
        </li>
      ))}
    </ul>
  );
}
