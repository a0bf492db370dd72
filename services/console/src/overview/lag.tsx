import { Text } from '@mantine/core';
import { useOffers } from '../api/offers.js';
import { useGroups } from '../api/queries.js';
import { countText } from '../parts/format.js';
import { Failure } from '../parts/states.js';
import classes from './overview.module.css';

const ROUTE = '/api/v1/groups';

/** How far each consumer group is behind, where the server tells. */
export function Lag() {
  const isOffered = useOffers(ROUTE);
  const query = useGroups(isOffered === true);
  if (isOffered === undefined) return null;
  if (!isOffered) {
    return (
      <Text c="dimmed" fz="xs">
        This server does not tell the lag of its consumer groups: <code>vectadb lag</code> does.
      </Text>
    );
  }
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div className={classes.parts}>
      {query.data?.groups.map(({ group, state, lag }) => (
        <span key={group} className={classes.part} data-state={lag > 0 ? 'starting' : 'up'} title={state}>
          {group} <span className="dim num">{lag > 0 ? `${countText(lag)} behind` : 'up to date'}</span>
        </span>
      ))}
    </div>
  );
}
