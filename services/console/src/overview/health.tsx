import { CircleAlert, CircleCheck, CircleDashed, CircleDot } from 'lucide-react';
import { Link } from 'react-router';
import { ApiError } from '../api/client.js';
import { useOffers } from '../api/offers.js';
import { useFlow, useGroups, useReadiness } from '../api/queries.js';
import { countText } from '../parts/format.js';
import { type Answer, lagAnswer, lossAnswer, PARTS, upAnswer } from './answers.js';
import { Flows } from './flows.js';
import classes from './overview.module.css';

const ICONS = { well: CircleCheck, note: CircleDot, bad: CircleAlert, unknown: CircleDashed };

/** Whether anything is down, lags or is lost: the first thing to know. */
export function Health() {
  const readiness = useReadiness();
  const groups = useGroups(true);
  const countsFlow = useOffers('/api/v1/stats/flow');
  const flow = useFlow(countsFlow === true);
  const answers = [
    upAnswer(readiness.isError ? null : readiness.data),
    groups.isError ? unanswered('lag', groups.error) : lagAnswer(groups.data?.groups),
    flow.isError ? unanswered('loss', flow.error) : lossAnswer(countsFlow === false ? null : flow.data),
  ];
  return (
    <section className={classes.health} aria-label="State of the system" data-testid="health">
      <div className={classes.answers}>
        {answers.map((answer) => (
          <AnswerLine key={answer.question} answer={answer} />
        ))}
      </div>
      {flow.data && <Flows flow={flow.data} />}
      <div className={classes.parts}>
        {Object.entries(readiness.data?.parts ?? {}).map(([name, { state, detail }]) => (
          <span key={name} className={classes.part} data-state={state} title={detail}>
            {PARTS[name] ?? name}
            {detail && <span className="dim"> {detail}</span>}
          </span>
        ))}
        {groups.data?.groups.map(({ group, state, members, lag }) => (
          <span
            key={group}
            className={classes.part}
            data-state={members === 0 ? 'down' : lag > 0 ? 'starting' : 'up'}
            title={state}
          >
            {group}
            {lag > 0 && <span className="dim num"> {countText(lag)} behind</span>}
          </span>
        ))}
      </div>
    </section>
  );
}

/** A server that only just started has not measured yet. */
const unanswered = (question: Answer['question'], error: Error): Answer => ({
  question,
  level: error instanceof ApiError && error.status === 503 && question === 'loss' ? 'unknown' : 'bad',
  text: question === 'lag' ? 'Kafka does not say' : 'It is not known what was lost',
  more: error.message,
  to: null,
});

function AnswerLine({ answer: { level, text, more, to, question } }: { answer: Answer }) {
  const Icon = ICONS[level];
  const content = (
    <>
      <Icon size={17} className={classes.answerIcon} />
      <span>
        <strong>{text}</strong> {more && <span className={classes.more}>{more}</span>}
      </span>
    </>
  );
  const shared = { className: classes.answer!, 'data-level': level, 'data-question': question };
  return to ? (
    <Link to={to} {...shared}>
      {content}
    </Link>
  ) : (
    <div {...shared}>{content}</div>
  );
}
