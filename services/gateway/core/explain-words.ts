import type { EventContext } from '../../../lib/stores/surreal/index.js';

/** What reads a line where no written rule does. */
const READERS: Readonly<Record<string, string>> = {
  json_event_type: 'the field of its JSON that names what happened',
  pairs_event_type: 'the pair of its text that names what happened',
  named_fields: 'the fields of its JSON, which only such an event has',
  python_traceback: 'the traceback in it',
  failure_level: 'its log level, which says that something failed',
};

const FLAGS: Readonly<Record<string, string>> = {
  no_timestamp: 'It told no time of its own: the time at which it arrived stands for it.',
  clock_skew: 'Its own time lies ahead of the time at which it arrived.',
  redriven: 'It was refused at first, and sent again out of dead-letter.',
  redriven_again: 'It was sent out of dead-letter more than once.',
  truncated: 'It was longer than a record may be: it is cut, the raw record is whole.',
};

/** How the event came to be what it is. */
export function howRead({ event }: EventContext): string {
  const { why, event_type, properties, raw } = event;
  const lines = typeof properties.message === 'string' ? properties.message.split('\n').length : 1;
  const parts = [
    why.rule === null
      ? event_type === 'log'
        ? 'No rule recognised it: it is kept as a log line.'
        : `Its sender said that it is ${named(event_type)}.`
      : Object.hasOwn(READERS, why.rule)
        ? `It is ${named(event_type)} by ${READERS[why.rule]}.`
        : `It is ${named(event_type)} by the rule ${why.rule}${why.rule_version ? ` (version ${why.rule_version})` : ''}.`,
    ...(lines > 1 ? [`It was joined from ${lines} lines.`] : []),
    ...(raw.index > 0 ? [`It is step ${raw.index + 1} of a record that holds several.`] : []),
    ...event.flags.flatMap((flag) => FLAGS[flag] ?? []),
  ];
  return parts.join(' ');
}

/** Why the event is in its group: the strategy with the ids that it used. */
export function whyThere({ event }: EventContext): string {
  const { why } = event;
  const stream = event.source?.log_stream ? `its log stream ${event.source.log_stream}` : 'its log stream';
  const sure = why.confidence === null ? '' : ` (${Math.round(why.confidence * 100)} % sure)`;
  const evidence = (why.evidence ?? []).length > 0 ? `: ${why.evidence.join('; ')}` : '';
  const invocation = invocationOf(why.inherited);
  switch (why.strategy) {
    case 1:
    case 2: {
      const names =
        why.strategy === 1
          ? `It names its trace${idOf(event.group_key, 'trace:')}`
          : `It names its session or request${idOf(event.group_key, 'session:')}`;
      return invocation === null
        ? `${names}.`
        : `${names}; its session ${invocation} is the invocation that ran on ${stream}${sure}.`;
    }
    case 3:
      if (invocation !== null) {
        return `It names no id; the invocation ${invocation} ran on ${stream} when it was printed${sure}${evidence}.`;
      }
      if (why.inherited === null)
        return `It names no id and goes on with no run on ${stream}: it opened one.`;
      return `It names no id; it goes on with ${subjectOf(why.inherited, event.group_key)} on ${stream}${sure}${evidence}.`;
    case 4:
      return 'It names no id and comes from no log stream: it is a trace of its own.';
  }
}

/** How its group came to be in its trace, where that is more than the group itself. */
export function howLinked({ event, trace, bound_by, continued_by }: EventContext): string[] {
  const { group_key, group_id, trace_id } = event;
  const part = /^cont:(.+):(\d+)$/.exec(group_key);
  const moved = !part && !group_key.startsWith('trace:') && trace_id !== group_id;
  return [
    ...(part
      ? [
          `Its group was longer than a trace may be: this is part ${part[2]}, which goes on from trace ${trace?.continues ?? part[1]}.`,
        ]
      : []),
    ...(moved
      ? [
          bound_by
            ? `Its group was the trace ${group_id}; the event ${bound_by.event_id} of ${bound_by.timestamp} names both the session and the trace ${trace_id}, so all of it is there.`
            : `Its group was the trace ${group_id}; a later line showed that it belongs to trace ${trace_id}, so all of it is there.`,
        ]
      : []),
    ...(continued_by ? [`The trace was full: it goes on in trace ${continued_by}.`] : []),
  ];
}

const named = (type: string): string => `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;

const idOf = (groupKey: string, prefix: string): string =>
  groupKey.startsWith(prefix) ? ` ${groupKey.slice(prefix.length)}` : '';

const invocationOf = (inherited: string | null): string | null =>
  inherited?.startsWith('invocation:') ? inherited.slice('invocation:'.length) : null;

/** `session:S`, `trace:T`, or a run, whose key ends with the event that opened it. */
function subjectOf(inherited: string, groupKey: string): string {
  if (!inherited.startsWith('run:')) return `the run of ${inherited.replace(':', ' ')}`;
  const openedBy = groupKey.startsWith('run:') ? groupKey.slice(groupKey.lastIndexOf(':') + 1) : null;
  return openedBy === null ? 'the run' : `the run that the event ${openedBy} opened`;
}
