import { Drawer, Tabs, Text } from '@mantine/core';
import type { TopicOut } from '../api/types.js';
import { Facts } from '../parts/section.js';
import { Empty } from '../parts/states.js';
import { keptText } from './kept.js';
import { Messages } from './messages.js';
import classes from './topics.module.css';

/** A topic from near: its messages, its partitions, how it is set. */
export function TopicDrawer({
  name,
  topic,
  onClose,
}: {
  name: string | null;
  topic: TopicOut | undefined;
  onClose: () => void;
}) {
  return (
    <Drawer
      opened={name !== null}
      onClose={onClose}
      position="right"
      size="min(820px, 100%)"
      title={<span className="mono">{name}</span>}
      closeButtonProps={{ 'aria-label': 'Close' }}
      transitionProps={{ duration: 120 }}
    >
      {name !== null && !topic && (
        <Empty title="There is no such topic">
          <code>vectadb topics apply</code> makes those that VectaDB needs.
        </Empty>
      )}
      {topic && (
        <Tabs defaultValue="messages" keepMounted={false} key={topic.name}>
          <Text c="dimmed" mb="xs">
            {topic.doc ?? 'Not a topic of VectaDB’s.'}
          </Text>
          <Tabs.List mb="sm">
            <Tabs.Tab value="messages">Messages</Tabs.Tab>
            <Tabs.Tab value="partitions">Partitions</Tabs.Tab>
            <Tabs.Tab value="settings">Settings</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="messages">
            <Messages topic={topic} />
          </Tabs.Panel>
          <Tabs.Panel value="partitions">
            <table className={classes.table}>
              <thead>
                <tr>
                  <th className={classes.number}>Partition</th>
                  <th className={classes.number}>Start</th>
                  <th className={classes.number}>End</th>
                  <th className={classes.number}>Offsets</th>
                </tr>
              </thead>
              <tbody>
                {topic.partitions.map(({ partition, start, end }) => (
                  <tr key={partition}>
                    {[partition, start, end, end - start].map((value, index) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: columns stay where they are
                      <td key={index} className={`${classes.number} num`}>
                        {value}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </Tabs.Panel>
          <Tabs.Panel value="settings">
            <Facts
              facts={{
                keeps: keptText(topic.config),
                replication: topic.replication,
                schemas: topic.schemas.join(', '),
                internal: topic.internal ? 'written and read by VectaDB alone' : null,
              }}
            />
            <table className={classes.table}>
              <tbody>
                {Object.entries(topic.config).map(([setting, value]) => (
                  <tr key={setting}>
                    <td className="mono">{setting}</td>
                    <td className="mono">{value}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Tabs.Panel>
        </Tabs>
      )}
    </Drawer>
  );
}
