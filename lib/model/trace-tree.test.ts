import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildTree, type TreeEvent, type TreeNode } from './trace-tree.js';

let n = 0;
const event = (type: string): TreeEvent => {
  const [event_type, platform_event] = type.split(':') as [string, string?];
  return {
    event_id: `e${n++}`,
    timestamp: '',
    event_type,
    properties: platform_event ? { platform_event } : {},
  };
};
const shape = (nodes: TreeNode<TreeEvent>[]): unknown[] =>
  nodes.map(({ event: { event_type }, children }) =>
    children.length ? [event_type, shape(children)] : event_type,
  );
const treeOf = (...types: string[]) => shape(buildTree(types.map(event)));

describe('the tree of a trace', () => {
  it('puts what a chain does, and its end, below its start', () => {
    expect(treeOf('chain_start', 'agent_thought', 'chain_end', 'log')).toEqual([
      ['chain_start', ['agent_thought', 'chain_end']],
      'log',
    ]);
  });

  it('puts a result below the call that it answers', () => {
    expect(treeOf('agent_action', 'tool_result', 'agent_thought')).toEqual([
      ['agent_action', ['tool_result']],
      'agent_thought',
    ]);
  });

  it('leaves calls without an answer beside each other', () => {
    expect(treeOf('tool_call', 'tool_call', 'tool_result', 'tool_call')).toEqual([
      'tool_call',
      ['tool_call', ['tool_result']],
      'tool_call',
    ]);
  });

  it('keeps a Lambda invocation together from START to END', () => {
    expect(treeOf('platform:START', 'chain_start', 'chain_end', 'platform:END', 'platform:REPORT')).toEqual([
      ['platform', [['chain_start', ['chain_end']], 'platform']],
      'platform',
    ]);
  });

  it('shows every event once, in order, whatever is missing', () => {
    const types = fc.constantFrom(
      'chain_start',
      'chain_end',
      'agent_action',
      'tool_result',
      'llm_start',
      'llm_end',
      'log',
    );
    fc.assert(
      fc.property(fc.array(types), (script) => {
        const events = script.map(event);
        const walk = (nodes: TreeNode<TreeEvent>[]): string[] =>
          nodes.flatMap(({ event: { event_id }, children }) => [event_id, ...walk(children)]);
        expect(walk(buildTree(events))).toEqual(events.map(({ event_id }) => event_id));
      }),
    );
  });
});
