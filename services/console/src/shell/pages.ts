import { ListTree, type LucideIcon } from 'lucide-react';

export interface Page {
  path: string;
  label: string;
  icon: LucideIcon;
  /** After `g`: goes there. */
  key: string;
}

/** What the navigation shows, in its order. */
export const PAGES: readonly Page[] = [{ path: '/traces', label: 'Traces', icon: ListTree, key: 't' }];
