import { describe, expect, it } from 'vitest';
import { readStructured } from './structured.js';

const propertiesOf = (json: object) => ({ ...readStructured(json as Record<string, unknown>).properties });

describe('what a decoded record tells of its place in a trace', () => {
  it.each<[string, object, object]>([
    [
      'a span as OpenTelemetry prints it',
      { context: { trace_id: 'aa11', span_id: 'bb22' }, parent_id: 'cc33' },
      { span_id: 'bb22', parent_id: 'cc33' },
    ],
    [
      'a span as its JavaScript prints it',
      { spanContext: { spanId: 'bb22' }, parentSpanContext: { spanId: 'cc33' } },
      { span_id: 'bb22', parent_span_id: 'cc33' },
    ],
    [
      'a span of the Elastic Common Schema',
      { span: { id: 'bb22' }, parent: { id: 'cc33' } },
      { span_id: 'bb22', parent_span_id: 'cc33' },
    ],
    [
      'a run',
      { id: 'run-0000001', parent_run_id: 'run-0000000' },
      { id: 'run-0000001', parent_run_id: 'run-0000000' },
    ],
    [
      'an observation',
      { id: 'obs-0000001', parentObservationId: 'obs-0000000' },
      { id: 'obs-0000001', parentObservationId: 'obs-0000000' },
    ],
    ['a call', { attributes: { 'gen_ai.tool.call.id': 'call_7' } }, { call_id: 'call_7' }],
    [
      'ids that are its own, not those that lie deeper',
      { span_id: 'bb22', context: { span_id: 'no' } },
      { span_id: 'bb22' },
    ],
  ])('%s', (_, json, expected) => {
    expect(propertiesOf(json)).toMatchObject(expected);
  });

  it('its end, where it tells its start, too', () => {
    const times = { startTime: '2026-05-01T10:00:00.000Z', endTime: '2026-05-01T10:00:01.250Z' };
    expect(propertiesOf(times)).toMatchObject({ end_time: '2026-05-01T10:00:01.250Z', duration_ms: 1_250 });
    expect(propertiesOf({ endTime: times.endTime })).not.toHaveProperty('end_time');
    expect(propertiesOf({ startTime: times.endTime, endTime: times.startTime })).not.toHaveProperty(
      'end_time',
    );
  });
});

describe('the tokens of a decoded record', () => {
  it.each<[string, object, object]>([
    [
      'within the prompt what a cache held, as OpenAI tells it',
      { usage: { prompt_tokens: 10, completion_tokens: 4, prompt_tokens_details: { cached_tokens: 6 } } },
      { prompt_tokens: 10, completion_tokens: 4, cached_tokens: 6 },
    ],
    [
      'beside the prompt, as Anthropic tells it',
      {
        usage: {
          input_tokens: 10,
          output_tokens: 4,
          cache_read_input_tokens: 90,
          cache_creation_input_tokens: 20,
        },
      },
      { prompt_tokens: 10, completion_tokens: 4, cache_read_tokens: 90, cache_write_tokens: 20 },
    ],
    [
      'of a span',
      { attributes: { 'gen_ai.usage.input_tokens': 10, 'gen_ai.usage.cache_read.input_tokens': 6 } },
      { prompt_tokens: 10, cached_tokens: 6 },
    ],
  ])('%s', (_, json, expected) => {
    expect(propertiesOf(json)).toMatchObject(expected);
  });
});
