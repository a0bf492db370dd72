import type { RouteObject } from 'react-router';
import { Navigate, useRouteError } from 'react-router';
import { Empty, Failure } from './parts/states.js';
import { Shell } from './shell/shell.js';

/** The pages. Each is loaded when it is first opened; `PAGES` of the gateway lists the same addresses. */
export const routes: RouteObject[] = [
  {
    path: '/',
    element: <Shell />,
    errorElement: <Broken />,
    HydrateFallback: () => null,
    children: [
      { index: true, element: <Navigate to="/traces" replace /> },
      {
        path: 'traces',
        lazy: async () => ({ Component: (await import('./traces/traces-page.js')).TracesPage }),
      },
      {
        path: 'traces/:traceId',
        lazy: async () => ({ Component: (await import('./trace/trace-page.js')).TracePage }),
      },
      {
        path: 'search',
        lazy: async () => ({ Component: (await import('./search/search-page.js')).SearchPage }),
      },
      { path: 'live', lazy: async () => ({ Component: (await import('./live/live-page.js')).LivePage }) },
      {
        path: 'overview',
        lazy: async () => ({ Component: (await import('./overview/overview-page.js')).OverviewPage }),
      },
      {
        path: 'topics',
        lazy: async () => ({ Component: (await import('./topics/topics-page.js')).TopicsPage }),
      },
      {
        path: 'dead-letters',
        lazy: async () => ({
          Component: (await import('./dead-letters/dead-letters-page.js')).DeadLettersPage,
        }),
      },
      {
        path: 'patterns',
        lazy: async () => ({ Component: (await import('./patterns/patterns-page.js')).PatternsPage }),
      },
      { path: 'keys', lazy: async () => ({ Component: (await import('./keys/keys-page.js')).KeysPage }) },
      { path: '*', element: <Empty title="There is no such page">The pages are on the left.</Empty> },
    ],
  },
];

function Broken() {
  return <Failure error={useRouteError()} onRetry={() => window.location.reload()} />;
}
