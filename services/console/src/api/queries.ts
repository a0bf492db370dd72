import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ask, type Query, withQuery } from './client.js';
import type { Explanation, TraceDetail, TracePage } from './types.js';

const LIVE_MS = 3_000;
const PAGE_SIZE = 50;
/** More pages than these are not asked for again and again. */
const MAX_LIVE_PAGES = 2;

const path = (...parts: string[]): string => parts.map(encodeURIComponent).join('/');

export function useTraces(filter: Query, live: boolean) {
  return useInfiniteQuery({
    queryKey: ['traces', filter],
    queryFn: ({ pageParam, signal }) =>
      ask<TracePage>(withQuery('/api/v1/traces', { ...filter, limit: PAGE_SIZE, cursor: pageParam }), {
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) =>
      live && (state.data?.pages.length ?? 0) <= MAX_LIVE_PAGES && state.status !== 'error' ? LIVE_MS : false,
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
