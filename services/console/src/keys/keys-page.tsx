import { Badge, Button, Group, Text } from '@mantine/core';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { useApiKeys } from '../api/queries.js';
import type { KeyOut } from '../api/types.js';
import { countText } from '../parts/format.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { Time, useNow } from '../parts/time.js';
import classes from './keys.module.css';
import { MakeKey } from './make-key.js';
import { RevokeKey } from './revoke-key.js';

/** API keys: who has one, what it may do, until when; made and revoked here. */
export function KeysPage() {
  const now = useNow();
  const query = useApiKeys();
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<KeyOut | null>(null);
  if (query.isPending) return <Loading what="Reading the keys" />;
  if (query.isError && !query.data)
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const { keys } = query.data;
  return (
    <div className={classes.page}>
      <Group justify="space-between" className={classes.head}>
        <h1 className={classes.title}>API keys</h1>
        <Button leftSection={<Plus size={14} />} onClick={() => setMaking(true)}>
          New key
        </Button>
      </Group>
      <Text c="dimmed" className={classes.note}>
        What is stored is a hash: a key is shown once, when it is made. Keys of the environment (
        <code>VECTADB_API_KEY</code>) are not listed; they end where they are set.
      </Text>
      {keys.length === 0 ? (
        <Empty icon={KeyRound} title="No key was made yet">
          Give every agent and every reader a key of its own: then each can be revoked by itself.
        </Empty>
      ) : (
        <ul className={classes.list}>
          <li className={`${classes.row} ${classes.columns}`} aria-hidden>
            <span>Name</span>
            <span>May</span>
            <span>State</span>
            <span>Last used</span>
            <span>Ends</span>
            <span>Limit</span>
            <span />
          </li>
          {keys.map((key) => (
            <KeyLine key={key.id} entry={key} now={now} onRevoke={() => setRevoking(key)} />
          ))}
        </ul>
      )}
      <MakeKey opened={isMaking} onClose={() => setMaking(false)} />
      <RevokeKey entry={revoking} onClose={() => setRevoking(null)} />
    </div>
  );
}

const COLORS = { active: 'teal', expired: 'gray', revoked: 'red' } as const;

function KeyLine({ entry, now, onRevoke }: { entry: KeyOut; now: number; onRevoke: () => void }) {
  const { id, name, scopes, state, created_at, last_used_at, expires_at, requests_per_minute } = entry;
  return (
    <li className={classes.row} data-state={state} data-testid="key">
      <span className={classes.name}>
        <strong>{name}</strong>
        <span className="dim">
          <span className="mono">{id}</span> · made <Time iso={created_at} now={now} />
        </span>
      </span>
      <span>
        {scopes.map((scope) => (
          <Badge
            key={scope}
            variant="light"
            radius="sm"
            tt="none"
            size="sm"
            mr={4}
            color={scope === 'admin' ? 'orange' : 'indigo'}
          >
            {scope}
          </Badge>
        ))}
      </span>
      <span>
        <Badge variant="dot" radius="sm" tt="none" size="sm" color={COLORS[state]}>
          {state}
        </Badge>
      </span>
      <span className={classes.detail} data-label="used">
        {last_used_at ? <Time iso={last_used_at} now={now} /> : <span className="dim">never</span>}
      </span>
      <span className={classes.detail} data-label="ends">
        <Time iso={expires_at} now={now} />
      </span>
      <span className={`${classes.detail} num`} data-label="limit">
        {requests_per_minute === null ? (
          <span className="dim">the gateway’s</span>
        ) : (
          `${countText(requests_per_minute)} a minute`
        )}
      </span>
      <span className={classes.action}>
        {state === 'active' && (
          <Button
            variant="subtle"
            color="red"
            size="compact-xs"
            onClick={onRevoke}
            aria-label={`Revoke ${name}`}
          >
            Revoke
          </Button>
        )}
      </span>
    </li>
  );
}
