/** A claim on a partition: who restored it last wrote the fence of this offset. -1: no claim but a wish to keep. */
export interface Member {
  memberId: string;
  /** `topic/partition` → fence offset. */
  claims: Record<string, number>;
}

/**
 * Sticky assignment: every partition goes to the member with the highest claim on it as long as that member stays within
 * its fair share (sizes differ by at most one); the rest fill up the emptiest. A pure function of its arguments, whatever
 * the order of members. Returns member → partitions (`topic/partition`).
 */
export function assignSticky(partitions: string[], members: Member[]): Map<string, string[]> {
  const sorted = [...members].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  const result = new Map<string, string[]>(sorted.map(({ memberId }) => [memberId, []]));
  if (sorted.length === 0) return result;
  const floor = Math.floor(partitions.length / sorted.length);
  let spare = partitions.length % sorted.length;

  const unclaimed: string[] = [];
  for (const partition of partitions) {
    const claimants = sorted
      .filter(({ claims }) => claims[partition] !== undefined)
      .sort((a, b) => b.claims[partition]! - a.claims[partition]!);
    const owned = claimants.length > 0 ? result.get(claimants[0]!.memberId)! : undefined;
    if (owned && owned.length < floor) owned.push(partition);
    else if (owned && owned.length === floor && spare > 0) {
      owned.push(partition);
      spare--;
    } else unclaimed.push(partition);
  }
  for (const partition of unclaimed) {
    let emptiest = result.get(sorted[0]!.memberId)!;
    for (const owned of result.values()) if (owned.length < emptiest.length) emptiest = owned;
    emptiest.push(partition);
  }
  return result;
}
