import type { LogGroupSelector } from '../../../lib/config/log-group-matcher.js';
import type { CloudWatchApi } from './cloudwatch-api.js';
import type { RequestGate } from './request-gate.js';

/** One account and region: how to speak to it, how often, and which groups are wanted of it. */
export interface Target {
  api: CloudWatchApi;
  gate: RequestGate;
  selectors: LogGroupSelector[];
}
