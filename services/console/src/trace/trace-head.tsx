import { ActionIcon, Anchor, Group, Menu, Text, Tooltip } from '@mantine/core';
import { ArrowLeft, CircleAlert, Link2, Network } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';
import { costText } from '../../../../lib/model/cost/cost-text.js';
import type { TraceDetail, TraceOut } from '../api/types.js';
import { Copyable } from '../parts/copy.js';
import { countText, durationText, shortId } from '../parts/format.js';
import { Status } from '../parts/status.js';
import { Time, useNow } from '../parts/time.js';
import { agentText } from '../traces/trace-list.js';
import classes from './trace.module.css';

/** Whose trace it is, how it went, how long it took and what it cost: two lines. */
export function TraceHead({ trace }: { trace: TraceDetail }) {
  const now = useNow();
  const navigate = useNavigate();
  const tokens = Object.values(trace.models).reduce((sum, model) => sum + model.total_tokens, 0);
  return (
    <header className={classes.head}>
      <Group gap="xs" wrap="nowrap">
        <ActionIcon variant="subtle" color="gray" onClick={() => navigate('/traces')} aria-label="All traces">
          <ArrowLeft size={16} />
        </ActionIcon>
        <Status status={trace.status} size="md" />
        <h1 className={`${classes.name} cut`}>{agentText(trace)}</h1>
        <Group gap={2} ml="auto" wrap="nowrap">
          <Related trace={trace} />
          <Copyable value={() => window.location.href} what="a link to this view" icon={Link2} />
        </Group>
      </Group>
      <div className={classes.facts}>
        <Fact label="Trace">
          <span className="mono">{shortId(trace.trace_id)}</span>
          <Copyable value={trace.trace_id} what="the trace id" />
        </Fact>
        {trace.session_id && (
          <Fact label="Session">
            <Anchor
              component={Link}
              to={`/traces?session_id=${encodeURIComponent(trace.session_id)}`}
              fz="inherit"
              className="mono"
            >
              {shortId(trace.session_id)}
            </Anchor>
          </Fact>
        )}
        <Fact label="Started">
          <Time iso={trace.start_time} now={now} both />
        </Fact>
        <Fact label="Took">{durationText(trace.duration_ms)}</Fact>
        <Fact label="Events">{countText(trace.total_events)}</Fact>
        {trace.error_count > 0 && (
          <Fact label="Errors">
            <span className={classes.bad}>
              <CircleAlert size={13} /> {countText(trace.error_count)}
            </span>
          </Fact>
        )}
        {tokens > 0 && (
          <Fact label="Tokens">
            <Tooltip label={<ModelLines trace={trace} />}>
              <span className={classes.hint}>{countText(tokens)}</span>
            </Tooltip>
          </Fact>
        )}
        {trace.cost.usd !== null && (
          <Fact label="Cost">
            <Tooltip
              label={
                trace.cost.complete
                  ? 'Estimated by the price table'
                  : `At least: ${trace.cost.unknown.join(', ') || 'some tokens'} not known`
              }
            >
              <span className={classes.hint}>{costText(trace.cost.usd, !trace.cost.complete)}</span>
            </Tooltip>
          </Fact>
        )}
        <ToolFacts trace={trace} />
      </div>
      {trace.merged_from && (
        <Text c="dimmed" fz="xs">
          {shortId(trace.merged_from)} is part of this trace now.
        </Text>
      )}
      {trace.continues && (
        <Text fz="xs">
          Goes on from{' '}
          <Anchor component={Link} to={`/traces/${encodeURIComponent(trace.continues)}`} fz="inherit">
            {shortId(trace.continues)}
          </Anchor>
          , which was full.
        </Text>
      )}
    </header>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <span className={classes.fact}>
      <span className="dim">{label}</span> {children}
    </span>
  );
}

const MAX_TOOLS = 4;

function ToolFacts({ trace }: { trace: TraceDetail }) {
  const tools = Object.entries(trace.tools).sort(([, a], [, b]) => b.errors - a.errors || b.calls - a.calls);
  if (tools.length === 0) return null;
  return (
    <Fact label="Tools">
      {tools.slice(0, MAX_TOOLS).map(([name, { calls, errors, timed, total_ms }]) => (
        <Tooltip
          key={name}
          label={`${calls} calls, ${errors} failed${timed > 0 ? `, ${durationText(total_ms / timed)} each` : ''}`}
        >
          <span className={classes.tool}>
            {name} {calls}×{errors > 0 && <span className={classes.badTool}> {errors} failed</span>}
          </span>
        </Tooltip>
      ))}
      {tools.length > MAX_TOOLS && <span className="dim">+{tools.length - MAX_TOOLS}</span>}
    </Fact>
  );
}

function ModelLines({ trace }: { trace: TraceDetail }) {
  return Object.entries(trace.models).map(([name, { calls, prompt_tokens, completion_tokens }]) => (
    <div key={name}>
      {name}: {calls} calls, {countText(prompt_tokens)} in, {countText(completion_tokens)} out
    </div>
  ));
}

/** Other traces of the same session or agent. */
function Related({ trace }: { trace: TraceDetail }) {
  const now = useNow(60_000);
  const { same_session, same_agent } = trace.related;
  if (same_session.length + same_agent.length === 0) return null;
  const items = (traces: TraceOut[]) =>
    traces.slice(0, 8).map((other) => (
      <Menu.Item
        key={other.trace_id}
        component={Link}
        to={`/traces/${encodeURIComponent(other.trace_id)}`}
        leftSection={<Status status={other.status} />}
      >
        <Time iso={other.start_time} now={now} /> · {other.total_events} events
      </Menu.Item>
    ));
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Tooltip label="Others of this session or agent">
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Related traces">
            <Network size={14} />
          </ActionIcon>
        </Tooltip>
      </Menu.Target>
      <Menu.Dropdown>
        {same_session.length > 0 && <Menu.Label>Same session</Menu.Label>}
        {items(same_session)}
        {same_agent.length > 0 && <Menu.Label>Same agent</Menu.Label>}
        {items(same_agent)}
      </Menu.Dropdown>
    </Menu>
  );
}
