import type { Adoption } from '../../../../lib/model/events.js';
import type { StateStore } from '../../../../lib/topology/topology.js';
import { type AdoptedRun, type GroupHead, type RetiredGroup, stateKeys, type TraceState } from './state.js';

type Adopter = Pick<GroupHead | RetiredGroup, 'adopted'>;

/** The runs that the group of one home has adopted. An entry is written once and goes with what is left of the group. */
export class AdoptedRuns {
  constructor(
    private readonly home: string,
    private readonly state: StateStore<TraceState>,
  ) {}

  *of({ adopted }: Adopter): Iterable<AdoptedRun> {
    for (let n = 0; n < adopted; n++) yield this.state.get(stateKeys.adopted(this.home, n)) as AdoptedRun;
  }

  /** Adds a run; null where it is known. The caller puts the head. */
  add(head: GroupHead, { run_home_key, session_id, event_id, appended_ms }: Adoption): AdoptedRun | null {
    for (const { run } of this.of(head)) if (run === run_home_key) return null;
    const adopted: AdoptedRun = { kind: 'adopted', run: run_home_key, session_id, event_id, appended_ms };
    this.state.put(stateKeys.adopted(this.home, head.adopted), adopted);
    head.adopted += 1;
    return adopted;
  }

  drop({ adopted }: Adopter): void {
    for (let n = 0; n < adopted; n++) this.state.delete(stateKeys.adopted(this.home, n));
  }
}
