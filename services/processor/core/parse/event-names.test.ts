import { describe, expect, it } from 'vitest';
import { eventTypeOf } from './event-types.js';

describe('names that programs give their events', () => {
  it.each([
    ['request.received', 'agent_start'],
    ['response.sent', 'agent_finish'],
    ['llm-call-finished', 'llm_end'],
    ['prompt sent', 'llm_start'],
    ['completionReceived', 'llm_end'],
    ['model.request.failed', 'llm_error'],
    ['tool.execution.timeout', 'tool_error'],
    ['agent.tool.invoked', 'tool_call'],
    ['function_call_returned', 'tool_result'],
    ['workflow.run.completed', 'chain_end'],
    ['agent.run.started', 'agent_start'],
    ['user_question_received', 'query'],
    ['retriever.started', 'retrieval'],
    ['orchestration_start', 'chain_start'],
    ['phase_start', 'chain_start'],
    ['iteration.completed', 'chain_end'],
    ['agent_call', 'agent_start'],
  ])('%s is %s', (name, type) => {
    expect(eventTypeOf(name)).toBe(type);
  });

  it.each([
    'server started',
    'connection closed',
    'cache miss',
    'request',
    'model loaded',
    'request rate limited',
    'agent',
  ])('%s is nobody’s', (name) => {
    expect(eventTypeOf(name)).toBeNull();
  });
});
