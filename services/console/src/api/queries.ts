import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ApiError, ask, type Query, withQuery } from './client.js';
import type {
  EventPage,
  Explanation,
  Flow,
  GroupList,
  KeyList,
  LetterOut,
  LetterPage,
  MessageList,
  Readiness,
  SearchBy,
  SearchIn,
  SearchOut,
  TopicList,
  TraceDetail,
  TracePage,
} from './types.js';

const LIVE_MS = 3_000;
const PAGE_SIZE = 50;
/** More pages than these are not asked for again and again. */
const MAX_LIVE_PAGES = 2;

const path = (...parts: string[]): string => parts.map(encodeURIComponent).join('/');

/** `everyMs`: how often it is asked for again, beside what asks for it otherwise. */
export function useTraces(filter: Query, everyMs: number | false) {
  return useInfiniteQuery({
    queryKey: ['traces', filter],
    queryFn: ({ pageParam, signal }) =>
      ask<TracePage>(withQuery('/api/v1/traces', { ...filter, limit: PAGE_SIZE, cursor: pageParam }), {
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) =>
      (state.data?.pages.length ?? 0) <= MAX_LIVE_PAGES && state.status !== 'error' ? everyMs : false,
    placeholderData: (before) => before,
  });
}

/** A trace with its events; asked for again while it goes on. */
export function useTrace(traceId: string) {
  return useQuery({
    queryKey: ['trace', traceId],
    queryFn: ({ signal }) => ask<TraceDetail>(`/api/v1/traces/${path(traceId)}`, { signal }),
    refetchInterval: ({ state }) => (state.data?.status === 'running' ? LIVE_MS : false),
    staleTime: 5_000,
  });
}

export function useExplanation(eventId: string, enabled: boolean) {
  return useQuery({
    queryKey: ['explain', eventId],
    queryFn: ({ signal }) => ask<Explanation>(`/api/v1/events/${path(eventId)}/explain`, { signal }),
    enabled,
  });
}

const MOST_HITS = 50;

/** Events by meaning, by text, or by both, best first; nothing is asked while there are no words. */
export function useSearch(words: string, by: SearchBy, filter: NonNullable<SearchIn['filter']>) {
  return useQuery({
    queryKey: ['search', words, by, filter],
    queryFn: ({ signal }) =>
      ask<SearchOut>('/api/v1/search', {
        method: 'POST',
        body: { query: words, by, limit: MOST_HITS, filter } satisfies SearchIn,
        signal,
      }),
    enabled: words !== '',
    placeholderData: (before) => before,
  });
}

/** Events of a kind, newest first. */
export function useEvents(filter: Query, everyMs: number | false) {
  return useQuery({
    queryKey: ['events', filter],
    queryFn: ({ signal }) => ask<EventPage>(withQuery('/api/v1/events', filter), { signal }),
    refetchInterval: everyMs,
  });
}

const OVERVIEW_MS = 10_000;
/** How things stand is asked for more often than what they were like. */
const STATE_MS = 5_000;

/** The newest traces that began since `from`. */
export function useNewestTraces(from: string | null, limit: number) {
  return useQuery({
    queryKey: ['newest-traces', from, limit],
    queryFn: ({ signal }) => ask<TracePage>(withQuery('/api/v1/traces', { from, limit }), { signal }),
    refetchInterval: OVERVIEW_MS,
    placeholderData: (before) => before,
  });
}

/** What the gateway says of the parts behind it; it says so, too, when it is not ready. */
export function useReadiness() {
  return useQuery({
    queryKey: ['ready'],
    queryFn: async ({ signal }): Promise<Readiness> => {
      const response = await fetch('/ready', { signal });
      if (!/json/.test(response.headers.get('content-type') ?? ''))
        throw new ApiError(response.status, 'The gateway does not answer', response.statusText);
      return (await response.json()) as Readiness;
    },
    refetchInterval: STATE_MS,
  });
}

export function useGroups(enabled: boolean) {
  return useQuery({
    queryKey: ['groups'],
    queryFn: ({ signal }) => ask<GroupList>('/api/v1/groups', { signal }),
    refetchInterval: STATE_MS,
    enabled,
  });
}

/** What was accepted in 24 hours and what became of it. */
export function useFlow(enabled: boolean) {
  return useQuery({
    queryKey: ['flow'],
    queryFn: ({ signal }) => ask<Flow>('/api/v1/stats/flow', { signal }),
    refetchInterval: STATE_MS,
    enabled,
  });
}

/** What the server counts of the events since `from`. */
export function useStats<T>(what: 'errors' | 'latency' | 'usage' | 'coverage', from: string | null) {
  return useQuery({
    queryKey: ['stats', what, from],
    queryFn: ({ signal }) => ask<T>(withQuery(`/api/v1/stats/${what}`, { from }), { signal }),
    refetchInterval: OVERVIEW_MS,
    placeholderData: (before) => before,
  });
}

export function useTopics() {
  return useQuery({
    queryKey: ['topics'],
    queryFn: ({ signal }) => ask<TopicList>('/api/v1/topics', { signal }),
    refetchInterval: OVERVIEW_MS,
  });
}

/** Messages of a topic, as the query narrows them. Wants a key with the scope admin. */
export function useMessages(topic: string, look: Query) {
  return useQuery({
    queryKey: ['messages', topic, look],
    queryFn: ({ signal }) =>
      ask<MessageList>(withQuery(`/api/v1/topics/${path(topic)}/messages`, { ...look, limit: PAGE_SIZE }), {
        signal,
      }),
    placeholderData: (before) => before,
  });
}

/** Keys that people made. Wants the scope admin. */
export function useApiKeys() {
  return useQuery({
    queryKey: ['api-keys'],
    queryFn: ({ signal }) => ask<KeyList>('/api/v1/auth/keys', { signal }),
    refetchInterval: OVERVIEW_MS,
  });
}

/** Dead letters, newest first, with their causes counted. The topic is looked through for each page. */
export function useDeadLetters(filter: Query, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ['dead-letters', filter],
    queryFn: ({ pageParam, signal }) =>
      ask<LetterPage>(withQuery('/api/v1/dead-letters', { ...filter, limit: PAGE_SIZE, cursor: pageParam }), {
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? OVERVIEW_MS : false),
    placeholderData: (before) => before,
    enabled,
  });
}

/** One letter with its data, by its name PARTITION/OFFSET. Wants the scope admin. */
export function useDeadLetter(name: string | null) {
  return useQuery({
    queryKey: ['dead-letters', 'one', name],
    queryFn: ({ signal }) => ask<LetterOut>(`/api/v1/dead-letters/${path(...name!.split('/'))}`, { signal }),
    enabled: name !== null,
  });
}
