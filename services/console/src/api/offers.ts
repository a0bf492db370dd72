import { useQuery } from '@tanstack/react-query';
import { ask } from './client.js';

interface Description {
  paths: Record<string, { get?: { parameters?: { name: string }[] } }>;
}

const useDescription = () =>
  useQuery({
    queryKey: ['openapi'],
    queryFn: ({ signal }) => ask<Description>('/openapi.json', { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;

/** Whether this server has a route, as its own description says; undefined: not known yet. */
export function useOffers(path: string): boolean | undefined {
  const description = useDescription();
  return description && Object.hasOwn(description.paths, path);
}

/** Whether a listing of this server takes a parameter: one that it does not know it may pass over. */
export function useAccepts(path: string, parameter: string): boolean {
  const route = useDescription()?.paths[path];
  return route?.get?.parameters?.some(({ name }) => name === parameter) ?? false;
}
