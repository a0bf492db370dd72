import { describe, expect, it } from 'vitest';
import { groupKeys } from '../../../../lib/model/ids.js';
import { encodeRedrive, REDRIVE_HEADER } from '../../../../lib/topology/redrive.js';
import { ParseRun, START_MS, sourceOf } from '../../testing/parse-run.js';

/** Headers of a record that first stood at `offset`, a day before. */
const redriven = (offset: number, epoch: string | null = null) => ({
  [REDRIVE_HEADER]: Buffer.from(
    encodeRedrive({
      letter: { partition: 0, offset: 7 },
      attempt: 1,
      again: false,
      origin: { topic: 'raw-logs', partition: 0, offset, appended_ms: START_MS - 86_400_000, epoch },
    }),
  ),
});
const raw = (message: string, timestamp_ms: number | null = null) => ({
  message,
  timestamp_ms,
  source: sourceOf('s'),
});

const messagesOf = (run: ParseRun) =>
  run.commit().sent.map(({ properties }) => (JSON.parse(properties) as { message: string }).message);

describe('a record out of dead-letter', () => {
  it('has the event id, place and time that it would have had where it first stood', () => {
    const first = new ParseRun()
      .raw(raw('hello'))
      .tick(START_MS + 10_000)
      .commit();
    const run = new ParseRun();
    for (let n = 0; n < 5; n++) run.raw({ ...raw(`line ${n}`), source: sourceOf('other') });
    run
      .raw(raw('hello'), { headers: redriven(0), gapMs: 1_000 })
      .tick(START_MS + 20_000)
      .commit();
    const event = run.sent.find(({ raw: { offset }, flags }) => offset === 0 && flags.includes('redriven'))!;
    expect(event.event_id).toBe(first.sent[0]!.event_id);
    expect(event).toMatchObject({
      timestamp_ms: START_MS - 86_400_000,
      created_ms: START_MS - 86_400_000,
      updated_ms: START_MS + 1_000,
      raw: { topic: 'raw-logs', partition: 0, offset: 0, index: 0 },
    });
  });

  it('has another id where the topic was made anew since', () => {
    const ids = [null, 'letter/0/7'].map((epoch) => {
      const run = new ParseRun().raw(raw('hello'), { headers: redriven(0, epoch) });
      return run.tick(START_MS + 10_000).commit().sent[0]!.event_id;
    });
    expect(new Set(ids).size).toBe(2);
  });

  it('is dropped when it comes a second time', () => {
    const run = new ParseRun()
      .raw(raw('session_id=a hello'), { headers: redriven(3) })
      .raw(raw('session_id=a hello'), { headers: redriven(3), gapMs: 5_000 });
    expect(messagesOf(run.tick(START_MS + 10_000))).toEqual(['session_id=a hello']);
  });

  it('joins the lines that were refused with it, and none that the stream is printing', () => {
    const run = new ParseRun()
      .raw(raw('ERROR app: live failure'))
      .raw(raw('Traceback (most recent call last):'))
      .raw(raw('ERROR app: old failure'), { headers: redriven(10) })
      .raw(raw('Traceback (most recent call last):'), { headers: redriven(11) })
      .raw(raw('  File "live.py", line 1, in live'))
      .raw(raw('  File "old.py", line 1, in old'), { headers: redriven(12) })
      .raw(raw('ValueError: live'))
      .raw(raw('KeyError: old'), { headers: redriven(13) });
    run.tick(START_MS + 10_000).commit();
    expect(messagesOf(run).sort()).toEqual([
      [
        'ERROR app: live failure',
        'Traceback (most recent call last):',
        '  File "live.py", line 1, in live',
        'ValueError: live',
      ].join('\n'),
      [
        'ERROR app: old failure',
        'Traceback (most recent call last):',
        '  File "old.py", line 1, in old',
        'KeyError: old',
      ].join('\n'),
    ]);
  });

  it('finds the invocation during which it was printed', () => {
    const id = '8f5e8e1a-52a1-4a52-9c0e-2f4d1a2b3c4d';
    const run = new ParseRun()
      .raw(raw(`START RequestId: ${id} Version: $LATEST`, START_MS))
      .raw(raw(`END RequestId: ${id}`, START_MS + 500))
      .raw(raw('looking', START_MS + 200), { headers: redriven(10), gapMs: 3_600_000 });
    run.tick(run.nowMs + 10_000).commit();
    const event = run.sent.find(({ flags }) => flags.includes('redriven'))!;
    expect(event).toMatchObject({ group_key: groupKeys.session(id), session_id: id });
  });

  it('crowds out no run of its stream', () => {
    const run = new ParseRun().raw(raw('session_id=live Thought: I look', START_MS));
    for (let n = 0; n < 40; n++)
      run.raw(raw(`session_id=old-${n} Thought: I look`, START_MS + n), { headers: redriven(100 + n) });
    run
      .raw(raw('Action: search', START_MS + 100))
      .tick(START_MS + 20_000)
      .commit();
    const last = run.sent.findLast(({ flags }) => !flags.includes('redriven'))!;
    expect(last.group_key).toBe(groupKeys.session('live'));
  });

  it('survives a crash at any place', () => {
    const texts = ['Traceback (most recent call last):', '  File "a.py", line 1, in a', 'KeyError: a'];
    const feed = (crashAt: number) => {
      const run = new ParseRun();
      texts.forEach((text, n) => {
        run.raw(raw(text), { headers: redriven(n) }).commit();
        if (n === crashAt) run.crash();
      });
      return run
        .tick(START_MS + 10_000)
        .commit()
        .sent.at(-1);
    };
    const whole = feed(-1);
    for (const at of [0, 1, 2]) expect(feed(at)).toEqual(whole);
  });

  it('may name a stream as a lane is named without entering one', () => {
    const run = new ParseRun()
      .text('session_id=a hello', { key: 'k' })
      .raw({ message: 'plain', source: { ...sourceOf('s'), system: '\0redrive/key/k' } });
    expect(run.tick(START_MS + 10_000).commit().sent).toHaveLength(2);
  });
});
