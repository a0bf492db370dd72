import { isRun, runHome, uuidOf } from '../../../../lib/model/ids.js';

/** Ids of groups are hashed once per group, not once per event. */
export class GroupIds {
  private readonly known = new Map<string, string>();

  of(groupKey: string): string {
    const id = this.known.get(groupKey);
    if (id !== undefined) return id;
    const made = uuidOf(groupKey);
    if (this.known.size >= 4_096) this.known.delete(this.known.keys().next().value!);
    this.known.set(groupKey, made);
    return made;
  }

  /** Key whose partition keeps the state of the group. */
  homeOf(groupKey: string): string {
    return isRun(groupKey) ? runHome(this.of(groupKey)) : groupKey;
  }
}
