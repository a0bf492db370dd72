import { ActionIcon, Button, Group, ScrollArea, Tabs, Tooltip } from '@mantine/core';
import { ArrowDown, ArrowUp, Braces, Link2, X } from 'lucide-react';
import type { TraceDetail } from '../api/types.js';
import { Copyable } from '../parts/copy.js';
import { EventType, typeText } from '../parts/event-kind.js';
import { clockText, durationText, offsetText, plainText } from '../parts/format.js';
import { JsonTree, jsonIn } from '../parts/json-tree.js';
import { Facts, Section } from '../parts/section.js';
import { contentOf } from './content.js';
import { pathOf, type Row, type TraceRows } from './rows.js';
import classes from './trace.module.css';
import { Why } from './why.js';

/** Everything about one event: what it says, why it is here, and its data as they are stored. */
export function EventPanel({
  row,
  rows,
  trace,
  why,
  onWhy,
  onChoose,
  onBetween,
  onMove,
}: {
  row: Row;
  rows: TraceRows;
  trace: TraceDetail;
  why: boolean;
  onWhy: (why: boolean) => void;
  onChoose: (row: Row | null) => void;
  onBetween: (from: string, to: string) => void;
  onMove: (by: number) => void;
}) {
  const { event } = row;
  const { message, ...properties } = event.properties as Record<string, unknown>;
  const link = new URL(window.location.href);
  link.searchParams.set('event', event.event_id);
  const first = rows.byTime[0]!.event.event_id;
  const last = rows.byTime.at(-1)!.event.event_id;
  return (
    <section className={classes.event} aria-label="Event" data-testid="event-panel">
      <Group className={classes.eventHead} gap={4} wrap="nowrap">
        <EventType type={event.event_type} />
        <span className="dim num">
          {row.place + 1}/{rows.byTime.length}
        </span>
        <Group gap={2} ml="auto" wrap="nowrap">
          <IconAction label="Previous (k)" icon={ArrowUp} onClick={() => onMove(-1)} />
          <IconAction label="Next (j)" icon={ArrowDown} onClick={() => onMove(1)} />
          <Copyable value={link.href} what="a link to this event" icon={Link2} />
          <Copyable value={JSON.stringify(event, null, 2)} what="the event as JSON" icon={Braces} />
          <IconAction label="Close (Esc)" icon={X} onClick={() => onChoose(null)} />
        </Group>
      </Group>
      <Tabs
        value={why ? 'why' : 'what'}
        onChange={(tab) => onWhy(tab === 'why')}
        className={classes.tabs}
        classNames={{ panel: classes.tab! }}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="what">What it says</Tabs.Tab>
          <Tabs.Tab value="why">Why is this here</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="what">
          <ScrollArea h="100%" type="auto" offsetScrollbars="y">
            <div className={classes.eventBody}>
              <Path row={row} onChoose={onChoose} />
              <Content row={row} />
              {typeof message === 'string' && (
                <Section title="Line as logged" copy={message}>
                  <pre className={classes.payload}>{plainText(message)}</pre>
                </Section>
              )}
              {Object.keys(properties).length > 0 && (
                <Section title="Properties" copy={JSON.stringify(properties, null, 2)}>
                  <JsonTree value={properties} />
                </Section>
              )}
              <Section title="Event">
                <Facts
                  facts={{
                    when: `${clockText(event.timestamp)} local · ${event.timestamp}`,
                    'since start': offsetText(row.atMs),
                    took: row.tookMs === null ? null : durationText(row.tookMs),
                    agent: event.agent_id,
                    session: event.session_id,
                    framework: event.framework,
                    flags: event.flags.join(', '),
                    id: event.event_id,
                  }}
                />
              </Section>
              {event.source && (
                <Section title="Source">
                  <Facts facts={event.source as Record<string, unknown>} />
                </Section>
              )}
              <Group gap="xs" mt="xs">
                <Button variant="default" onClick={() => onBetween(event.event_id, last)}>
                  From here on
                </Button>
                <Button variant="default" onClick={() => onBetween(first, event.event_id)}>
                  Up to here
                </Button>
                <span className="dim">or Shift-click a second step</span>
              </Group>
            </div>
          </ScrollArea>
        </Tabs.Panel>
        <Tabs.Panel value="why">
          <ScrollArea h="100%" type="auto" offsetScrollbars="y">
            <div className={classes.eventBody}>
              <Why
                eventId={event.event_id}
                traceId={trace.trace_id}
                onChoose={(id) => {
                  const other = rows.byId.get(id);
                  if (other) onChoose(other);
                }}
              />
            </div>
          </ScrollArea>
        </Tabs.Panel>
      </Tabs>
    </section>
  );
}

function IconAction({ label, icon: Icon, onClick }: { label: string; icon: typeof X; onClick: () => void }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" onClick={onClick} aria-label={label}>
        <Icon size={14} />
      </ActionIcon>
    </Tooltip>
  );
}

/** The steps that this one is part of. */
function Path({ row, onChoose }: { row: Row; onChoose: (row: Row) => void }) {
  const path = pathOf(row);
  if (path.length === 0) return null;
  return (
    <div className={classes.crumbs}>
      {path.map((above) => (
        <button
          key={above.event.event_id}
          type="button"
          className={classes.crumb}
          onClick={() => onChoose(above)}
        >
          {above.title || typeText(above.event.event_type)}
        </button>
      ))}
    </div>
  );
}

function Content({ row }: { row: Row }) {
  const { name, parts, tokens } = contentOf(row.event);
  const shown = parts.filter(({ label }) => label !== 'line');
  return (
    <>
      {(name || tokens || row.tookMs !== null) && (
        <div className={classes.eventName}>
          {name && <strong>{name}</strong>}
          {tokens && <span className="dim num">{tokens}</span>}
          {row.tookMs !== null && <span className="dim num">{durationText(row.tookMs)}</span>}
        </div>
      )}
      {shown.map(({ label, text, isPayload }) => {
        const json = isPayload ? jsonIn(text) : null;
        return (
          <Section key={label} title={label} copy={text} isBad={label === 'error'}>
            {json ? (
              <JsonTree value={json} />
            ) : (
              <div className={isPayload ? classes.payload : classes.prose}>{text}</div>
            )}
          </Section>
        );
      })}
    </>
  );
}
