import { Badge, Group, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useMessages } from '../api/queries.js';
import { momentText } from '../parts/format.js';
import { JsonTree } from '../parts/json-tree.js';
import { Empty, Failure, Loading } from '../parts/states.js';
import classes from './topics.module.css';

/** The newest messages of a topic, decoded. */
export function Messages({ topic }: { topic: string }) {
  const [contains, setContains] = useState('');
  const query = useMessages(topic, contains);
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setContains(String(new FormData(event.currentTarget).get('contains') ?? '').trim());
        }}
      >
        <TextInput
          name="contains"
          aria-label="Only with this text"
          placeholder="Only with this text, then Enter"
          mb="sm"
        />
      </form>
      {query.isPending ? (
        <Loading what="Reading" />
      ) : query.isError ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data.messages.length === 0 ? (
        <Empty title="No message">
          {contains
            ? 'None of those looked at holds this text.'
            : 'Nothing has been written to it, or it was cleaned up.'}
        </Empty>
      ) : (
        <>
          {query.data.messages.map((message) => (
            <details
              key={`${message.partition}/${message.offset}`}
              className={classes.message}
              data-testid="message"
            >
              <summary>
                <span className="mono dim">
                  {message.partition}/{message.offset}
                </span>{' '}
                {momentText(message.timestamp)}{' '}
                <Badge variant="light" radius="sm" tt="none" size="sm">
                  {message.format}
                </Badge>
                <span className={`${classes.key} mono cut`}>{message.key}</span>
              </summary>
              {Object.keys(message.headers).length > 0 && <JsonTree value={{ headers: message.headers }} />}
              <JsonTree value={message.value} />
            </details>
          ))}
          <Group mt="xs">
            <Text fz="xs" c="dimmed">
              {query.data.scanned} records looked at{query.data.complete ? '' : '; there are more'}
            </Text>
          </Group>
        </>
      )}
    </>
  );
}
