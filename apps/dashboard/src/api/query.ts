import { QueryClient, queryOptions } from '@tanstack/react-query';
import { type Answer, call, type EndpointName, type Input } from './client.ts';
import { ApiError } from './errors.ts';

/**
 * Everything that was read, by endpoint and input. A refusal is final; where the server cannot be reached, it is asked again
 * with growing pauses.
 */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      retry: (count, error) => !(error instanceof ApiError) && count < 3,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** The query that reads an endpoint: `useQuery(read('getFeature', { params }))`. */
export function read<Name extends EndpointName>(name: Name, input: Input<Name>) {
  return queryOptions<Answer<Name>, Error, Answer<Name>, readonly [Name, Input<Name>]>({
    queryKey: [name, input] as const,
    queryFn: ({ signal }) => call(name, input, { signal }),
  });
}

/** Has everything read again that was read by these endpoints, or everything at all. */
export function refresh(...names: EndpointName[]): Promise<void> {
  if (names.length === 0) return queryClient.invalidateQueries();
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => names.includes(queryKey[0] as EndpointName) });
}
