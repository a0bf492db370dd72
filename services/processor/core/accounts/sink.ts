import type { Codec } from '../../../../lib/model/codec.js';
import type { Sink } from '../../../../lib/topology/topology.js';
import { FLOW_ACCOUNTS } from './hour-accounts.js';

/** flow-accounts as something to send to. */
export const accountsSink = (codec: Codec): Record<string, Sink> => ({
  [FLOW_ACCOUNTS]: { topic: FLOW_ACCOUNTS, encode: (account) => codec.encode('flow-account', account) },
});
