import { Text } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useGroups, useTopics } from '../api/queries.js';
import type { GroupOut, TopicOut } from '../api/types.js';
import { countText } from '../parts/format.js';
import { Failure, Loading } from '../parts/states.js';
import { GroupTable } from './group-table.js';
import { keptText, sizeOf } from './kept.js';
import { TopicDrawer } from './topic-drawer.js';
import classes from './topics.module.css';

/** Topics, who reads them and how far behind, and a look into their messages. What is open is in the address. */
export function TopicsPage() {
  const [params, setParams] = useSearchParams();
  const topics = useTopics();
  const groups = useGroups(true);
  const name = params.get('topic');
  const show = (topic: string | null) => setParams(topic ? { topic } : {});
  if (topics.isPending || groups.isPending) return <Loading what="Asking Kafka" />;
  const error = topics.error ?? groups.error;
  if (error && !(topics.data && groups.data))
    return <Failure error={error} onRetry={() => void Promise.all([topics.refetch(), groups.refetch()])} />;
  const listed = topics.data!.topics;
  return (
    <div className={classes.page}>
      <h1 className={classes.title}>Consumer groups</h1>
      <GroupTable groups={groups.data!.groups} onOpen={show} />
      <h2 className={classes.title}>Topics</h2>
      <table className={classes.table}>
        <thead>
          <tr>
            <th>Topic</th>
            <th>Read by</th>
            <th className={classes.wide}>Partitions</th>
            <th className={classes.number}>Offsets</th>
            <th className={classes.wide}>Keeps</th>
          </tr>
        </thead>
        <tbody>
          {listed.map((topic) => (
            <TopicLine
              key={topic.name}
              topic={topic}
              readers={readersOf(groups.data!.groups, topic.name)}
              onOpen={() => show(topic.name)}
            />
          ))}
        </tbody>
      </table>
      <TopicDrawer name={name} topic={listed.find((one) => one.name === name)} onClose={() => show(null)} />
    </div>
  );
}

/** Groups that read a topic, with how far behind each is on it. */
const readersOf = (groups: readonly GroupOut[], topic: string) =>
  groups.flatMap(({ group, partitions }) => {
    const own = partitions.filter((one) => one.topic === topic);
    return own.length > 0 ? [{ group, lag: own.reduce((sum, { lag }) => sum + lag, 0) }] : [];
  });

function TopicLine({
  topic,
  readers,
  onOpen,
}: {
  topic: TopicOut;
  readers: { group: string; lag: number }[];
  onOpen: () => void;
}) {
  return (
    <tr data-testid="topic">
      <td>
        <button type="button" className={`${classes.name} mono`} onClick={onOpen}>
          {topic.name}
        </button>
        {topic.doc && (
          <Text fz="xs" c="dimmed" className={classes.doc}>
            {topic.doc}
          </Text>
        )}
      </td>
      <td>
        {readers.map(({ group, lag }) => (
          <div key={group} className={classes.reader} data-behind={lag > 0 || undefined}>
            {group.replace(/^vectadb-/, '')}
            {lag > 0 && <span className="num"> {countText(lag)} behind</span>}
          </div>
        ))}
      </td>
      <td className={`${classes.wide} num`}>{topic.partitions.length}</td>
      <td className={`${classes.number} num`}>{countText(sizeOf(topic))}</td>
      <td className={classes.wide}>{keptText(topic.config)}</td>
    </tr>
  );
}
