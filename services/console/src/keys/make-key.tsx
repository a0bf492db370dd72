import {
  Alert,
  Button,
  Checkbox,
  Code,
  Group,
  Modal,
  NumberInput,
  Select,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError, ask } from '../api/client.js';
import type { KeyIn, KeyMade } from '../api/types.js';
import { Copyable } from '../parts/copy.js';
import { momentText } from '../parts/format.js';
import classes from './keys.module.css';

const DAY_S = 86_400;
const LIFETIMES = [
  { value: String(DAY_S), label: '1 day' },
  { value: String(30 * DAY_S), label: '30 days' },
  { value: String(90 * DAY_S), label: '90 days' },
  { value: String(365 * DAY_S), label: '1 year' },
];
const SCOPES: { value: KeyIn['scopes'][number]; what: string }[] = [
  { value: 'ingest', what: 'send logs and events' },
  { value: 'read', what: 'read traces, events, statistics; search' },
  { value: 'admin', what: 'everything: keys, raw messages, dead letters' },
];

/** Makes a key, then shows it once. */
export function MakeKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const making = useMutation({
    mutationFn: (body: KeyIn) => ask<KeyMade>('/api/v1/auth/keys', { method: 'POST', body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['api-keys'] }),
    // the key is in the answer: nothing keeps it once it was closed
    gcTime: 0,
  });
  const close = () => {
    making.reset();
    onClose();
  };
  const made = making.data;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={made ? 'Keep this key now' : 'New API key'}
      size="lg"
      // a click beside it must not throw away what is shown once
      closeOnClickOutside={!made}
      closeOnEscape={!made}
      withCloseButton={!made}
    >
      {made ? (
        <Made made={made} onDone={close} />
      ) : (
        <Form isBusy={making.isPending} error={making.error} onSubmit={(body) => making.mutate(body)} />
      )}
    </Modal>
  );
}

function Form({
  isBusy,
  error,
  onSubmit,
}: {
  isBusy: boolean;
  error: Error | null;
  onSubmit: (body: KeyIn) => void;
}) {
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['ingest']);
  const [lifetime, setLifetime] = useState(String(90 * DAY_S));
  const [perMinute, setPerMinute] = useState<string | number>('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({
          name: name.trim(),
          scopes: scopes as KeyIn['scopes'],
          expires_in_s: Number(lifetime),
          ...(perMinute === '' ? {} : { requests_per_minute: Number(perMinute) }),
        });
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Name"
          description="Who or what it is for; shown in this list and in the audit log"
          placeholder="support-bot in production"
          maxLength={100}
          required
          data-autofocus
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Checkbox.Group label="What it may do" value={scopes} onChange={setScopes}>
          <Stack gap={6} mt={6}>
            {SCOPES.map(({ value, what }) => (
              <Checkbox key={value} size="xs" value={value} label={`${value}: ${what}`} />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group align="flex-start">
          <Select
            label="Ends after"
            allowDeselect={false}
            w={130}
            value={lifetime}
            onChange={(value) => value && setLifetime(value)}
            data={LIFETIMES}
          />
          <NumberInput
            size="xs"
            label="Requests a minute"
            placeholder="the gateway’s limit"
            w={170}
            min={1}
            max={100_000_000}
            allowDecimal={false}
            value={perMinute}
            onChange={setPerMinute}
          />
        </Group>
        {error && (
          <Alert
            color="red"
            variant="light"
            p="xs"
            title={error instanceof ApiError ? error.title : undefined}
          >
            {error.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button type="submit" loading={isBusy} disabled={!name.trim() || scopes.length === 0}>
            Make the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Made({ made, onDone }: { made: KeyMade; onDone: () => void }) {
  return (
    <Stack gap="md">
      <Text>
        It is shown here and never again. <strong>{made.name}</strong> may {made.scopes.join(', ')} until{' '}
        {momentText(made.expires_at)}.
      </Text>
      <Group className={classes.secret} wrap="nowrap" gap="xs">
        <Code className={classes.secretText!} data-testid="new-key">
          {made.key}
        </Code>
        <Copyable value={made.key} what="the key" />
      </Group>
      <Text c="dimmed">It goes into a header of every request:</Text>
      <Code block>{`Authorization: Bearer $KEY`}</Code>
      <Group justify="flex-end">
        <Button onClick={onDone}>I have kept it</Button>
      </Group>
    </Stack>
  );
}
