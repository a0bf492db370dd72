/** `$0.0042`; `≥` where more is not known. Small sums keep two digits that say something. */
export function costText(usd: number, isLeast: boolean): string {
  const digits = usd === 0 || usd >= 1 ? 2 : Math.min(8, 1 - Math.floor(Math.log10(usd)));
  return `${isLeast ? '≥ ' : ''}$${usd.toFixed(Math.max(2, digits))}`;
}
