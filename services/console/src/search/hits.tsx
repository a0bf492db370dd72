import { Highlight } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { aboutEvent } from '../../../../lib/model/describe-event.js';
import type { EventOut } from '../api/types.js';
import { EventType } from '../parts/event-kind.js';
import { plainText, shortId } from '../parts/format.js';
import { Time } from '../parts/time.js';
import { agentName } from '../traces/trace-list.js';
import { foundText, type Hit, type Run } from './group-hits.js';
import classes from './search.module.css';

const SHOWN_HITS = 3;

/** Words that stand in every text. */
const COMMON =
  /^(?:.{1,2}|the|and|for|was|were|are|with|without|that|this|from|how|why|what|who|did|does|had|has|not)$/i;

/** The words of a question that are marked where they stand in a text. */
const marked = (words: string): string[] =>
  words.split(/[\s"]+/).filter((word) => word && !COMMON.test(word));

/** A run with what was found in it. */
export function RunHits({ run, best, words, now }: { run: Run; best: number; words: string; now: number }) {
  const [all, setAll] = useState(false);
  const [first] = run.hits;
  const shown = all ? run.hits : run.hits.slice(0, SHOWN_HITS);
  return (
    <section className={classes.run} data-testid="run">
      <div className={classes.runHead}>
        <Link to={traceLink(first!.event)} className={classes.runName}>
          {first!.event.agent_id
            ? agentName(first!.event.agent_id)
            : (first!.event.framework ?? 'unnamed agent')}
        </Link>
        <span className="mono dim">{shortId(run.traceId)}</span>
        <span className="dim">
          <Time iso={first!.event.timestamp} now={now} />
        </span>
      </div>
      {shown.map((hit) => (
        <HitLine key={hit.event.event_id} hit={hit} best={best} words={words} now={now} isInRun />
      ))}
      {run.hits.length > shown.length && (
        <button type="button" className={classes.more} onClick={() => setAll(true)}>
          {run.hits.length - shown.length} more in this run
        </button>
      )}
    </section>
  );
}

const traceLink = (event: EventOut): string =>
  `/traces/${encodeURIComponent(event.trace_id)}?event=${encodeURIComponent(event.event_id)}`;

/** An event that was found; it leads to its place in the trace. */
export function HitLine({
  hit,
  best,
  words,
  now,
  isInRun = false,
}: {
  hit: Hit;
  /** The best score of all hits: scores can be compared with each other alone. */
  best: number;
  words: string;
  now: number;
  isInRun?: boolean;
}) {
  const { event, score } = hit;
  const text = aboutEvent(event).map(plainText).join(' · ');
  return (
    <Link to={traceLink(event)} className={classes.hit} data-testid="hit">
      <span className={classes.score} title={foundText(hit)}>
        <span style={{ inlineSize: `${Math.max(4, (score / best) * 100)}%` }} />
      </span>
      <EventType type={event.event_type} />
      <Highlight highlight={marked(words)} className={classes.hitText!} component="span">
        {text}
      </Highlight>
      {!isInRun && (
        <span className={`${classes.hitWhere} dim`}>
          {event.agent_id && <span className="cut">{agentName(event.agent_id)}</span>}
          <Time iso={event.timestamp} now={now} />
        </span>
      )}
    </Link>
  );
}
