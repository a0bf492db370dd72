import { Code, Drawer, Text, UnstyledButton } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useGroups, useTopics } from '../api/queries.js';
import type { GroupOut, TopicOut } from '../api/types.js';
import { countText } from '../parts/format.js';
import { Failure, Loading } from '../parts/states.js';
import { Messages } from './messages.js';
import classes from './topics.module.css';

/** Topics, who reads them and how far behind, and a look into their messages. */
export function TopicsPage() {
  const [params, setParams] = useSearchParams();
  const topics = useTopics();
  const groups = useGroups(true);
  const open = params.get('topic');
  const show = (topic: string | null) => setParams(topic ? { topic } : {}, { replace: true });
  if (topics.isPending || groups.isPending) return <Loading what="Asking Kafka" />;
  const error = topics.error ?? groups.error;
  if (error)
    return <Failure error={error} onRetry={() => void Promise.all([topics.refetch(), groups.refetch()])} />;
  return (
    <div className={classes.page}>
      <h2 className={classes.title}>Consumer groups</h2>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>Group</th>
              <th>State</th>
              <th>Members</th>
              <th>Behind</th>
            </tr>
          </thead>
          <tbody>
            {groups.data!.groups.map((group) => (
              <GroupLine key={group.group} group={group} />
            ))}
          </tbody>
        </table>
      </div>
      <h2 className={classes.title}>Topics</h2>
      <div className={classes.scroll}>
        <table className={classes.table}>
          <thead>
            <tr>
              <th>Topic</th>
              <th>Partitions</th>
              <th>Offsets</th>
              <th>Kept</th>
            </tr>
          </thead>
          <tbody>
            {topics.data!.topics.map((topic) => (
              <TopicLine key={topic.name} topic={topic} onOpen={() => show(topic.name)} />
            ))}
          </tbody>
        </table>
      </div>
      <Drawer
        opened={open !== null}
        onClose={() => show(null)}
        position="right"
        size="min(760px, 100%)"
        title={<span className="mono">{open}</span>}
        transitionProps={{ duration: 120 }}
      >
        {open && <Messages topic={open} />}
      </Drawer>
    </div>
  );
}

function GroupLine({ group }: { group: GroupOut }) {
  return (
    <tr data-testid="group">
      <td className="mono">{group.group}</td>
      <td>{group.state}</td>
      <td className="num">{group.members}</td>
      <td className="num" data-behind={group.lag > 0 || undefined}>
        {countText(group.lag)}
      </td>
    </tr>
  );
}

function TopicLine({ topic, onOpen }: { topic: TopicOut; onOpen: () => void }) {
  const kept = topic.partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  return (
    <tr data-testid="topic">
      <td>
        <UnstyledButton className={`${classes.name} mono`} onClick={onOpen}>
          {topic.name}
        </UnstyledButton>
        {topic.doc && (
          <Text fz="xs" c="dimmed">
            {topic.doc}
          </Text>
        )}
      </td>
      <td className="num">{topic.partitions.length}</td>
      <td className="num">{countText(kept)}</td>
      <td>
        <Code>{topic.config['cleanup.policy'] ?? 'delete'}</Code>
      </td>
    </tr>
  );
}
