import { isRun, runHome, uuidOf } from '../../../../lib/model/ids.js';
import type { StreamRun } from './parse-state.js';
import { keyOfRun } from './stream-runs.js';

/** What a run is called as long as it is known by the same. */
interface RunNames {
  kind: StreamRun['kind'];
  id: string;
  agent: string;
  key: string;
  home: string;
}

/** Ids of groups are hashed once per group, not once per event. */
export class GroupIds {
  private readonly known = new Map<string, string>();
  private readonly runs = new WeakMap<StreamRun, RunNames>();

  of(groupKey: string): string {
    const id = this.known.get(groupKey);
    if (id !== undefined) return id;
    const made = uuidOf(groupKey);
    if (this.known.size >= 4_096) this.known.delete(this.known.keys().next().value!);
    this.known.set(groupKey, made);
    return made;
  }

  /** Group key and home of a run on a stream. Every line of a run asks, and the key of one is long. */
  ofRun(stream: string, run: StreamRun): RunNames {
    const { kind, id, agent } = run;
    const known = this.runs.get(run);
    if (known !== undefined && known.id === id && known.kind === kind && known.agent === agent) return known;
    const key = keyOfRun(stream, run);
    const made = { kind, id, agent, key, home: this.homeOf(key) };
    this.runs.set(run, made);
    return made;
  }

  /** Key whose partition keeps the state of the group. */
  homeOf(groupKey: string): string {
    return isRun(groupKey) ? runHome(this.of(groupKey)) : groupKey;
  }
}
