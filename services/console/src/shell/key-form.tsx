import { Alert, Button, Card, Checkbox, Code, Group, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import { keepKey } from '../api/key.js';

/** Asks for an API key; what the server said of the last one stands above. */
export function KeyForm({ refused, onDone }: { refused: string | null; onDone?: () => void }) {
  const [key, setKey] = useState('');
  const [remember, setRemember] = useState(false);
  const queries = useQueryClient();
  return (
    <Card withBorder maw={460} mx="auto" mt={{ base: 'md', sm: 64 }} padding="lg" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!key.trim()) return;
          keepKey(key.trim(), remember);
          void queries.resetQueries();
          onDone?.();
        }}
      >
        <Stack gap="sm">
          <Group gap="xs">
            <KeyRound size={18} />
            <Title order={4}>API key</Title>
          </Group>
          {refused && (
            <Alert color="orange" variant="light" p="xs">
              The server says: {refused}.
            </Alert>
          )}
          <Text c="dimmed">
            The console reads with a key of the scope <Code>read</Code>. <Code>make demo</Code> and{' '}
            <Code>make status</Code> print one.
          </Text>
          <PasswordInput
            label="API key"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
            autoFocus
          />
          <Checkbox
            size="xs"
            label="Remember it in this browser (otherwise it ends with this tab)"
            checked={remember}
            onChange={(event) => setRemember(event.currentTarget.checked)}
          />
          <Button type="submit" disabled={!key.trim()}>
            Use this key
          </Button>
        </Stack>
      </form>
    </Card>
  );
}
