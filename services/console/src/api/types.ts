import type { Static } from '@sinclair/typebox';
import type * as schemas from '../../../gateway/schemas.js';

/** What the API answers, from the schemas of its routes: nothing of it is written twice. */
export type EventOut = Static<typeof schemas.EventOut>;
export type EventPage = Static<typeof schemas.EventPage>;
export type TraceOut = Static<typeof schemas.TraceOut>;
export type TracePage = Static<typeof schemas.TracePage>;
export type TraceDetail = Static<typeof schemas.TraceDetail>;
export type TraceEvent = TraceDetail['events'][number];
export type Explanation = Static<typeof schemas.Explanation>;
export type SearchIn = Static<typeof schemas.SearchIn>;
export type SearchOut = Static<typeof schemas.SearchOut>;
export type ProblemOut = Static<typeof schemas.ProblemOut>;

/** What `/ready` answers; it has no schema. */
export interface Readiness {
  ready: boolean;
  parts: Record<string, { state: 'up' | 'down' | 'starting'; detail?: string }>;
}

/** What `/api/v1/groups` answers of each consumer group; the rest of it is not shown here. */
export interface GroupsOut {
  groups: { group: string; state: string; lag: number }[];
}
