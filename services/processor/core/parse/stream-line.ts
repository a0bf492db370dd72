import type { RunStep } from './run-shape.js';
import type { Salient } from './salient.js';

/** What of a line decides its event's group. */
export interface StreamLine {
  eventId: string;
  eventMs: number;
  traceId: string | null;
  sessionId: string | null;
  agentId: string | null;
  /** The agent id names a speaker within a run and does not group. */
  groupByStream: boolean;
  /** Agent that config.yaml gives to the log group. */
  configuredAgent: string | null;
  step: RunStep;
  /** What the line speaks about. */
  about: Salient[];
  /** START and END of a Lambda invocation, with its request id in `sessionId`. */
  invocation: 'start' | 'end' | null;
}

/** Who speaks where a line names nobody. */
export const streamAgent = ({ configuredAgent }: StreamLine, stream: string): string =>
  configuredAgent ?? `stream:${stream}`;

/** The agent that the line names for itself, where that groups. */
export const groupingAgent = ({ agentId, groupByStream }: StreamLine): string | null =>
  groupByStream ? null : agentId;
