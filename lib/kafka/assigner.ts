/** A claim on a partition: who restored it last wrote the fence of this offset. -1: no claim but a wish to keep. */
export interface Member {
  memberId: string;
  /** `topic/partition` → fence offset. */
  claims: Record<string, number>;
}

interface Share {
  member: Member;
  owned: string[];
  /** Topics of which it has one partition more than the least that everybody has. */
  extras: number;
}

/**
 * Sticky assignment, topic by topic: everybody gets as many partitions of each topic as anybody else, give or take one,
 * and as many in all, for topics differ in what they ask of a member. Within that, a partition goes to the member with
 * the highest claim on it, and what nobody keeps fills up the emptiest. A pure function of its arguments, whatever the
 * order of members. Returns member → partitions (`topic/partition`).
 */
export function assignSticky(partitions: string[], members: Member[]): Map<string, string[]> {
  const shares = [...members]
    .sort((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map((member): Share => ({ member, owned: [], extras: 0 }));
  if (shares.length > 0) for (const ofTopic of byTopic(partitions)) assignTopic(ofTopic, shares);
  return new Map(shares.map(({ member, owned }) => [member.memberId, owned]));
}

function byTopic(partitions: string[]): string[][] {
  const topics = new Map<string, string[]>();
  for (const partition of partitions) {
    const topic = partition.slice(0, partition.lastIndexOf('/'));
    topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  }
  return [...topics.values()];
}

function assignTopic(partitions: string[], shares: Share[]): void {
  const least = Math.floor(partitions.length / shares.length);
  const kept = new Map<Share, string[]>(shares.map((share) => [share, []]));
  for (const partition of partitions) {
    const claimant = highestClaim(partition, shares);
    if (claimant) kept.get(claimant)!.push(partition);
  }
  const wantsMore = (share: Share) => (kept.get(share)!.length > least ? 0 : 1);
  // sorting is stable: among equals the order of ids decides
  const first = [...shares].sort((a, b) => a.extras - b.extras || wantsMore(a) - wantsMore(b));
  const withExtra = new Set(first.slice(0, partitions.length % shares.length));
  for (const share of withExtra) share.extras++;
  const sizeOf = (share: Share) => least + (withExtra.has(share) ? 1 : 0);
  const taken = new Map(shares.map((share) => [share, kept.get(share)!.slice(0, sizeOf(share))]));
  const isTaken = new Set([...taken.values()].flat());
  for (const partition of partitions.filter((name) => !isTaken.has(name))) {
    const open = shares.filter((share) => taken.get(share)!.length < sizeOf(share));
    const emptiest = open.reduce((a, b) => (taken.get(b)!.length < taken.get(a)!.length ? b : a));
    taken.get(emptiest)!.push(partition);
  }
  for (const [share, names] of taken) share.owned.push(...names);
}

function highestClaim(partition: string, shares: Share[]): Share | undefined {
  const claimants = shares.filter(({ member }) => member.claims[partition] !== undefined);
  const claim = ({ member }: Share) => member.claims[partition]!;
  return claimants.length === 0 ? undefined : claimants.reduce((a, b) => (claim(b) > claim(a) ? b : a));
}
