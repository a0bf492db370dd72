import { Badge, Button, Group, Loader, Select, Text, TextInput } from '@mantine/core';
import { RefreshCw } from 'lucide-react';
import { useState } from 'react';
import { useMessages } from '../api/queries.js';
import type { MessageOut, TopicOut } from '../api/types.js';
import { clockText, momentText } from '../parts/format.js';
import { JsonTree } from '../parts/json-tree.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import { previewOf, withProperties } from './preview.js';
import classes from './topics.module.css';

interface Look {
  contains: string;
  partition: string | null;
  offset: string;
}

const EVERYWHERE: Look = { contains: '', partition: null, offset: '' };

/** Messages of a topic, decoded: the newest, those from an offset on, or those that hold a text. */
export function Messages({ topic }: { topic: TopicOut }) {
  const [look, setLook] = useState(EVERYWHERE);
  const [asked, setAsked] = useState(EVERYWHERE);
  const query = useMessages(topic.name, {
    contains: asked.contains,
    partition: asked.partition,
    offset: asked.partition === null ? null : asked.offset,
  });
  const messages = query.data?.messages ?? [];
  const ask = (next: Look) => {
    setLook(next);
    setAsked(next);
  };
  // an offset reads forward; without one the newest come first
  const last = messages.at(-1);
  const next = asked.partition !== null && asked.offset !== '' && last ? last.offset + 1 : null;
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(look);
        }}
      >
        <Group gap="xs" mb="sm">
          <TextInput
            aria-label="Only with this text"
            placeholder="Only with this text"
            className={classes.contains!}
            maxLength={512}
            data-autofocus
            value={look.contains}
            onChange={(event) => setLook({ ...look, contains: event.currentTarget.value })}
          />
          <Select
            aria-label="Partition"
            placeholder="All partitions"
            clearable
            w={128}
            value={look.partition}
            onChange={(partition) =>
              ask({ ...look, partition, offset: partition === null ? '' : look.offset })
            }
            data={topic.partitions.map(({ partition }) => ({
              value: String(partition),
              label: `Partition ${partition}`,
            }))}
          />
          <TextInput
            aria-label="From offset"
            placeholder="From offset"
            inputMode="numeric"
            pattern="[0-9]*"
            w={96}
            disabled={look.partition === null}
            title={look.partition === null ? 'Choose a partition first' : undefined}
            value={look.offset}
            onChange={(event) => setLook({ ...look, offset: event.currentTarget.value.trim() })}
          />
          <Button
            type="submit"
            variant="default"
            // never disabled: Enter asks anew while the last look goes on
            leftSection={query.isFetching ? <Loader size={13} /> : <RefreshCw size={13} />}
            onClick={() => look === asked && void query.refetch()}
          >
            Look
          </Button>
        </Group>
      </form>
      {query.isPending ? (
        <Loading what="Reading" />
      ) : query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : messages.length === 0 ? (
        <Empty title="No message">
          {asked.contains
            ? `None of the ${query.data.scanned} looked at holds this text.`
            : 'Nothing was written here, or it was cleaned up since.'}
          {!query.data.complete && ' Then the time was over: look again, or in one partition.'}
        </Empty>
      ) : (
        <>
          {messages.map((message) => (
            <Message key={`${message.partition}/${message.offset}`} message={message} />
          ))}
          <Group mt="xs" justify="space-between">
            <Text fz="xs" c="dimmed">
              {query.data.scanned} looked at
              {query.data.complete ? '' : ', then the time was over: look again, or in one partition'}
            </Text>
            {next !== null && (
              <Button
                variant="default"
                size="compact-xs"
                onClick={() => ask({ ...asked, offset: String(next) })}
              >
                From {next} on
              </Button>
            )}
          </Group>
        </>
      )}
    </>
  );
}

function Message({ message }: { message: MessageOut }) {
  const [open, setOpen] = useState(false);
  const headers = Object.keys(message.headers).length > 0 ? { headers: message.headers } : null;
  return (
    <details
      className={classes.message}
      data-testid="message"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <span className={`${classes.place} mono num`}>
          {message.partition}/{message.offset}
        </span>
        <time dateTime={message.timestamp} title={momentText(message.timestamp)} className="num dim">
          {clockText(message.timestamp)}
        </time>
        <Badge variant="light" radius="sm" tt="none" size="sm" className={classes.format!}>
          {message.format.split('.').at(-1)}
        </Badge>
        <span className={`${classes.preview} mono cut`}>{previewOf(message)}</span>
      </summary>
      {open && (
        <div className={classes.opened}>
          <JsonTree value={{ key: message.key, ...headers }} />
          <JsonTree value={withProperties(message.value)} />
        </div>
      )}
    </details>
  );
}
