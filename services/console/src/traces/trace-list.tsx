import { Tooltip, UnstyledButton } from '@mantine/core';
import { CircleAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import { Link } from 'react-router';
import { costText } from '../../../../lib/model/cost/cost-text.js';
import type { TraceOut } from '../api/types.js';
import { countText, durationText, shortId } from '../parts/format.js';
import { Status } from '../parts/status.js';
import { Time } from '../parts/time.js';
import classes from './traces.module.css';

/** Traces as lines, newest first; at the width of a telephone as cards. */
export function TraceList({
  traces,
  now,
  chosen,
  onFilter,
}: {
  traces: TraceOut[];
  now: number;
  chosen: number;
  onFilter: (name: string, value: string) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[chosen + 1]?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const longestMs = Math.max(1, ...traces.map((trace) => trace.duration_ms));
  return (
    <div className={classes.list} ref={list}>
      <div className={`${classes.row} ${classes.head}`}>
        <span>Status</span>
        <span>Trace</span>
        <span>What it used</span>
        <span>Started</span>
        <span className={classes.right}>Duration</span>
        <span className={classes.right}>Events</span>
        <span className={classes.right}>Tokens</span>
        <span className={classes.right}>Cost</span>
      </div>
      {traces.map((trace, index) => (
        <TraceLine
          key={trace.trace_id}
          trace={trace}
          now={now}
          isChosen={index === chosen}
          part={trace.duration_ms / longestMs}
          onFilter={onFilter}
        />
      ))}
    </div>
  );
}

function TraceLine({
  trace,
  now,
  isChosen,
  part,
  onFilter,
}: {
  trace: TraceOut;
  now: number;
  isChosen: boolean;
  part: number;
  onFilter: (name: string, value: string) => void;
}) {
  const tokens = Object.values(trace.models).reduce((sum, model) => sum + model.total_tokens, 0);
  return (
    <div className={classes.row} data-chosen={isChosen || undefined} data-testid="trace-line">
      <span className={classes.status}>
        <Status status={trace.status} />
      </span>
      <span className={classes.who}>
        <Link to={`/traces/${encodeURIComponent(trace.trace_id)}`} className={classes.link}>
          <span className="cut">{agentText(trace)}</span>
        </Link>
        <span className={`${classes.under} mono`}>
          {shortId(trace.trace_id)}
          {trace.session_id && (
            <Tooltip label={`Only the session ${trace.session_id}`}>
              <UnstyledButton
                className={classes.session}
                onClick={() => onFilter('session_id', trace.session_id!)}
              >
                {shortId(trace.session_id)}
              </UnstyledButton>
            </Tooltip>
          )}
        </span>
      </span>
      <span className={classes.used}>
        <Used trace={trace} />
      </span>
      <span className={classes.started}>
        <Time iso={trace.start_time} now={now} />
      </span>
      <span className={`${classes.right} ${classes.duration} num`}>
        {durationText(trace.duration_ms)}
        <span className={classes.bar} style={{ inlineSize: `${Math.max(2, part * 100)}%` }} />
      </span>
      <span className={`${classes.right} ${classes.events} num`}>
        {trace.error_count > 0 && (
          <Tooltip label={`${trace.error_count} errors`}>
            <span className={classes.errors}>
              <CircleAlert size={13} /> {countText(trace.error_count)}
            </span>
          </Tooltip>
        )}
        {countText(trace.total_events)}
        <span className={classes.unit}> events</span>
      </span>
      <span className={`${classes.right} ${classes.tokens} num`}>
        {tokens > 0 ? countText(tokens) : <span className="dim">–</span>}
      </span>
      <span className={`${classes.right} ${classes.cost} num`}>
        {trace.cost.usd === null ? (
          <span className="dim">–</span>
        ) : (
          costText(trace.cost.usd, !trace.cost.complete)
        )}
      </span>
    </div>
  );
}

const MAX_NAMED = 3;

/** Its tools and models by name, those that failed first. */
function Used({ trace }: { trace: TraceOut }) {
  const named = [
    ...Object.entries(trace.tools).map(([name, { errors }]) => ({ name, errors, kind: 'tool' })),
    ...Object.entries(trace.models).map(([name, { errors }]) => ({ name, errors, kind: 'llm' })),
  ].sort((a, b) => b.errors - a.errors);
  const rest = named.length - MAX_NAMED;
  return (
    <>
      {named.slice(0, MAX_NAMED).map(({ name, errors, kind }) => (
        <span
          key={`${kind}:${name}`}
          className={classes.chip}
          style={{ color: `var(--kind-${errors > 0 ? 'failure' : kind})` }}
        >
          {name}
        </span>
      ))}
      {rest > 0 && <span className="dim">+{rest}</span>}
      {named.length === 0 && <span className="dim">{trace.frameworks.join(', ') || '–'}</span>}
    </>
  );
}

/** Who ran: the agents by name; one that is called after its log stream, after its last part. */
export function agentText(trace: Pick<TraceOut, 'agent_id' | 'agents' | 'frameworks'>): string {
  const names = (trace.agents.length > 0 ? trace.agents : [trace.agent_id ?? '']).filter(Boolean);
  if (names.length === 0) return trace.frameworks[0] ?? 'unnamed agent';
  return names.map(agentName).join(', ');
}

export const agentName = (agent: string): string =>
  agent.startsWith('stream:') ? streamName(agent.slice('stream:'.length)) : agent;

/** `cloudwatch:1234/us-east-1//aws/lambda/bot/[$LATEST]ab` → `/aws/lambda/bot/[$LATEST]ab`. */
const streamName = (stream: string): string =>
  /^[^:]+:[^/]*\/[^/]*\/(.+)$/.exec(stream)?.[1]?.replaceAll(/%2F/gi, '/') ?? stream;
