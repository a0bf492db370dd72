import type { Static } from '@sinclair/typebox';
import type * as schemas from '../../../gateway/schemas.js';
import type * as letters from '../../../gateway/schemas-dead-letters.js';
import type * as kafka from '../../../gateway/schemas-kafka.js';
import type * as keys from '../../../gateway/schemas-keys.js';
import type * as patterns from '../../../gateway/schemas-patterns.js';
import type * as stats from '../../../gateway/schemas-stats.js';

/** What the API answers, from the schemas of its routes: nothing of it is written twice. */
export type EventOut = Static<typeof schemas.EventOut>;
export type EventPage = Static<typeof schemas.EventPage>;
export type TraceOut = Static<typeof schemas.TraceOut>;
export type TracePage = Static<typeof schemas.TracePage>;
export type TraceDetail = Static<typeof schemas.TraceDetail>;
export type TraceEvent = TraceDetail['events'][number];
export type Explanation = Static<typeof schemas.Explanation>;
export type SearchIn = Static<typeof schemas.SearchIn>;
export type SearchBy = NonNullable<SearchIn['by']>;
export type SearchOut = Static<typeof schemas.SearchOut>;
export type SearchHit = SearchOut['results'][number];
export type ProblemOut = Static<typeof schemas.ProblemOut>;

/** What `/ready` answers; it has no schema. */
export interface Readiness {
  ready: boolean;
  parts: Record<string, { state: 'up' | 'down' | 'starting'; detail?: string }>;
}

export type GroupList = Static<typeof kafka.GroupList>;
export type GroupOut = GroupList['groups'][number];
export type TopicList = Static<typeof kafka.TopicList>;
export type TopicOut = TopicList['topics'][number];
export type MessageList = Static<typeof kafka.MessageList>;
export type MessageOut = MessageList['messages'][number];

export type TrialIn = Static<typeof patterns.TrialIn>;
export type TrialOut = Static<typeof patterns.TrialOut>;
export type TriedLine = TrialOut['lines'][number];
export type TrialFault = TrialOut['faults'][number];

export type ErrorStats = Static<typeof stats.ErrorStats>;
export type LatencyStats = Static<typeof stats.LatencyStats>;
export type UsageStats = Static<typeof stats.UsageStats>;
export type CoverageStats = Static<typeof stats.CoverageStats>;

export type Flow = Static<typeof schemas.FlowOut>;

export type KeyIn = Static<typeof keys.KeyIn>;
export type KeyMade = Static<typeof keys.KeyMade>;
export type KeyOut = Static<typeof keys.KeyOut>;
export type KeyList = Static<typeof keys.KeyList>;

export type LetterPage = Static<typeof letters.LetterPage>;
export type LetterGroup = LetterPage['summary'][number];
export type ListedLetter = LetterPage['letters'][number];
export type LetterOut = Static<typeof letters.LetterOut>;
export type LettersQuery = Static<typeof letters.LettersQuery>;
export type RedriveIn = Static<typeof letters.RedriveIn>;
export type RedriveOut = Static<typeof letters.RedriveOut>;
