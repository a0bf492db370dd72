import {
  Database,
  Gauge,
  KeyRound,
  ListTree,
  type LucideIcon,
  MailWarning,
  Radio,
  Search,
  SpellCheck,
} from 'lucide-react';

export interface Page {
  path: string;
  label: string;
  icon: LucideIcon;
  /** After `g`: goes there. */
  key: string;
}

/** What the navigation shows, in its order. */
export const PAGES: readonly Page[] = [
  { path: '/traces', label: 'Traces', icon: ListTree, key: 't' },
  { path: '/search', label: 'Search', icon: Search, key: 's' },
  { path: '/live', label: 'Live', icon: Radio, key: 'l' },
  { path: '/overview', label: 'Overview', icon: Gauge, key: 'o' },
  { path: '/topics', label: 'Topics', icon: Database, key: 'k' },
  { path: '/dead-letters', label: 'Dead letters', icon: MailWarning, key: 'd' },
  { path: '/patterns', label: 'Patterns', icon: SpellCheck, key: 'p' },
  { path: '/keys', label: 'API keys', icon: KeyRound, key: 'a' },
];
