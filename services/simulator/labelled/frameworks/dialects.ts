import type { Plan, ToolCall } from '../plan.js';
import { pythonRepr, shortDuration } from './values.js';

/** How one team words what its agent does. Null: that team does not log it. */
export interface Dialect {
  start(plan: Plan): string;
  llmStart(model: string, prompt: number): string | null;
  llmEnd(model: string, prompt: number, completion: number, ms: number): string | null;
  thought(text: string): string | null;
  call(call: ToolCall): string;
  result(call: ToolCall): string;
  failure(call: ToolCall): string;
  retrieved(query: string, documents: number, ms: number): string;
  decision(text: string): string;
  delegate(to: string, task: string): string;
  answer(text: string): string | null;
  end(ms: number): string | null;
  failed(message: string): string;
}

const json = JSON.stringify;

/** Wordings as teams write them, each whole. */
export const WRITTEN: Dialect[] = [
  {
    start: ({ question }) => `Starting agent run: ${question}`,
    llmStart: (model, prompt) => `Calling LLM model=${model} prompt_tokens=${prompt}`,
    llmEnd: (_, __, completion, ms) =>
      `LLM responded in ${shortDuration(ms)} completion_tokens=${completion}`,
    thought: (text) => `Thought: ${text}`,
    call: ({ tool, input }) => `Calling tool ${tool} with args ${json(input)}`,
    result: ({ tool, output, ms }) => `Tool ${tool} returned in ${shortDuration(ms)}: ${output}`,
    failure: ({ tool, error }) => `Tool ${tool} failed: ${error}`,
    retrieved: (query, documents) => `Retrieved ${documents} documents for "${query}"`,
    decision: (text) => `Decision: ${text}`,
    delegate: (to, task) => `Delegating to ${to}: ${task}`,
    answer: (text) => `Final answer: ${text}`,
    end: (ms) => `Agent run completed in ${shortDuration(ms)}`,
    failed: (message) => `Agent run failed: ${message}`,
  },
  {
    start: ({ question }) => `>>> new request: "${question}"`,
    llmStart: () => null,
    llmEnd: (model, prompt, completion, ms) =>
      `llm call ${model} ok tokens=${prompt}+${completion} took=${Math.round(ms)}ms`,
    thought: () => null,
    call: ({ tool, input }) =>
      `-> ${tool}(${Object.entries(input)
        .map(([k, v]) => `${k}=${pythonRepr(v)}`)
        .join(', ')})`,
    result: ({ tool, output }) => `<- ${tool}: ${output}`,
    failure: ({ tool, error }) => `!! ${tool}: ${error}`,
    retrieved: (_, documents, ms) => `vector search: ${documents} hits in ${Math.round(ms)}ms`,
    decision: (text) => `route: ${text}`,
    delegate: (to, task) => `handoff to ${to} (${task})`,
    answer: (text) => `<<< ${text}`,
    end: () => null,
    failed: (message) => `!! giving up: ${message}`,
  },
  {
    start: ({ question }) => `Processing user query: ${question}`,
    llmStart: (model) => `Sending prompt to ${model}...`,
    llmEnd: (_, prompt, completion) => `Got completion (usage: prompt=${prompt}, completion=${completion})`,
    thought: (text) => `Agent is thinking: ${text}`,
    call: ({ id, tool, input }) => `Executing tool '${tool}' (call_id=${id}) with input: ${json(input)}`,
    result: ({ id, tool, output }) => `Tool '${tool}' (call_id=${id}) succeeded, output: ${output}`,
    failure: ({ id, tool, error }) => `Tool '${tool}' (call_id=${id}) raised an exception: ${error}`,
    retrieved: (query, documents, ms) =>
      `RAG lookup for '${query}' -> ${documents} chunks (${Math.round(ms)} ms)`,
    decision: (text) => `Planner decided: ${text}`,
    delegate: (to, task) => `Spawning sub-agent ${to} for: ${task}`,
    answer: (text) => `Returning response: ${text}`,
    end: (ms) => `Request finished, total time ${(ms / 1_000).toFixed(1)}s`,
    failed: (message) => `Unhandled exception while processing query: ${message}`,
  },
  {
    start: ({ question }) => `[AGENT] task received | ${question}`,
    llmStart: (model) => `[LLM] request -> ${model}`,
    llmEnd: (model, _, completion, ms) =>
      `[LLM] response <- ${model} | ${completion} tokens | ${(ms / 1_000).toFixed(2)} s`,
    thought: (text) => `[THINK] ${text}`,
    call: ({ tool, input }) => `[TOOL] ${tool} | input=${json(input)}`,
    result: ({ tool, output, ms }) => `[TOOL] ${tool} | done in ${Math.round(ms)} ms | ${output}`,
    failure: ({ tool, error }) => `[TOOL] ${tool} | ERROR | ${error}`,
    retrieved: (query, documents) => `[RAG] ${documents} docs | ${query}`,
    decision: (text) => `[ROUTER] ${text}`,
    delegate: (to, task) => `[AGENT] ${to} takes over | ${task}`,
    answer: (text) => `[AGENT] answer | ${text}`,
    end: () => `[AGENT] task done`,
    failed: (message) => `[AGENT] task aborted | ${message}`,
  },
  {
    start: ({ question, steps }) =>
      `Agent loop begins (max_iterations=${steps.length + 3}) goal=${json(question)}`,
    llmStart: () => null,
    llmEnd: () => null,
    thought: (text) => `plan: ${text}`,
    call: ({ tool, input }) => `Invoking tool: ${tool}\nTool input: ${json(input, null, 2)}`,
    result: ({ output }) => `Tool output: ${output}`,
    failure: ({ error }) => `Tool error: ${error}`,
    retrieved: (query, documents) => `search_index(${json(query)}) => ${documents}`,
    decision: (text) => `next action: ${text}`,
    delegate: (to, task) => `calling agent ${to} with ${json(task)}`,
    answer: (text) => `Agent finished with output: ${text}`,
    end: () => null,
    failed: (message) => `Agent stopped with error: ${message}`,
  },
];
