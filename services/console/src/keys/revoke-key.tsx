import { Alert, Button, Group, Modal, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { send } from '../api/client.js';
import type { KeyOut } from '../api/types.js';

/** Asks once more, then revokes a key. */
export function RevokeKey({ entry, onClose }: { entry: KeyOut | null; onClose: () => void }) {
  const queries = useQueryClient();
  const revoking = useMutation({
    mutationFn: (id: string) => send(`/api/v1/auth/keys/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['api-keys'] });
      onClose();
    },
  });
  const close = () => {
    revoking.reset();
    onClose();
  };
  return (
    <Modal opened={entry !== null} onClose={close} title={`Revoke ${entry?.name ?? ''}?`}>
      <Text mb="md">
        Whoever uses it is refused within about a second. It cannot be taken back: make a new key instead.
      </Text>
      {revoking.isError && (
        <Alert color="red" variant="light" p="xs" mb="md">
          {revoking.error.message}
        </Alert>
      )}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close} data-autofocus>
          Keep it
        </Button>
        <Button color="red" loading={revoking.isPending} onClick={() => entry && revoking.mutate(entry.id)}>
          Revoke
        </Button>
      </Group>
    </Modal>
  );
}
