import { Badge, Group, Text } from '@mantine/core';
import { useExplanation } from '../api/queries.js';
import { typeText } from '../parts/event-kind.js';
import { clockText, percentText } from '../parts/format.js';
import { Facts, Section } from '../parts/section.js';
import { Failure, Loading } from '../parts/states.js';
import classes from './trace.module.css';

/** Why an event is what it is, and in the trace that it is in. */
export function Why({
  eventId,
  traceId,
  onChoose,
}: {
  eventId: string;
  traceId: string;
  onChoose: (eventId: string) => void;
}) {
  const query = useExplanation(eventId, true);
  if (query.isPending) return <Loading what="Asking" />;
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  const why = query.data;
  const captures = Object.entries(why.captures);
  return (
    <div data-testid="why">
      <Text className={classes.summary}>{why.summary}</Text>
      <Section title="What it is">
        <Facts
          facts={{
            rule: why.rule ?? 'none: its sender named the type, or nothing recognised it',
            version: why.rule_version,
          }}
        />
        {captures.length > 0 && <Facts facts={why.captures} />}
      </Section>
      <Section title="Where it belongs">
        <Group gap={6} mb={4}>
          <Badge variant="light" radius="sm" tt="none">
            strategy {why.strategy} of 4
          </Badge>
          {why.confidence !== null && <span className="dim">sure to {percentText(why.confidence)}</span>}
        </Group>
        <Text>{why.strategy_in_words}</Text>
        {why.inherited && <Text mt={4}>Inherited: {why.inherited}</Text>}
        {why.evidence.length > 0 && (
          <ul className={classes.evidence}>
            {why.evidence.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        )}
        <Facts
          facts={{
            group: why.group_key,
            'bound by': why.links.bound_by?.event_id,
            'was in': why.links.previous_trace_ids.join(', '),
            continues: why.links.continues,
            'continued by': why.links.continued_by,
            trace: why.trace_id === traceId ? null : why.trace_id,
          }}
        />
      </Section>
      <Section title="Around it">
        {[...why.siblings.before, null, ...why.siblings.after].map((sibling) =>
          sibling ? (
            <button
              key={sibling.event_id}
              type="button"
              className={classes.sibling}
              onClick={() => onChoose(sibling.event_id)}
            >
              <span className="mono dim">{clockText(sibling.timestamp)}</span> {typeText(sibling.event_type)}
            </button>
          ) : (
            <div key="this" className={classes.thisOne}>
              this event
            </div>
          ),
        )}
      </Section>
      <Section title="Where the line stands">
        <Facts facts={{ ...why.raw, flags: why.flags.join(', ') }} />
      </Section>
    </div>
  );
}
