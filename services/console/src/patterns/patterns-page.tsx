import { Tabs } from '@mantine/core';
import { useSearchParams } from 'react-router';
import { useOffers } from '../api/offers.js';
import { draft } from './draft.js';
import classes from './patterns.module.css';
import { TryLines } from './try-lines.js';
import { UnreadLines } from './unread-lines.js';

/** What the parser does not understand, and a place to try lines and rules. */
export function PatternsPage() {
  const [params, setParams] = useSearchParams();
  const offersTrials = useOffers('/api/v1/patterns/try') !== false;
  const view = offersTrials && params.get('view') === 'try' ? 'try' : 'unread';
  const show = (next: string | null) => setParams(next === 'try' ? { view: 'try' } : {}, { replace: true });
  return (
    <div className={classes.page}>
      <Tabs value={view} onChange={show} keepMounted={false}>
        <Tabs.List className={classes.tabs!}>
          <Tabs.Tab value="unread">Lines that are not understood</Tabs.Tab>
          {offersTrials && <Tabs.Tab value="try">Try lines and rules</Tabs.Tab>}
        </Tabs.List>
        <Tabs.Panel value="unread">
          <UnreadLines
            onTry={(lines) => {
              draft.text = lines;
              show('try');
            }}
          />
        </Tabs.Panel>
        <Tabs.Panel value="try">
          <TryLines />
        </Tabs.Panel>
      </Tabs>
    </div>
  );
}
