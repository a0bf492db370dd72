import { Button, Code, Group, Kbd, Text, Textarea, UnstyledButton } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { FlaskConical, Lightbulb } from 'lucide-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { ask } from '../api/client.js';
import type { TrialFault, TrialIn, TrialOut } from '../api/types.js';
import { Empty, Failure } from '../parts/states.js';
import { draft, EXAMPLE_LINES, EXAMPLE_RULE, rangeOfLine } from './draft.js';
import classes from './patterns.module.css';
import { TriedLines } from './tried-lines.js';

/** Lines and rules on the left, what the parser makes of them on the right. Nothing of it is stored. */
export function TryLines() {
  const [text, setText] = useState(draft.text);
  const [rules, setRules] = useState(draft.rules);
  const rulesField = useRef<HTMLTextAreaElement>(null);
  const trial = useMutation({
    mutationFn: (body: TrialIn) => ask<TrialOut>('/api/v1/patterns/try', { method: 'POST', body }),
  });
  draft.text = text;
  draft.rules = rules;
  const run = (tried = { text, rules }) => {
    if (tried.text.trim() !== '' || tried.rules.trim() !== '') trial.mutate(tried);
  };
  // lines that were brought along are tried at once
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the page opens, and then when it is asked for
  useEffect(() => run(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    run();
  };
  const showExample = () => {
    setText(EXAMPLE_LINES);
    setRules(EXAMPLE_RULE);
    run({ text: EXAMPLE_LINES, rules: EXAMPLE_RULE });
  };
  const suggested = trial.data?.suggested ?? null;
  const takeSuggested = (rules: string) => {
    setRules(rules);
    run({ text, rules });
  };
  const goTo = (line: number) => {
    rulesField.current?.focus();
    rulesField.current?.setSelectionRange(...rangeOfLine(rules, line));
  };
  const shared = { autosize: true, spellCheck: false, onKeyDown, classNames: { input: classes.code! } };
  return (
    <div className={classes.trial}>
      <div className={classes.inputs}>
        <Textarea
          {...shared}
          label="Lines"
          description="As they were printed, or JSON objects with message and source"
          placeholder="Paste log lines"
          minRows={6}
          maxRows={14}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Textarea
          {...shared}
          ref={rulesField}
          label="Rules of your own"
          description={
            <>
              YAML, as <Code>parser_rules</Code> of <Code>config.yaml</Code>. Left empty: the rules that are
              in use
            </>
          }
          placeholder={EXAMPLE_RULE}
          minRows={8}
          maxRows={24}
          value={rules}
          onChange={(event) => setRules(event.currentTarget.value)}
          error={Boolean(trial.data?.faults.length)}
        />
        <Faults faults={trial.data?.faults ?? []} onChoose={goTo} />
        <Group gap="xs">
          <Button
            leftSection={<FlaskConical size={14} />}
            loading={trial.isPending}
            disabled={text.trim() === '' && rules.trim() === ''}
            onClick={() => run()}
          >
            Try
          </Button>
          <Text fz="xs" c="dimmed" visibleFrom="sm">
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd>
          </Text>
          {suggested !== null && rules.trim() === '' && (
            <Button
              variant="light"
              leftSection={<Lightbulb size={14} />}
              onClick={() => takeSuggested(suggested)}
            >
              Suggest rules
            </Button>
          )}
          {text === '' && rules === '' && (
            <Button variant="subtle" onClick={showExample}>
              Show an example
            </Button>
          )}
        </Group>
      </div>
      <div className={classes.results}>
        {trial.isError ? (
          <Failure error={trial.error} onRetry={() => run()} />
        ) : !trial.data ? (
          <Empty icon={FlaskConical} title="See what the parser makes of lines, and why">
            Each line is shown with its type, the rule that took it, what that rule captured, and the rules
            that nearly did. Nothing is stored.
          </Empty>
        ) : (
          <TriedLines lines={trial.data.lines} isRefused={trial.data.faults.length > 0} />
        )}
      </div>
    </div>
  );
}

function Faults({ faults, onChoose }: { faults: TrialFault[]; onChoose: (line: number) => void }) {
  if (faults.length === 0) return null;
  return (
    <ul className={classes.faults} role="alert" data-testid="faults">
      {faults.map(({ line, message }) => (
        <li key={`${line}:${message}`}>
          <UnstyledButton className={classes.faultLine} onClick={() => onChoose(line)}>
            line {line}
          </UnstyledButton>{' '}
          {message}
        </li>
      ))}
    </ul>
  );
}
