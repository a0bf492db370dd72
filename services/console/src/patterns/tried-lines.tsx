import { Badge, Text } from '@mantine/core';
import { ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { TriedLine } from '../api/types.js';
import { EventType } from '../parts/event-kind.js';
import { plainText } from '../parts/format.js';
import { Facts, Section } from '../parts/section.js';
import { Empty } from '../parts/states.js';
import classes from './patterns.module.css';

/** What became of each line. */
export function TriedLines({ lines, isRefused }: { lines: readonly TriedLine[]; isRefused: boolean }) {
  if (lines.length === 0)
    return isRefused ? (
      <Empty title="The rules cannot be used yet">What is wrong stands below them, with its line.</Empty>
    ) : (
      <Empty title="There were no lines">The rules themselves can be used.</Empty>
    );
  const understood = lines.filter(({ parsed }) => parsed).length;
  return (
    <>
      <Text className={classes.count} data-testid="tried-count">
        {understood} of {lines.length} {lines.length === 1 ? 'line' : 'lines'} understood
      </Text>
      {lines.map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines stay where they are
        <TriedLineView key={index} number={index + 1} line={line} />
      ))}
    </>
  );
}

function TriedLineView({ number, line }: { number: number; line: TriedLine }) {
  const [open, setOpen] = useState(false);
  return (
    <details
      className={classes.tried}
      data-testid="tried"
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <ChevronRight size={13} className={classes.chevron} />
        <span className={`${classes.lineNumber} num`}>{number}</span>
        <span className={classes.triedHead}>
          {line.continues ? (
            <span className="dim">joins the event above</span>
          ) : (
            <EventType type={line.event_type} />
          )}
          {line.rule && !line.continues && (
            <Badge variant="light" radius="sm" tt="none" color={isOwn(line) ? 'teal' : 'gray'}>
              {line.rule}
              {isOwn(line) && ' (yours)'}
            </Badge>
          )}
          {!line.parsed && !line.continues && <span className="dim">kept as it is</span>}
        </span>
        <span className={`${classes.triedText} mono`}>{plainText(line.text)}</span>
      </summary>
      {open && <Reasons line={line} />}
    </details>
  );
}

const isOwn = ({ explain }: TriedLine): boolean => explain?.rule_origin?.startsWith('rules:') ?? false;

const STRATEGIES = [
  '',
  'a trace id',
  'a session or request id',
  'its agent or stream',
  'nothing: it stands alone',
];

function Reasons({ line }: { line: TriedLine }) {
  const { explain, properties } = line;
  const { message: _message, refused, ...fields } = properties;
  if (!explain) return <div className={classes.reasons}>{String(refused ?? 'It became no event.')}</div>;
  return (
    <div className={classes.reasons} data-testid="reasons">
      <Section title="Why">
        <Facts
          facts={{
            rule: line.rule ?? 'none recognised it',
            written: explain.rule_origin,
            priority: explain.priority,
            engine: explain.linear_engine.length > 0 ? `linear: ${explain.linear_engine.join('; ')}` : null,
            'rules see': explain.text === line.text ? null : explain.text,
            'set before': explain.tags.join(', '),
            'trace by': explain.strategy === null ? null : STRATEGIES[explain.strategy],
            flags: explain.flags.join(', '),
          }}
        />
      </Section>
      <Fields title="Captured" values={explain.captures} />
      {explain.extracted.map(({ rule, captures }) => (
        <Fields key={rule} title={`Added by ${rule}`} values={captures} />
      ))}
      <Fields
        title="Fields of the event"
        values={{
          trace_id: line.trace_id,
          session_id: line.session_id,
          agent_id: line.agent_id,
          framework: line.framework,
          ...fields,
        }}
      />
      <Fields title="Taken off the line" values={explain.wrappers} />
      {explain.near_misses.length > 0 && (
        <Section title="Nearly">
          <ul className={classes.misses}>
            {explain.near_misses.map(({ rule, origin, reason }) => (
              <li key={`${rule}:${origin}`}>
                <span className="mono">{rule}</span> {reason} <span className="dim">({origin})</span>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </div>
  );
}

function Fields({ title, values }: { title: string; values: Record<string, unknown> }) {
  const facts = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
    ]),
  );
  if (Object.values(facts).every((value) => value === null || value === undefined || value === ''))
    return null;
  return (
    <Section title={title}>
      <Facts facts={facts} />
    </Section>
  );
}
