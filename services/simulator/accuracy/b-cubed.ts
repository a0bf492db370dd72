/** Precision, recall and their harmonic mean, each in [0, 1]. */
export interface Score {
  precision: number;
  recall: number;
  f1: number;
}

/** Of one item: the share of its predicted cluster that is of its class, and of its class that is in its predicted cluster. */
export interface ItemScore {
  precision: number;
  recall: number;
}

/**
 * B-cubed (Bagga and Baldwin, 1998): every item has a precision and a recall of its own, and the score is their mean over all
 * items. One large cluster costs precision, many small ones recall; long and short classes weigh by their items.
 * @param truth class of each item.
 * @param predicted cluster of each item, in the same order.
 * @throws RangeError where the two differ in length.
 */
export function bCubedItems(truth: readonly string[], predicted: readonly string[]): ItemScore[] {
  if (truth.length !== predicted.length)
    throw new RangeError(`${truth.length} classes, but ${predicted.length} clusters`);
  const classSizes = new Map<string, number>();
  const clusterSizes = new Map<string, number>();
  const cells = new Map<string, Map<string, number>>();
  for (const [index, one] of truth.entries()) {
    const cluster = predicted[index]!;
    classSizes.set(one, (classSizes.get(one) ?? 0) + 1);
    clusterSizes.set(cluster, (clusterSizes.get(cluster) ?? 0) + 1);
    const row = cells.get(one) ?? new Map<string, number>();
    row.set(cluster, (row.get(cluster) ?? 0) + 1);
    cells.set(one, row);
  }
  return truth.map((one, index) => {
    const cluster = predicted[index]!;
    const both = cells.get(one)!.get(cluster)!;
    return { precision: both / clusterSizes.get(cluster)!, recall: both / classSizes.get(one)! };
  });
}

/** B-cubed over all items; nothing to score is a score of 1. */
export function bCubed(truth: readonly string[], predicted: readonly string[]): Score {
  const items = bCubedItems(truth, predicted);
  if (items.length === 0) return { precision: 1, recall: 1, f1: 1 };
  const mean = (of: keyof ItemScore) => items.reduce((sum, item) => sum + item[of], 0) / items.length;
  const [precision, recall] = [mean('precision'), mean('recall')];
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
}
